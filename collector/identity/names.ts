/**
 * Names that DNS answers gave to addresses: first as the asking workload knows them, then as anyone on this node does.
 * Bounded and expiring; names outlive their TTL because connections do.
 */
import type { AddressKey } from '../decode/address.ts';

export interface NamesConfig {
  readonly limit: number;
  /** The least time a name is kept. */
  readonly keepNs: number;
}

export interface Names {
  readonly size: number;
  learn(scope: string, name: string, address: AddressKey, ttl: number, nowNs: number): void;
  /** Newest first; `scope` is the workload that talks to the address. */
  lookup(scope: string, address: AddressKey, nowNs: number): readonly string[];
}

const namesPerAddress = 4;
const none: readonly string[] = [];

interface Entry {
  readonly names: readonly string[];
  readonly untilNs: number;
}

export function createNames(config: NamesConfig): Names {
  const entries = new Map<string, Entry>();

  const add = (key: string, name: string, nowNs: number, untilNs: number): void => {
    const before = entries.get(key);
    const others =
      before === undefined || before.untilNs < nowNs ? none : before.names.filter((other) => other !== name);
    entries.delete(key);
    entries.set(key, { names: [name, ...others].slice(0, namesPerAddress), untilNs });
    const oldest = entries.size > config.limit ? entries.keys().next().value : undefined;
    if (oldest !== undefined) entries.delete(oldest);
  };

  return {
    get size() {
      return entries.size;
    },
    learn(scope, name, address, ttl, nowNs) {
      if (name === '') return;
      const untilNs = nowNs + Math.max(ttl * 1e9, config.keepNs);
      add(`${address}${scope}`, name, nowNs, untilNs);
      add(address, name, nowNs, untilNs);
    },
    lookup(scope, address, nowNs) {
      const shared = entries.get(address);
      // Whatever a scope learned, all learned: most addresses have no name at all.
      const own = scope === '' || shared === undefined ? undefined : entries.get(`${address}${scope}`);
      if (own !== undefined && own.untilNs >= nowNs) return own.names;
      return shared !== undefined && shared.untilNs >= nowNs ? shared.names : none;
    },
  };
}
