/** The cluster's nodes: whose an address is, in which node's pod network it lies, and what Cilium runs beside the pods. */
import { parseAddress, type AddressKey } from '../decode/address.ts';
import { createRanges, parsePrefix, type Ranges } from './address-ranges.ts';
import type { CiliumNode, Node } from './kubernetes-objects.ts';
import type { Reserved } from './label-sets.ts';

export interface NodeRecord {
  readonly name: string;
  readonly addresses: readonly AddressKey[];
  readonly podNetworks: readonly string[];
  readonly zone: string;
  readonly region: string;
}

/** What Cilium's own object adds: addresses that are neither a pod's nor the machine's. */
export interface CiliumNodeRecord {
  readonly name: string;
  readonly addresses: readonly AddressKey[];
  readonly health: readonly AddressKey[];
  readonly ingress: readonly AddressKey[];
}

export interface Nodes {
  readonly all: ReadonlyMap<string, NodeRecord>;
  readonly cilium: ReadonlyMap<string, CiliumNodeRecord>;
  /** True when an answer may be another than before. */
  put(record: NodeRecord): boolean;
  putCilium(record: CiliumNodeRecord): boolean;
  remove(name: string): boolean;
  removeCilium(name: string): boolean;
  at(address: AddressKey): NodeRecord | undefined;
  /** Cilium's health endpoint or ingress of a node. */
  specialAt(address: AddressKey): Extract<Reserved, 'health' | 'ingress'> | undefined;
  /** The node from whose pod network the address is. */
  ofPodNetwork(address: AddressKey): string | undefined;
}

function keysOf(texts: readonly (string | null | undefined)[]): readonly AddressKey[] {
  return [...new Set(texts.map((text) => parseAddress(text ?? '')))].filter((key) => key !== undefined);
}

export function recordOfNode(node: Node): NodeRecord {
  const labels = node.metadata.labels ?? {};
  const networks = [node.spec?.podCIDR ?? '', ...(node.spec?.podCIDRs ?? [])].filter((text) => text !== '');
  return {
    name: node.metadata.name,
    addresses: keysOf((node.status.addresses ?? []).map(({ address }) => address)),
    podNetworks: [...new Set(networks)],
    zone: labels['topology.kubernetes.io/zone'] ?? '',
    region: labels['topology.kubernetes.io/region'] ?? '',
  };
}

export function recordOfCiliumNode(node: CiliumNode): CiliumNodeRecord {
  const { addresses, health, ingress } = node.spec;
  return {
    name: node.metadata.name,
    addresses: keysOf((addresses ?? []).map(({ ip }) => ip)),
    health: keysOf([health?.ipv4, health?.ipv6]),
    ingress: keysOf([ingress?.ipv4, ingress?.ipv6]),
  };
}

export function createNodes(): Nodes {
  const all = new Map<string, NodeRecord>();
  const cilium = new Map<string, CiliumNodeRecord>();
  let index: Index | null = null;

  const indexed = (): Index => (index ??= indexOf(all, cilium));
  const put = <R extends { readonly name: string }>(known: Map<string, R>, record: R): boolean => {
    // The kubelet tells of itself every few minutes: mostly nothing of ours changes.
    if (JSON.stringify(known.get(record.name)) === JSON.stringify(record)) return false;
    known.set(record.name, record);
    index = null;
    return true;
  };
  const remove = (known: Map<string, unknown>, name: string): boolean => {
    if (!known.delete(name)) return false;
    index = null;
    return true;
  };

  return {
    all,
    cilium,
    put: (record) => put(all, record),
    putCilium: (record) => put(cilium, record),
    remove: (name) => remove(all, name),
    removeCilium: (name) => remove(cilium, name),
    at: (address) => indexed().addresses.get(address),
    specialAt: (address) => indexed().special.get(address),
    ofPodNetwork: (address) => indexed().networks.find(address),
  };
}

interface Index {
  readonly addresses: ReadonlyMap<AddressKey, NodeRecord>;
  readonly special: ReadonlyMap<AddressKey, 'health' | 'ingress'>;
  readonly networks: Ranges<string>;
}

function indexOf(all: ReadonlyMap<string, NodeRecord>, cilium: ReadonlyMap<string, CiliumNodeRecord>): Index {
  const addresses = new Map<AddressKey, NodeRecord>();
  const special = new Map<AddressKey, 'health' | 'ingress'>();
  for (const own of cilium.values()) {
    const node = all.get(own.name) ?? { ...own, podNetworks: [], zone: '', region: '' };
    for (const address of own.addresses) addresses.set(address, node);
    for (const address of own.health) special.set(address, 'health');
    for (const address of own.ingress) special.set(address, 'ingress');
  }
  for (const node of all.values()) for (const address of node.addresses) addresses.set(address, node);
  const networks = [...all.values()].flatMap((node) =>
    node.podNetworks.flatMap((text) => {
      const prefix = parsePrefix(text);
      return prefix.ok ? [[prefix.value, node.name] as const] : [];
    }),
  );
  return { addresses, special, networks: createRanges(networks) };
}
