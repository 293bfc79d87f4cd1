/**
 * How the opening of a conversation went, out of the flags each side sent and the ICMP errors about it. Told once, on the
 * row by which it became known, so that counting rows counts connections.
 */
import type { ConnectResult } from '../../model/words.ts';
import { tcpFlag } from '../decode/wire.ts';

/** What an ICMP error said of a conversation; the number is kept. */
export const complaints = ['', 'REFUSED', 'UNREACHABLE'] as const satisfies readonly ConnectResult[];
const complaint = { none: 0, refused: 1, unreachable: 2 } as const;

/** A SYN that nobody answered for so long is a failure, whether or not its sender still tries. */
export const answerPatienceNs = 10e9;

const protocolTcp = 6;
const protocolUdp = 17;

/** ICMP: destination unreachable, time exceeded; the codes that mean something else. */
const v4 = { unreachable: 3, timeExceeded: 11, portUnreachable: 3, fragmentationNeeded: 4 };
const v6 = { unreachable: 1, timeExceeded: 3, portUnreachable: 4 };

export interface Opening {
  readonly protocol: number;
  /** Every TCP flag that the opening side sent, and the other. */
  readonly opened: number;
  readonly answered: number;
  /** The other side sent anything. */
  readonly hasAnswer: boolean;
  /** Of `complaints`. */
  readonly complaint: number;
  /** Nothing more is to be expected, or it waited too long. */
  readonly isOver: boolean;
}

/**
 * What a socket makes of an ICMP error about its packet: a closed port is a refusal (ECONNREFUSED, also where a firewall
 * says so), other ways not to arrive are unreachability. None for errors that end nothing, as "packet too big".
 */
export function complaintOf(family: number, type: number, code: number): number {
  const { none, refused, unreachable } = complaint;
  if (family === 6) {
    if (type === v6.unreachable) return code === v6.portUnreachable ? refused : unreachable;
    return type === v6.timeExceeded ? unreachable : none;
  }
  if (type === v4.timeExceeded) return unreachable;
  if (type !== v4.unreachable || code === v4.fragmentationNeeded) return none;
  return code === v4.portUnreachable ? refused : unreachable;
}

/** Its opening packet was seen, and nothing came back. */
export function isUnanswered(protocol: number, opened: number, answered: number): boolean {
  return protocol === protocolTcp && answered === 0 && (opened & (tcpFlag.syn | tcpFlag.ack)) === tcpFlag.syn;
}

/** '' while it is not known, and when it was not seen. */
export function resultOf(opening: Opening): ConnectResult {
  const { protocol, opened, answered } = opening;
  const told = complaints[opening.complaint] ?? '';
  // A late ICMP error about the answer to a client that has left says nothing of how it began.
  if (protocol === protocolUdp) return opening.hasAnswer ? '' : told;
  if (protocol !== protocolTcp) return '';
  if ((answered & tcpFlag.syn) !== 0) return (opened & tcpFlag.ack) !== 0 ? 'ESTABLISHED' : '';
  if ((opened & tcpFlag.syn) === 0) return '';
  if ((answered & tcpFlag.rst) !== 0) return 'REFUSED';
  if (told !== '') return told;
  return opening.isOver && answered === 0 ? 'NO_ANSWER' : '';
}

export function isFailure(result: ConnectResult): boolean {
  return result !== '' && result !== 'ESTABLISHED';
}
