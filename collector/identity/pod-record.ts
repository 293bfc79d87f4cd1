/**
 * A pod as it is kept: what identity needs of it and nothing more, because there may be ten thousand. A record never
 * changes; a pod that changes gets another one.
 */
import { formatAddress, parseAddress, type AddressKey } from '../decode/address.ts';
import type { Pod } from './kubernetes-objects.ts';
import type { Owner, Shared } from './shared-texts.ts';

export interface PodRecord {
  readonly namespace: string;
  readonly name: string;
  /** Tells apart pods that have one name after another, as those of a StatefulSet do. */
  readonly uid: string;
  readonly nodeName: string;
  readonly isHostNetwork: boolean;
  /** It ended: its address may be another's by now. */
  readonly isOver: boolean;
  readonly serviceAccount: string;
  readonly labels: readonly (readonly [string, string])[];
  readonly owner: Owner | null;
  /** Empty in the host's network: the node's address says nothing about the pod. */
  readonly addresses: readonly AddressKey[];
  /** Short ids. */
  readonly containers: readonly string[];
  /** Ports that it serves at its address, and at its node's: as `portKey`. */
  readonly ports: readonly number[];
  readonly hostPorts: readonly number[];
}

const protocols: Readonly<Record<string, number>> = { TCP: 6, UDP: 17, SCTP: 132 };
export const protocolNames: Readonly<Record<number, string>> = { 6: 'TCP', 17: 'UDP', 132: 'SCTP' };

/** Port and protocol in one number; 0 for what has no port. */
export function portKey(port: number, protocol: string | number): number {
  const number = typeof protocol === 'number' ? protocol : (protocols[protocol] ?? 0);
  return number === 0 || port <= 0 ? 0 : port * 256 + number;
}

function portOfKey(key: number): { readonly containerPort: number; readonly protocol: string } {
  return { containerPort: key >> 8, protocol: protocolNames[key & 255] ?? '' };
}

function shortId(containerID: string): string {
  const start = containerID.lastIndexOf('/') + 1;
  const id = containerID.slice(start, start + 12);
  return id.length === 12 ? id : '';
}

const none: readonly never[] = [];

function orNone<T>(list: readonly T[]): readonly T[] {
  return list.length === 0 ? none : list;
}

function addressesOf(pod: Pod): readonly AddressKey[] {
  if (pod.spec.hostNetwork) return none;
  const texts = [pod.status.podIP, ...(pod.status.podIPs ?? []).map(({ ip }) => ip)];
  return orNone([...new Set(texts)].map(parseAddress).filter((key) => key !== undefined));
}

export function recordOf(pod: Pod, shared: Shared): PodRecord {
  const { metadata, spec, status } = pod;
  const owners = metadata.ownerReferences ?? [];
  const owner = owners.find((candidate) => candidate.controller === true) ?? owners[0];
  const ports = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].flatMap(({ ports }) => ports ?? []);
  const statuses = [
    ...(status.containerStatuses ?? []),
    ...(status.initContainerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ];
  const served = ports.map((port) => portKey(port.containerPort, port.protocol)).filter((key) => key !== 0);
  const onNode = ports.filter(({ hostPort }) => hostPort > 0).map((port) => portKey(port.hostPort, port.protocol));
  return {
    namespace: shared.text(metadata.namespace),
    name: metadata.name,
    uid: metadata.uid,
    nodeName: shared.text(spec.nodeName),
    isHostNetwork: spec.hostNetwork,
    isOver: status.phase === 'Succeeded' || status.phase === 'Failed',
    serviceAccount: shared.text(spec.serviceAccountName),
    labels: shared.pairs(metadata.labels ?? {}),
    owner: owner === undefined ? null : shared.owner(owner.kind, owner.name),
    addresses: addressesOf(pod),
    containers: orNone(statuses.map(({ containerID }) => shortId(containerID)).filter((id) => id !== '')),
    ports: orNone(served),
    hostPorts: orNone(spec.hostNetwork ? [...new Set([...served, ...onNode])] : onNode),
  };
}

/** When its network was ready; undefined when the API does not say. */
export function networkReadyMs(pod: Pod): number | undefined {
  const ready = pod.status.conditions?.find(({ type }) => type === 'PodReadyToStartContainers');
  return ready?.status === 'True' ? instant(ready.lastTransitionTime) : undefined;
}

/** When the last of its containers ended, if all did. */
export function finishedMs(pod: Pod): number | undefined {
  const ends = (pod.status.containerStatuses ?? []).map(({ state }) => instant(state?.terminated?.finishedAt));
  const known = ends.filter((end) => end !== undefined);
  return known.length === 0 || known.length < ends.length ? undefined : Math.max(...known);
}

function instant(text: string | null | undefined): number | undefined {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

function isEqualList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a === b || (a.length === b.length && a.every((value, i) => value === b[i]));
}

/** Would both records give the same answers? */
export function isSamePod(a: PodRecord, b: PodRecord): boolean {
  return (
    a.uid === b.uid &&
    a.nodeName === b.nodeName &&
    a.isHostNetwork === b.isHostNetwork &&
    a.isOver === b.isOver &&
    a.serviceAccount === b.serviceAccount &&
    // Shared lists and owners are one object when equal.
    (a.labels === b.labels || JSON.stringify(a.labels) === JSON.stringify(b.labels)) &&
    (a.owner === b.owner || (a.owner?.kind === b.owner?.kind && a.owner?.name === b.owner?.name)) &&
    isEqualList(a.addresses, b.addresses) &&
    isEqualList(a.containers, b.containers) &&
    isEqualList(a.ports, b.ports) &&
    isEqualList(a.hostPorts, b.hostPorts)
  );
}

/** An object of the API that gives this record again. */
export function objectOfPod(record: PodRecord): object {
  const hostPorts = record.isHostNetwork ? [] : record.hostPorts;
  const ports = [
    ...record.ports.map(portOfKey),
    ...hostPorts.map((key) => ({ ...portOfKey(key), containerPort: 0, hostPort: key >> 8 })),
  ];
  return {
    metadata: {
      name: record.name,
      namespace: record.namespace,
      uid: record.uid,
      labels: Object.fromEntries(record.labels),
      ownerReferences: record.owner === null ? [] : [{ ...record.owner, controller: true }],
    },
    spec: {
      nodeName: record.nodeName,
      hostNetwork: record.isHostNetwork,
      serviceAccountName: record.serviceAccount,
      containers: [{ ports }],
    },
    status: {
      phase: record.isOver ? 'Succeeded' : 'Running',
      podIPs: record.addresses.map((address) => ({ ip: formatAddress(address) })),
      containerStatuses: record.containers.map((id) => ({ containerID: `containerd://${id}` })),
    },
  };
}
