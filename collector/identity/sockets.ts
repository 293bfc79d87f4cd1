/**
 * Who owns which local socket, from the probe's SOCKET records: by exact address, and by namespace for sockets bound to
 * every address. Bounded; the least recently told are forgotten first.
 */
import type { AddressKey } from '../decode/address.ts';
import type { SocketFacts } from '../decode/records.ts';
import { tcpListen } from '../decode/wire.ts';
import { ownerOfCgroup } from './cgroup.ts';

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

interface Entry {
  readonly owner: SocketOwner;
  readonly isListening: boolean;
}

interface Entries {
  readonly size: number;
  get(port: number, protocol: number, where: string): Entry | undefined;
  /** Forgets the one told longest ago when there are too many. */
  put(port: number, protocol: number, where: string, entry: Entry): void;
}

function createEntries(limit: number): Entries {
  const entries = new Map<string, Entry & { readonly portKey: number }>();
  /** How many entries a port has: lookups of other ports, which are most, make no string. */
  const ports = new Map<number, number>();
  const keyOf = (port: number, protocol: number): number => port * 256 + protocol;
  const remove = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    const left = (ports.get(entry.portKey) ?? 1) - 1;
    if (left === 0) ports.delete(entry.portKey);
    else ports.set(entry.portKey, left);
  };
  return {
    get size() {
      return entries.size;
    },
    get: (port, protocol, where) =>
      ports.has(keyOf(port, protocol)) ? entries.get(`${protocol} ${port} ${where}`) : undefined,
    put(port, protocol, where, entry) {
      const key = `${protocol} ${port} ${where}`;
      const portKey = keyOf(port, protocol);
      remove(key);
      entries.set(key, { ...entry, portKey });
      ports.set(portKey, (ports.get(portKey) ?? 0) + 1);
      const oldest = entries.size > limit ? entries.keys().next().value : undefined;
      if (oldest !== undefined) remove(oldest);
    },
  };
}

export function createSockets(limit = 65536): Sockets {
  const exact = createEntries(limit);
  const wildcard = createEntries(limit);
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

  const onEvery = (netns: number, port: number, protocol: number): Entry | undefined =>
    netns === 0 ? undefined : wildcard.get(port, protocol, String(netns));

  return {
    get size() {
      return exact.size + wildcard.size;
    },
    apply(facts) {
      const owner = ownerFor(facts);
      const isListening = facts.state === tcpListen || facts.protocol === protocolUdp;
      const entry = { owner, isListening };
      if (facts.isWildcard) wildcard.put(facts.localPort, facts.protocol, String(facts.netns), entry);
      else exact.put(facts.localPort, facts.protocol, facts.local, entry);
      const seen = containers.get(facts.netns) ?? new Set();
      if (seen.size < containersPerNamespace) containers.set(facts.netns, seen.add(owner.container));
    },
    find: (netns, address, port, protocol) =>
      (exact.get(port, protocol, address) ?? onEvery(netns, port, protocol))?.owner,
    isListener(netns, address, port, protocol) {
      if (protocol === protocolUdp) return false;
      const entry = onEvery(netns, port, protocol) ?? exact.get(port, protocol, address);
      return entry?.isListening ?? false;
    },
    containerOf(netns) {
      const seen = containers.get(netns);
      return seen?.size === 1 ? ([...seen][0] ?? '') : '';
    },
  };
}
