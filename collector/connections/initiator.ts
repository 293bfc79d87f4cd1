/**
 * Who opened a conversation whose start nobody saw. Knowledge (a listening socket, a Kubernetes service, who sent the
 * request) is inferred, and so is a privileged port that faces an ephemeral one: nobody dials out from 443 to 52740. Any
 * other look of the ports is a guess and leaves `is_reply` unknown.
 */
import type { Side } from '../protocol/exchange.ts';
import { certainty, type Certainty } from './state.ts';

/** What is known of who serves what. */
export interface Listeners {
  /** A socket of this machine listens there, or a Kubernetes service or container port does. */
  isListener(address: string, port: number, protocol: number): boolean;
}

const firstEphemeral = 32768;
const firstUnprivileged = 1024;
const protocolUdp = 17;
const dnsPort = 53;

export interface Guess {
  readonly initiator: Side;
  readonly certainty: Certainty;
}

/** The ends of a conversation. */
export interface BothEnds {
  readonly addresses: readonly [string, string];
  readonly ports: readonly [number, number];
  readonly protocol: number;
}

/** Lower is more like a server's port. */
function rank(port: number): number {
  if (port < firstUnprivileged) return 0;
  return port < firstEphemeral ? 1 : 2;
}

export function inferInitiator({ addresses, ports, protocol }: BothEnds, listeners: Listeners): Guess {
  const [listensA, listensB] = [
    listeners.isListener(addresses[0], ports[0], protocol),
    listeners.isListener(addresses[1], ports[1], protocol),
  ];
  if (listensA !== listensB) return { initiator: listensA ? 1 : 0, certainty: certainty.inferred };
  const [rankA, rankB] = [rank(ports[0]), rank(ports[1])];
  if (Math.abs(rankA - rankB) === 2) return { initiator: rankA < rankB ? 1 : 0, certainty: certainty.inferred };
  if (rankA !== rankB) return { initiator: rankA < rankB ? 1 : 0, certainty: certainty.guessed };
  return { initiator: ports[0] < ports[1] ? 1 : 0, certainty: certainty.none };
}

/**
 * The first datagram the probe happened to see need not be the first of its conversation. A DNS server's port says more
 * than the order. Takes the port of who seems to have begun, and the other.
 */
export function contradictsPorts(protocol: number, begun: number, other: number): boolean {
  return protocol === protocolUdp && begun === dnsPort && other !== dnsPort;
}
