/**
 * Who is behind an address: joins what interfaces, sockets, DNS answers and the Kubernetes API told. The collector's one
 * place to ask.
 */
import type { AddressKey } from '../decode/address.ts';
import type { LearnedName } from '../protocol/dns-pairing.ts';
import { resolveEndpoint, scopeOf, type End, type Endpoint, type Moment } from './endpoint.ts';
import { createInterfaces, type Interfaces } from './interfaces.ts';
import type { Change } from './kubernetes-objects.ts';
import { createKubernetesState, type KubernetesState } from './kubernetes-state.ts';
import { createNames } from './names.ts';
import { createSockets, type Sockets } from './sockets.ts';

export interface IdentityConfig {
  readonly node: string;
  /** Names kept, and for how long at least. */
  readonly namesLimit: number;
  readonly namesKeepNs: number;
}

export interface Identity {
  readonly interfaces: Interfaces;
  readonly sockets: Sockets;
  readonly kubernetes: KubernetesState;
  applyKubernetes(change: Change, nowMs: number): number;
  learnName(learned: LearnedName, client: End, protocol: number, at: Moment): void;
  /** A name that the client itself gave for the server, in a TLS handshake. */
  learnServerName(name: string, client: End, server: AddressKey, at: Moment): void;
  resolvePair(source: End, destination: End, protocol: number, at: Moment): readonly [Endpoint, Endpoint];
  /** It is on this machine: its packets start or end here. */
  isLocal(address: AddressKey, at: Moment): boolean;
  isListener(address: AddressKey, port: number, protocol: number): boolean;
}

const protocolTcp = 6;

export function createIdentity(config: IdentityConfig): Identity {
  const interfaces = createInterfaces();
  const sockets = createSockets();
  const kubernetes = createKubernetesState();
  const names = createNames({ limit: config.namesLimit, keepNs: config.namesKeepNs });
  const sources = { nodeName: config.node, interfaces, sockets, kubernetes, names };

  const scopeAt = (end: End, protocol: number, at: Moment): string =>
    scopeOf(resolveEndpoint(end, protocol, '', at, sources));

  return {
    interfaces,
    sockets,
    kubernetes,
    applyKubernetes: (change, nowMs) => kubernetes.apply(change, nowMs),
    learnName(learned, client, protocol, at) {
      const scope = scopeAt(client, protocol, at);
      for (const address of learned.addresses) names.learn(scope, learned.name, address, learned.ttl, at.monoNs);
    },
    learnServerName(name, client, server, at) {
      const scope = scopeAt(client, protocolTcp, at);
      // A DNS answer tells what the client meant to reach; this only fills in where none was seen.
      if (names.lookup(scope, server, at.monoNs).length === 0) names.learn(scope, name, server, 0, at.monoNs);
    },
    resolvePair(source, destination, protocol, at) {
      // Clients ask for the names of servers: only the destination is called as its peer calls it.
      const from = resolveEndpoint(source, protocol, '', at, sources);
      return [from, resolveEndpoint(destination, protocol, scopeOf(from), at, sources)];
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
