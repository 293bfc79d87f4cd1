/**
 * Names that DNS answers gave to addresses: first as the asking workload knows them, then as anyone on this node does.
 * Bounded. A name outlives its TTL because connections do, but no name longer than it may be kept itself.
 */
import type { AddressKey } from '../decode/address.ts';
import type { Changes } from './changes.ts';

export interface NamesConfig {
  /** Lists of names kept: one per address, and one per address and workload. */
  readonly limit: number;
  /** The least time a name is kept. */
  readonly keepNs: number;
}

export interface Named {
  readonly names: readonly string[];
  /** After the one and until the other the list stays as it is if nothing is learned. */
  readonly sinceNs: number;
  readonly untilNs: number;
}

export interface Names {
  readonly size: number;
  /** `aliases`: what the name turned out to stand for, CNAME by CNAME. */
  learn(
    scope: string,
    name: string,
    address: AddressKey,
    ttl: number,
    nowNs: number,
    aliases?: readonly string[],
  ): void;
  /** Newest first; `scope` says which workload talks to the address, and is asked only if names are known. */
  lookup(scope: (() => string) | undefined, address: AddressKey, nowNs: number): Named;
}

const namesPerAddress = 4;
/** Workloads that have their own list for one address; the rest see the shared one. */
const scopesPerAddress = 64;
const nobody: Named = { names: [], sinceNs: -Infinity, untilNs: Infinity };

interface Known {
  readonly name: string;
  readonly untilNs: number;
}

interface List extends Named {
  readonly known: readonly Known[];
}

interface OfAddress {
  shared: List;
  readonly scoped: Map<string, List>;
}

function listOf(known: readonly Known[], sinceNs = -Infinity): List {
  return {
    known,
    names: known.map(({ name }) => name),
    sinceNs,
    untilNs: known.reduce((least, { untilNs }) => Math.min(least, untilNs), Infinity),
  };
}

const emptyList = listOf([]);

function alive(list: List, nowNs: number): List {
  if (list.untilNs >= nowNs) return list;
  const over = list.known.filter(({ untilNs }) => untilNs < nowNs);
  const sinceNs = over.reduce((latest, { untilNs }) => Math.max(latest, untilNs), -Infinity);
  return listOf(
    list.known.filter(({ untilNs }) => untilNs >= nowNs),
    sinceNs,
  );
}

function isSame(before: List, next: List): boolean {
  return before.names.length === next.names.length && before.names.every((name, i) => name === next.names[i]);
}

function withNames(before: List | undefined, learned: readonly Known[], nowNs: number): List {
  const others = alive(before ?? emptyList, nowNs).known.filter(
    (other) => !learned.some(({ name }) => name === other.name),
  );
  return listOf([...learned, ...others].slice(0, namesPerAddress));
}

export function createNames(config: NamesConfig, changes: Pick<Changes, 'changeAt'>): Names {
  const addresses = new Map<AddressKey, OfAddress>();
  let size = 0;

  const forgetOldest = (): void => {
    const [oldest] = addresses;
    if (oldest === undefined) return;
    addresses.delete(oldest[0]);
    size -= 1 + oldest[1].scoped.size;
    changes.changeAt(oldest[0]);
  };

  const setScoped = (entry: OfAddress, scope: string, list: List): void => {
    size -= entry.scoped.delete(scope) ? 1 : 0;
    const oldest = entry.scoped.size >= scopesPerAddress ? entry.scoped.keys().next().value : undefined;
    if (oldest !== undefined && entry.scoped.delete(oldest)) size -= 1;
    entry.scoped.set(scope, list);
    size += 1;
  };

  return {
    get size() {
      return size;
    },
    learn(scope, name, address, ttl, nowNs, aliases = []) {
      if (name === '') return;
      const untilNs = nowNs + Math.max(ttl * 1e9, config.keepNs);
      const learned = [name, ...aliases].map((text) => ({ name: text, untilNs }));
      const before = addresses.get(address);
      const entry = before ?? { shared: emptyList, scoped: new Map<string, List>() };
      const shared = withNames(entry.shared, learned, nowNs);
      const own = withNames(entry.scoped.get(scope), learned, nowNs);
      // A name that had lapsed is news again: answers of the time between do without it.
      const known = (list: List): List => alive(list, nowNs);
      const isNews = !isSame(known(entry.shared), shared) || !isSame(known(entry.scoped.get(scope) ?? emptyList), own);
      entry.shared = shared;
      setScoped(entry, scope, own);
      if (before === undefined) size += 1;
      addresses.delete(address);
      addresses.set(address, entry);
      while (size > config.limit && addresses.size > 1) forgetOldest();
      if (isNews) changes.changeAt(address);
    },
    lookup(scope, address, nowNs) {
      const entry = addresses.get(address);
      if (entry === undefined) return nobody;
      const own = scope === undefined ? undefined : entry.scoped.get(scope());
      const list = alive(own ?? emptyList, nowNs);
      if (list.names.length > 0) return list;
      const shared = alive(entry.shared, nowNs);
      return list.sinceNs > shared.sinceNs ? { ...shared, sinceNs: list.sinceNs } : shared;
    },
  };
}
