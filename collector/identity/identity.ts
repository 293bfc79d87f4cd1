/**
 * Who is behind an address: joins what interfaces, sockets, DNS answers and the Kubernetes API told. The collector's one
 * place to ask.
 */
import type { AddressKey } from '../decode/address.ts';
import type { LearnedName } from '../protocol/dns-pairing.ts';
import { createCounters, type Counters } from '../counters.ts';
import { resolveCaller, type Caller, type ResolvedCaller } from './caller.ts';
import { resolveEndpoint, scopeOf, type End, type Endpoint, type Moment, type UnknownCause } from './endpoint.ts';
import { createInterfaces, type Interfaces } from './interfaces.ts';
import { createChanges, type Stamp } from './changes.ts';
import type { Change } from './kubernetes-objects.ts';
import { createKubernetesState, type KubernetesState } from './kubernetes-state.ts';
import { createNames, type Named } from './names.ts';
import { noNetworks, type Networks } from './networks.ts';
import { createSockets, type Sockets } from './sockets.ts';

export interface IdentityConfig {
  readonly node: string;
  /** Names kept, and for how long at least. */
  readonly namesLimit: number;
  readonly namesKeepNs: number;
}

export interface IdentityDeps {
  readonly counters: Pick<Counters, 'add'>;
}

/** Names of the counters of ends that must be workloads and could not be named, by cause. */
const unknownCounters = {
  pod_network: 'identity_unknown_pod_network',
  local_namespace: 'identity_unknown_local_namespace',
} as const satisfies Record<UnknownCause, string>;

/** Both ends of a conversation, as they were called at one moment; `holds` says whether they still are. */
export interface Resolution {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly everywhere: number;
  readonly source: Witness;
  readonly destination: Witness;
}

/** What an answer about one end stands on. */
interface Witness {
  readonly stamp: Stamp;
  readonly version: number;
  readonly port: number;
  readonly portVersion: number;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly names: Named;
}

export interface Identity {
  /** Raised whenever any answer may be another than before. */
  readonly version: number;
  readonly interfaces: Interfaces;
  readonly sockets: Sockets;
  readonly kubernetes: KubernetesState;
  applyKubernetes(change: Change, nowMs: number): number;
  /** From now on these are what networks outside are called. */
  useNetworks(networks: Networks): void;
  learnName(learned: LearnedName, client: End, protocol: number, at: Moment): void;
  /** A name that the client itself gave for the server, in a TLS handshake. */
  learnServerName(name: string, client: End, server: AddressKey, at: Moment): void;
  resolvePair(source: End, destination: End, protocol: number, at: Moment): readonly [Endpoint, Endpoint];
  /** The same, to be kept and asked about with `holds`. */
  resolve(source: End, destination: End, protocol: number, at: Moment): Resolution;
  /** Would `resolve` give an equal answer for that moment? A few comparisons; says no rather than a false yes. */
  holds(resolution: Resolution, at: Moment): boolean;
  /** The two ends of a call that made no packet. */
  resolveCall(caller: Caller, destination: End, protocol: number, at: Moment): readonly [ResolvedCaller, Endpoint];
  /** It is on this machine: its packets start or end here. */
  isLocal(address: AddressKey, at: Moment): boolean;
  isListener(address: AddressKey, port: number, protocol: number): boolean;
}

const protocolTcp = 6;

