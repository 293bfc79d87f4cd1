/**
 * The node's interfaces, its own addresses, and which network namespace an address lives in. An address that comes in
 * through a veth belongs to the namespace at the other end, unless so many do that the veth must be an uplink.
 */
import { isShared, type AddressKey } from '../decode/address.ts';
import type { InterfaceFacts } from '../decode/records.ts';
import type { Changes } from './changes.ts';

/** A pod or container has a few addresses; more behind one veth means that a network is behind it. */
const addressesOfOneNamespace = 16;
const rememberedAddresses = 65536;

export interface Netns {
  readonly inum: number;
  /** Name under /run/netns, else `netns-<inum>`. */
  readonly name: string;
  /** What came in through the interface that leads there. */
  readonly addresses: ReadonlySet<AddressKey>;
}

export interface Interfaces {
  /** Raised whenever something shown in the status row changes. */
  readonly version: number;
  apply(facts: InterfaceFacts): void;
  /** A new probe connection tells everything again. */
  reset(hostNetns: number): void;
  readonly hostNetns: number;
  name(ifindex: number): string;
  isLocalEnd(ifindex: number): boolean;
  isNodeAddress(address: AddressKey): boolean;
  learnBehind(address: AddressKey, ifindex: number): void;
  netnsOf(address: AddressKey): Netns | undefined;
  /** The namespace of that number; the node's own has the node's addresses. */
  netnsOfNumber(inum: number): Netns | undefined;
  list(): readonly InterfaceFacts[];
}

export function createInterfaces(changes: Pick<Changes, 'changeAt' | 'changeEverywhere'>): Interfaces {
  const known = new Map<number, InterfaceFacts>();
  const nodeAddresses = new Set<AddressKey>();
  const behind = new Map<number, Set<AddressKey>>();
  const uplinks = new Set<number>();
  const namespaces = new Map<AddressKey, Netns>();
  let hostNetns = 0;
  let version = 0;

  const collectAddresses = (): void => {
    nodeAddresses.clear();
    for (const facts of known.values()) {
      if (facts.state !== 'gone') for (const address of facts.addresses) nodeAddresses.add(address);
    }
  };

  const becomeUplink = (ifindex: number, addresses: Iterable<AddressKey>): void => {
    uplinks.add(ifindex);
    for (const address of addresses) namespaces.delete(address);
    behind.delete(ifindex);
    changes.changeEverywhere();
  };

  return {
    get version() {
      return version;
    },
    get hostNetns() {
      return hostNetns;
    },
    apply(facts) {
      const before = known.get(facts.ifindex);
      if (before !== undefined && before.name !== facts.name) {
        // The number was given to another interface.
        uplinks.delete(facts.ifindex);
        behind.delete(facts.ifindex);
      }
      known.set(facts.ifindex, facts);
      collectAddresses();
      version += 1;
      changes.changeEverywhere();
    },
    reset(netns) {
      known.clear();
      nodeAddresses.clear();
      hostNetns = netns;
      version += 1;
      changes.changeEverywhere();
    },
    name: (ifindex) => known.get(ifindex)?.name ?? '',
    isLocalEnd(ifindex) {
      const facts = known.get(ifindex);
      return facts !== undefined && facts.isVeth && facts.peerNetns !== 0 && !uplinks.has(ifindex);
    },
    isNodeAddress: (address) => nodeAddresses.has(address),
    learnBehind(address, ifindex) {
      const facts = known.get(ifindex);
      if (facts === undefined || !facts.isVeth || facts.peerNetns === 0 || uplinks.has(ifindex)) return;
      if (isShared(address) || nodeAddresses.has(address)) return;
      const addresses = behind.get(ifindex) ?? new Set();
      behind.set(ifindex, addresses.add(address));
      if (addresses.size > addressesOfOneNamespace) {
        becomeUplink(ifindex, addresses);
        return;
      }
      const name = facts.peerNetnsName || `netns-${facts.peerNetns}`;
      const before = namespaces.get(address);
      namespaces.delete(address);
      if (before?.inum === facts.peerNetns && before.name === name && before.addresses === addresses) {
        namespaces.set(address, before);
        return;
      }
      namespaces.set(address, { inum: facts.peerNetns, name, addresses });
      // Those beside it may be known by it.
      for (const beside of addresses) changes.changeAt(beside);
      const oldest = namespaces.size > rememberedAddresses ? namespaces.keys().next().value : undefined;
      if (oldest === undefined) return;
      namespaces.delete(oldest);
      changes.changeAt(oldest);
    },
    netnsOf: (address) => namespaces.get(address),
    netnsOfNumber(inum) {
      if (inum === hostNetns) return { inum, name: '', addresses: nodeAddresses };
      for (const { ifindex, peerNetns, peerNetnsName } of known.values()) {
        if (peerNetns !== inum) continue;
        return { inum, name: peerNetnsName || `netns-${inum}`, addresses: behind.get(ifindex) ?? new Set() };
      }
      return undefined;
    },
    list: () => [...known.values()].filter((facts) => facts.state !== 'gone'),
  };
}
