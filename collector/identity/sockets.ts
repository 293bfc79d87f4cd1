/**
 * Who owns which local socket, from the probe's SOCKET records: by exact address, and by namespace for sockets bound to
 * every address. Bounded; those told longest ago are forgotten first.
 */
import type { AddressKey } from '../decode/address.ts';
import type { SocketFacts } from '../decode/records.ts';
import { tcpListen } from '../decode/wire.ts';
import { ownerOfCgroup } from './cgroup.ts';
import type { Changes } from './changes.ts';

export interface SocketOwner {
  readonly pid: number;
  readonly process: string;
  readonly unit: string;
  readonly container: string;
}

export interface Sockets {
  readonly size: number;
  apply(facts: SocketFacts): void;
  /** `netns` 0: not known, then only an exact address finds anything. */
  find(netns: number, address: AddressKey, port: number, protocol: number): SocketOwner | undefined;
  isListener(netns: number, address: AddressKey, port: number, protocol: number): boolean;
  /** The container of a namespace whose sockets all belong to one. */
  containerOf(netns: number): string;
}

const protocolUdp = 17;
const containersPerNamespace = 8;
const namespacesKept = 16_384;

interface Entry {
  readonly owner: SocketOwner;
  readonly isListening: boolean;
}

/** Two generations: what was not told again while the younger one filled is forgotten. */
interface Entries<Where> {
  readonly size: number;
  get(where: Where, port: number, protocol: number): Entry | undefined;
  put(where: Where, port: number, protocol: number, entry: Entry): void;
}

function createEntries<Where>(limit: number, onForget: () => void): Entries<Where> {
  let young = new Map<Where, Map<number, Entry>>();
  let old = new Map<Where, Map<number, Entry>>();
  let youngSize = 0;
  let oldSize = 0;
  const keyOf = (port: number, protocol: number): number => port * 256 + protocol;
  return {
    get size() {
      return youngSize + oldSize;
    },
    get(where, port, protocol) {
      const key = keyOf(port, protocol);
      return young.get(where)?.get(key) ?? old.get(where)?.get(key);
    },
    put(where, port, protocol, entry) {
      if (youngSize >= Math.max(1, limit >> 1)) {
        const isForgetting = oldSize > 0;
        old = young;
        oldSize = youngSize;
        young = new Map();
        youngSize = 0;
        if (isForgetting) onForget();
      }
      const ofPlace = young.get(where) ?? new Map<number, Entry>();
      if (ofPlace.size === 0) young.set(where, ofPlace);
      const before = ofPlace.size;
      ofPlace.set(keyOf(port, protocol), entry);
      youngSize += ofPlace.size - before;
    },
  };
}

function isSame(before: Entry | undefined, next: Entry): boolean {
  return before?.owner === next.owner && before.isListening === next.isListening;
}

export function createSockets(changes: Pick<Changes, 'changePort' | 'changeEverywhere'>, limit = 65_536): Sockets {
  const exact = createEntries<AddressKey>(limit, () => changes.changeEverywhere());
  const wildcard = createEntries<number>(limit, () => changes.changeEverywhere());
  const containers = new Map<number, Set<string>>();
  /** One object per process and group, shared by its sockets. */
  const owners = new Map<string, SocketOwner>();

  const ownerFor = (facts: SocketFacts): SocketOwner => {
    const key = `${facts.pid} ${facts.comm} ${facts.cgroup}`;
    const known = owners.get(key);
    if (known !== undefined) return known;
    const owner = { pid: facts.pid, process: facts.comm, ...ownerOfCgroup(facts.cgroup) };
    if (owners.size >= limit) owners.clear();
    owners.set(key, owner);
    return owner;
  };

  const noteContainer = (netns: number, container: string): void => {
    const seen = containers.get(netns) ?? new Set();
    if (seen.size >= containersPerNamespace || seen.has(container)) return;
    if (seen.size === 0) containers.set(netns, seen);
    seen.add(container);
    const oldest = containers.size > namespacesKept ? containers.keys().next().value : undefined;
    if (oldest !== undefined) containers.delete(oldest);
    changes.changeEverywhere();
  };

  const onEvery = (netns: number, port: number, protocol: number): Entry | undefined =>
    netns === 0 ? undefined : wildcard.get(netns, port, protocol);

  return {
    get size() {
      return exact.size + wildcard.size;
    },
    apply(facts) {
      const { localPort: port, protocol } = facts;
      const entry = { owner: ownerFor(facts), isListening: facts.state === tcpListen || protocol === protocolUdp };
      const before = facts.isWildcard
        ? wildcard.get(facts.netns, port, protocol)
        : exact.get(facts.local, port, protocol);
      if (facts.isWildcard) wildcard.put(facts.netns, port, protocol, entry);
      else exact.put(facts.local, port, protocol, entry);
      if (!isSame(before, entry)) changes.changePort(port);
      noteContainer(facts.netns, entry.owner.container);
    },
    find: (netns, address, port, protocol) =>
      (exact.get(address, port, protocol) ?? onEvery(netns, port, protocol))?.owner,
    isListener(netns, address, port, protocol) {
      if (protocol === protocolUdp) return false;
      const entry = onEvery(netns, port, protocol) ?? exact.get(address, port, protocol);
      return entry?.isListening ?? false;
    },
    containerOf(netns) {
      const seen = containers.get(netns);
      return seen?.size === 1 ? ([...seen][0] ?? '') : '';
    },
  };
}
