/** Asks the cluster's DNS server over one IP version and remembers an address as long as its time to live says. */
import { Resolver } from 'node:dns/promises';
import type { Family } from './pod-config.ts';
import type { PodProgramDeps } from './pod-config.ts';

export interface NameCache {
  /** The name's first address of `family`; undefined when it has none. */
  resolve(name: string, family: Family): Promise<string | undefined>;
}

export function createNameCache(
  config: { readonly nameservers: Readonly<Record<Family, string>> },
  deps: PodProgramDeps,
): NameCache {
  // IPv4 addresses are asked for over IPv4 and the other over IPv6, so that both carry DNS.
  const resolvers = {
    ipv4: new Resolver({ timeout: 2000, tries: 2 }),
    ipv6: new Resolver({ timeout: 2000, tries: 2 }),
  };
  resolvers.ipv4.setServers([config.nameservers.ipv4]);
  resolvers.ipv6.setServers([`[${config.nameservers.ipv6}]`]);
  const known = new Map<string, { readonly untilMs: number; readonly address: Promise<string | undefined> }>();

  async function ask(name: string, family: Family): Promise<{ address: string; ttl: number } | undefined> {
    const started = deps.clock();
    const tell = (outcome: string): void =>
      deps.say('dns', { name, family, outcome, latencyMs: deps.clock() - started });
    try {
      const found =
        family === 'ipv4'
          ? await resolvers.ipv4.resolve4(name, { ttl: true })
          : await resolvers.ipv6.resolve6(name, { ttl: true });
      tell('NOERROR');
      return found[0];
    } catch (cause) {
      tell(cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause));
      return undefined;
    }
  }

  return {
    resolve(name, family) {
      const key = `${family} ${name}`;
      const entry = known.get(key);
      if (entry && entry.untilMs > deps.clock()) return entry.address;
      const answer = ask(name, family);
      const address = answer.then((found) => found?.address);
      // While the question is open everybody waits for the same answer.
      known.set(key, { untilMs: Infinity, address });
      void answer.then((found) => known.set(key, { untilMs: deps.clock() + (found?.ttl ?? 1) * 1000, address }));
      return address;
    },
  };
}
