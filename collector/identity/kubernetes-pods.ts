/**
 * The cluster's pods, by address and time, by container, by port of their node. A pod that is gone stays known for a
 * while: its last flows are still to be written.
 */
import type { AddressKey } from '../decode/address.ts';
import type { Pod } from './kubernetes-objects.ts';
import { finishedMs, isSamePod, networkReadyMs, portKey, recordOf, type PodRecord } from './pod-record.ts';
import { createShared } from './shared-texts.ts';
import { createTenants, type Tenancy } from './tenants.ts';

/** Called before a record goes out of use, so that what it is called by then can be kept, and after it came in. */
export interface PodListener {
  onOut(record: PodRecord): void;
  onIn(record: PodRecord): void;
}

export interface Pods {
  readonly size: number;
  readonly goneCount: number;
  /** Addresses that somebody has or had not long ago. */
  readonly addressCount: number;
  put(pod: Pod, nowMs: number, isFirst: boolean): PodRecord;
  remove(record: PodRecord, nowMs: number): void;
  find(namespace: string, name: string, uid: string): PodRecord | undefined;
  inNamespace(namespace: string): Iterable<PodRecord>;
  all(): Iterable<PodRecord>;
  at(address: AddressKey, atMs: number): Tenancy<PodRecord>;
  latest(address: AddressKey): PodRecord | undefined;
  ofContainer(container: string): PodRecord | undefined;
  /** A pod that serves that port at its node's address. */
  ofHostPort(node: string, port: number, protocol: number): PodRecord | undefined;
  /** Forgets the pods that have been gone for long enough. */
  sweep(nowMs: number): void;
}

/** How long an address stands for a pod that left it, and how many such pods are kept at most. */
export const lingerMs = 600_000;
const goneKept = 20_000;
/** What the node's clock said is believed if it is no further from ours than this. */
const plausibleMs = 60_000;

interface Gone {
  readonly record: PodRecord;
  readonly sinceMs: number;
}

function plausible(toldMs: number | undefined, nowMs: number): number {
  return toldMs !== undefined && toldMs <= nowMs && toldMs >= nowMs - plausibleMs ? toldMs : nowMs;
}

export function createPods(listener: PodListener): Pods {
  const namespaces = new Map<string, Map<string, PodRecord>>();
  const tenants = createTenants<PodRecord>(lingerMs);
  const containers = new Map<string, PodRecord>();
  /** By node, then port. */
  const hostPorts = new Map<string, Map<number, PodRecord>>();
  const gone = new Set<Gone>();
  const shared = createShared();
  let size = 0;

  const forgetOldest = (): void => {
    const [oldest] = gone;
    if (oldest === undefined) return;
    gone.delete(oldest);
    for (const address of oldest.record.addresses) tenants.forget(oldest.record, address);
    for (const id of oldest.record.containers) if (containers.get(id) === oldest.record) containers.delete(id);
  };

  const retire = (record: PodRecord, nowMs: number): void => {
    const onNode = hostPorts.get(record.nodeName);
    for (const key of record.hostPorts) if (onNode?.get(key) === record) onNode.delete(key);
    if (onNode?.size === 0) hostPorts.delete(record.nodeName);
    gone.add({ record, sinceMs: nowMs });
    if (gone.size > goneKept) forgetOldest();
  };

  const enter = (record: PodRecord): void => {
    for (const id of record.containers) containers.set(id, record);
    if (record.isOver || record.hostPorts.length === 0 || record.nodeName === '') return;
    const onNode = hostPorts.get(record.nodeName) ?? new Map<number, PodRecord>();
    hostPorts.set(record.nodeName, onNode);
    for (const key of record.hostPorts) onNode.set(key, record);
  };

  const nameOf = (record: PodRecord): string => `${record.name}/${record.uid}`;

  return {
    get size() {
      return size;
    },
    get goneCount() {
      return gone.size;
    },
    get addressCount() {
      return tenants.size;
    },
    put(pod, nowMs, isFirst) {
      const record = recordOf(pod, shared);
      const inNamespace = namespaces.get(record.namespace) ?? new Map<string, PodRecord>();
      namespaces.set(record.namespace, inNamespace);
      const before = inNamespace.get(nameOf(record));
      if (before !== undefined && isSamePod(before, record)) return before;
      if (before === undefined) size += 1;
      else listener.onOut(before);
      inNamespace.set(nameOf(record), record);
      // A finished pod's address may be another's by now; a changed pod is another tenant from now on.
      const endMs = record.isOver ? plausible(finishedMs(pod), nowMs) : nowMs;
      if (before !== undefined) {
        for (const address of before.addresses) tenants.moveOut(before, address, endMs);
        retire(before, nowMs);
      }
      const isNew = before === undefined || before.addresses.length === 0;
      const sinceMs = isNew ? plausible(networkReadyMs(pod), nowMs) : nowMs;
      if (!record.isOver) {
        for (const address of record.addresses) tenants.moveIn(record, address, isFirst ? -Infinity : sinceMs);
      }
      enter(record);
      listener.onIn(record);
      return record;
    },
    remove(record, nowMs) {
      const inNamespace = namespaces.get(record.namespace);
      if (inNamespace?.get(nameOf(record)) !== record) return;
      listener.onOut(record);
      inNamespace.delete(nameOf(record));
      if (inNamespace.size === 0) namespaces.delete(record.namespace);
      size -= 1;
      for (const address of record.addresses) tenants.moveOut(record, address, nowMs);
      retire(record, nowMs);
    },
    find: (namespace, name, uid) => namespaces.get(namespace)?.get(`${name}/${uid}`),
    inNamespace: (namespace) => namespaces.get(namespace)?.values() ?? [],
    *all() {
      for (const inNamespace of namespaces.values()) yield* inNamespace.values();
    },
    at: (address, atMs) => tenants.at(address, atMs),
    latest: (address) => tenants.latest(address),
    ofContainer: (container) => containers.get(container),
    ofHostPort: (node, port, protocol) => hostPorts.get(node)?.get(portKey(port, protocol)),
    sweep(nowMs) {
      for (const entry of gone) {
        if (entry.sinceMs + lingerMs >= nowMs) return;
        forgetOldest();
      }
    },
  };
}
