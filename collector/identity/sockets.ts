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

function lastTold(map: Map<string, Entry>, key: string, entry: Entry, limit: number): void {
  map.delete(key);
  map.set(key, entry);
  const oldest = map.size > limit ? map.keys().next().value : undefined;
  if (oldest !== undefined) map.delete(oldest);
}

export function createSockets(limit = 65536): Sockets {
  const exact = new Map<string, Entry>();
  const wildcard = new Map<string, Entry>();
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

  const lookup = (netns: number, address: AddressKey, port: number, protocol: number): Entry | undefined => {
    const end = `${protocol} ${port}`;
    return exact.get(`${end} ${address}`) ?? (netns === 0 ? undefined : wildcard.get(`${end} ${netns}`));
  };

  return {
    get size() {
      return exact.size + wildcard.size;
    },
    apply(facts) {
      const owner = ownerFor(facts);
      const isListening = facts.state === tcpListen || facts.protocol === protocolUdp;
      const end = `${facts.protocol} ${facts.localPort}`;
      const entry = { owner, isListening };
      if (facts.isWildcard) lastTold(wildcard, `${end} ${facts.netns}`, entry, limit);
      else lastTold(exact, `${end} ${facts.local}`, entry, limit);
      const seen = containers.get(facts.netns) ?? new Set();
      if (seen.size < containersPerNamespace) containers.set(facts.netns, seen.add(owner.container));
    },
    find: (netns, address, port, protocol) => lookup(netns, address, port, protocol)?.owner,
    isListener(netns, address, port, protocol) {
      if (protocol === protocolUdp) return false;
      const listening = netns === 0 ? undefined : wildcard.get(`${protocol} ${port} ${netns}`);
      return listening?.isListening ?? exact.get(`${protocol} ${port} ${address}`)?.isListening ?? false;
    },
    containerOf(netns) {
      const seen = containers.get(netns);
      return seen?.size === 1 ? ([...seen][0] ?? '') : '';
    },
  };
}