export function createIdentity(config: IdentityConfig, deps: IdentityDeps = { counters: createCounters() }): Identity {
  const changes = createChanges();
  const interfaces = createInterfaces(changes);
  const sockets = createSockets(changes);
  const kubernetes = createKubernetesState({
    node: config.node,
    changes: {
      ...changes,
      changeAt(address) {
        changes.changeAt(address);
        // What is beside it in its namespace is known by it.
        for (const beside of interfaces.netnsOf(address)?.addresses ?? []) changes.changeAt(beside);
      },
    },
  });
  const names = createNames({ limit: config.namesLimit, keepNs: config.namesKeepNs }, changes);
  let networks = noNetworks;
  const sources = {
    nodeName: config.node,
    interfaces,
    sockets,
    kubernetes,
    names,
    networkAt: (address: AddressKey) => networks.find(address),
    onUnknown: (cause: UnknownCause) => deps.counters.add(unknownCounters[cause], 1),
  };
  /** For asking who somebody is without making a row of it. */
  const uncounted = { ...sources, onUnknown: () => undefined };

  const scopeAt = (end: End, protocol: number, at: Moment): string =>
    scopeOf(resolveEndpoint(end, protocol, undefined, at, uncounted));

  const resolvePair = (source: End, destination: End, protocol: number, at: Moment): readonly [Endpoint, Endpoint] => {
    // Clients ask for the names of servers: only the destination is called as its peer calls it.
    const from = resolveEndpoint(source, protocol, undefined, at, sources);
    return [from, resolveEndpoint(destination, protocol, from, at, sources)];
  };

  const witness = (end: End, peer: Endpoint | undefined, at: Moment): Witness => {
    const stamp = changes.stampOf(end.address);
    let { sinceMs, untilMs } = kubernetes.steadyAround(end.address, at.wallMs);
    // What is beside it in its namespace may be what it is known by.
    for (const beside of interfaces.netnsOf(end.address)?.addresses ?? []) {
      const window = kubernetes.steadyAround(beside, at.wallMs);
      sinceMs = Math.max(sinceMs, window.sinceMs);
      untilMs = Math.min(untilMs, window.untilMs);
    }
    return {
      stamp,
      version: stamp.version,
      port: end.port,
      portVersion: changes.portVersion(end.port),
      sinceMs,
      untilMs,
      names: names.lookup(peer === undefined ? undefined : () => scopeOf(peer), end.address, at.monoNs),
    };
  };

  const isUnchanged = (seen: Witness, at: Moment): boolean =>
    seen.stamp.version === seen.version &&
    changes.portVersion(seen.port) === seen.portVersion &&
    at.wallMs >= seen.sinceMs &&
    at.wallMs < seen.untilMs &&
    at.monoNs > seen.names.sinceNs &&
    at.monoNs <= seen.names.untilNs;

  return {
    get version() {
      return changes.version;
    },
    interfaces,
    sockets,
    kubernetes,
    applyKubernetes: (change, nowMs) => kubernetes.apply(change, nowMs),
    useNetworks(next) {
      networks = next;
      changes.changeEverywhere();
    },
    learnName(learned, client, protocol, at) {
      const scope = scopeAt(client, protocol, at);
      const { name, aliases, addresses, ttl } = learned;
      for (const address of addresses) names.learn(scope, name, address, ttl, at.monoNs, aliases);
    },
    learnServerName(name, client, server, at) {
      const scope = scopeAt(client, protocolTcp, at);
      // A DNS answer tells what the client meant to reach; this only fills in where none was seen.
      if (names.lookup(() => scope, server, at.monoNs).names.length === 0)
        names.learn(scope, name, server, 0, at.monoNs);
    },
    resolvePair,
    resolve(source, destination, protocol, at) {
      const [from, to] = resolvePair(source, destination, protocol, at);
      const { everywhere } = changes;
      return {
        from,
        to,
        everywhere,
        source: witness(source, undefined, at),
        destination: witness(destination, from, at),
      };
    },
    holds: (resolution, at) =>
      resolution.everywhere === changes.everywhere &&
      isUnchanged(resolution.source, at) &&
      isUnchanged(resolution.destination, at),
    resolveCall(caller, destination, protocol, at) {
      const from = resolveCaller(caller, at, sources);
      return [from, resolveEndpoint(destination, protocol, from.endpoint, at, sources)];
    },
    isLocal(address, at) {
      if (interfaces.isNodeAddress(address) || interfaces.netnsOf(address) !== undefined) return true;
      return kubernetes.podAt(address, at.wallMs)?.nodeName === config.node;
    },
    isListener(address, port, protocol) {
      const netns = interfaces.isNodeAddress(address) ? interfaces.hostNetns : (interfaces.netnsOf(address)?.inum ?? 0);
      return sockets.isListener(netns, address, port, protocol) || kubernetes.isServedPort(address, port, protocol);
    },
  };
}
