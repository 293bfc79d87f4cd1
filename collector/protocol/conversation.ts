/**
 * The application side of one connection: finds out which protocol it speaks, feeds that protocol's parser and says
 * whether the kernel should go on copying its payload.
 */
import type { Counters } from '../counters.ts';
import type { Budget } from './budget.ts';
import { detect } from './detect.ts';
import { createDnsPairing, type DnsPairing, type LearnedName } from './dns-pairing.ts';
import type { Exchange, Side } from './exchange.ts';
import { createHttpPairing, type HttpPairing } from './http-pairing.ts';
import { readServerName } from './tls.ts';

export type Wanted = 'probing' | 'all' | 'none';

export interface Segment {
  readonly sender: Side;
  readonly sequence: number;
  readonly payloadLength: number;
  readonly bytes: Buffer;
  readonly atNs: number;
}

export interface Conversation {
  /** What the kernel should copy from now on. */
  readonly wanted: Wanted;
  /** Requests still waiting for an answer. */
  readonly outstanding: number;
  feed(segment: Segment): void;
  sweep(nowNs: number): void;
  end(): void;
}

export interface ConversationDeps {
  readonly counters: Counters;
  readonly budget: Budget;
  onExchange(exchange: Exchange): void;
  onName(learned: LearnedName): void;
  /** The connection is TLS; `name` may be empty. */
  onTls(client: Side, name: string): void;
}

const protocolTcp = 6;
const protocolUdp = 17;
const dnsPort = 53;
/** Segments that may go by before an unknown protocol is given up. */
const probingSegments = 12;
const probingBytes = 32 * 1024;
/** Segments to wait for the rest of a beginning that looks promising. */
const undecidedSegments = 8;

export function createConversation(
  protocol: number,
  ports: readonly [number, number],
  deps: ConversationDeps,
): Conversation {
  let wanted: Wanted = 'probing';
  let http: HttpPairing | null = null;
  let dns: DnsPairing | null = null;
  let clientSide: Side = 0;
  let early: Segment[] = [];
  let earlySize = 0;

  if (protocol === protocolUdp && ports.includes(dnsPort)) {
    dns = createDnsPairing(deps);
    wanted = 'all';
  } else if (protocol !== protocolTcp) {
    wanted = 'none';
  }

  const forgetEarly = (): Segment[] => {
    const segments = early;
    early = [];
    deps.budget.give(earlySize);
    earlySize = 0;
    return segments;
  };

  const toHttp = (pairing: HttpPairing, segment: Segment): void => {
    const stream = segment.sender === clientSide ? pairing.request : pairing.response;
    stream.feed(segment.sequence, segment.payloadLength, segment.bytes, segment.atNs);
    if (pairing.isTunnel) wanted = 'none';
  };

  const becomeHttp = (client: Side): void => {
    clientSide = client;
    const pairing = createHttpPairing({ ...deps, client });
    http = pairing;
    wanted = 'all';
    // The earliest sequence number first: it is where the streams start.
    const segments = forgetEarly();
    const first = [0, 1].map((side) => earliest(segments.filter((segment) => segment.sender === side)));
    for (const segment of first) if (segment !== undefined) toHttp(pairing, segment);
    for (const segment of segments) if (!first.includes(segment)) toHttp(pairing, segment);
  };

  const stop = (): void => {
    forgetEarly();
    wanted = 'none';
  };

  const probe = (segment: Segment): void => {
    if (early.length >= probingSegments || earlySize > probingBytes || !deps.budget.take(segment.bytes.length)) {
      stop();
      return;
    }
    early.push({ ...segment, bytes: Buffer.from(segment.bytes) });
    earlySize += segment.bytes.length;
    const { sender } = segment;
    const start = joined(early.filter((other) => other.sender === sender));
    switch (detect(start)) {
      case 'request':
        return becomeHttp(sender);
      case 'response':
        return becomeHttp(sender === 0 ? 1 : 0);
      case 'tls':
        if (start[5] === 1) deps.onTls(sender, readServerName(start));
        stop();
        return;
      case 'maybe':
        // The bytes that decide are on their way, unless they were lost.
        if (early.length < undecidedSegments) return;
        break;
      case 'none':
    }
    // Joined in the middle of a message: a later segment may start one.
    const alone = detect(segment.bytes);
    if (alone === 'request' || alone === 'response') {
      early = [];
      deps.budget.give(earlySize - segment.bytes.length);
      earlySize = segment.bytes.length;
      early.push({ ...segment, bytes: Buffer.from(segment.bytes) });
      becomeHttp(alone === 'request' ? sender : sender === 0 ? 1 : 0);
    }
  };

  return {
    get wanted() {
      return wanted;
    },
    get outstanding() {
      return (http?.outstanding ?? 0) + (dns?.outstanding ?? 0);
    },
    feed(segment) {
      if (wanted === 'none') return;
      if (dns !== null) dns.datagram(segment.sender, segment.bytes, segment.atNs);
      else if (http !== null) toHttp(http, segment);
      else probe(segment);
    },
    sweep(nowNs) {
      http?.sweep(nowNs);
      dns?.sweep(nowNs);
    },
    end() {
      forgetEarly();
      http?.end();
      dns?.end();
      wanted = 'none';
    },
  };
}

function earliest(segments: readonly Segment[]): Segment | undefined {
  let first = segments[0];
  for (const segment of segments)
    if (first === undefined || ((segment.sequence - first.sequence) | 0) < 0) first = segment;
  return first;
}

/** The first bytes of a direction: its segments in the order of their sequence numbers, up to the first hole. */
function joined(segments: readonly Segment[]): Buffer {
  const ordered = [...segments].sort((a, b) => (a.sequence - b.sequence) | 0);
  const parts: Buffer[] = [];
  let next = ordered[0]?.sequence ?? 0;
  for (const segment of ordered) {
    const known = (next - segment.sequence) | 0;
    if (known < 0) break;
    if (known >= segment.bytes.length) continue;
    parts.push(segment.bytes.subarray(known));
    next = (segment.sequence + segment.bytes.length) >>> 0;
  }
  return Buffer.concat(parts);
}
