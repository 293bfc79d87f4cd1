/**
 * How the opening of a conversation went, out of the flags each side sent and the ICMP errors about it. Told once, on the
 * row by which it became known, so that counting rows counts connections.
 */
import type { ConnectResult } from '../../model/words.ts';
import { tcpFlag } from '../decode/wire.ts';
import type { Side } from '../protocol/exchange.ts';

export interface Opening {
  /** Every TCP flag each side sent in this conversation. */
  readonly flags: [number, number];
  /** Sides that sent anything. */
  readonly sent: [boolean, boolean];
  /** What an ICMP error said of it, '' for none. */
  complaint: '' | 'REFUSED' | 'UNREACHABLE';
  /** SYN to SYN-ACK, the longest that an interface saw: the one nearest to who opened it. */
  handshakeUs: number;
  /** It waited too long for an answer. */
  isGivenUp: boolean;
  /** A row said how it ended. */
  isTold: boolean;
}

/** A SYN that nobody answered for so long is a failure, whether or not its sender still tries. */
export const answerPatienceNs = 10e9;

const protocolTcp = 6;
const protocolUdp = 17;

/** ICMP: destination unreachable, time exceeded; the codes that mean something else. */
const v4 = { unreachable: 3, timeExceeded: 11, portUnreachable: 3, fragmentationNeeded: 4 };
const v6 = { unreachable: 1, timeExceeded: 3, portUnreachable: 4 };

export function createOpening(): Opening {
  return { flags: [0, 0], sent: [false, false], complaint: '', handshakeUs: 0, isGivenUp: false, isTold: false };
}

export function forgetOpening(opening: Opening): void {
  opening.flags[0] = 0;
  opening.flags[1] = 0;
  opening.sent[0] = false;
  opening.sent[1] = false;
  opening.complaint = '';
  opening.handshakeUs = 0;
  opening.isGivenUp = false;
  opening.isTold = false;
}

/**
 * What a socket makes of an ICMP error about its packet: a closed port is a refusal (ECONNREFUSED, also where a firewall
 * says so), other ways not to arrive are unreachability. '' for errors that do not end anything, as "packet too big".
 */
export function complaintOf(family: number, type: number, code: number): Opening['complaint'] {
  if (family === 6) {
    if (type === v6.unreachable) return code === v6.portUnreachable ? 'REFUSED' : 'UNREACHABLE';
    return type === v6.timeExceeded ? 'UNREACHABLE' : '';
  }
  if (type === v4.timeExceeded) return 'UNREACHABLE';
  if (type !== v4.unreachable || code === v4.fragmentationNeeded) return '';
  return code === v4.portUnreachable ? 'REFUSED' : 'UNREACHABLE';
}

/** Its opening packet was seen, and nothing yet that decides. */
export function isUnanswered(opening: Opening, opener: Side, protocol: number): boolean {
  if (protocol !== protocolTcp || opening.isTold) return false;
  const isSyn = (opening.flags[opener] & tcpFlag.syn) !== 0 && (opening.flags[opener] & tcpFlag.ack) === 0;
  return isSyn && opening.flags[opener === 0 ? 1 : 0] === 0;
}

/** '' while it is not known, and when it was not seen. `isEnding`: nothing more is to be expected. */
export function resultOf(opening: Opening, opener: Side, protocol: number, isEnding: boolean): ConnectResult {
  const answerer = opener === 0 ? 1 : 0;
  // A late ICMP error about the answer to a client that has left says nothing of how it began.
  if (protocol === protocolUdp) return opening.sent[answerer] ? '' : opening.complaint;
  if (protocol !== protocolTcp) return '';
  const opened = opening.flags[opener];
  const answered = opening.flags[answerer];
  if ((answered & tcpFlag.syn) !== 0) return (opened & tcpFlag.ack) !== 0 ? 'ESTABLISHED' : '';
  if ((opened & tcpFlag.syn) === 0) return '';
  if ((answered & tcpFlag.rst) !== 0) return 'REFUSED';
  if (opening.complaint !== '') return opening.complaint;
  return (isEnding || opening.isGivenUp) && answered === 0 ? 'NO_ANSWER' : '';
}

export function isFailure(result: ConnectResult): boolean {
  return result !== '' && result !== 'ESTABLISHED';
}
