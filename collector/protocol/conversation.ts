/**
 * The application side of one connection: finds out which protocol it speaks, feeds that protocol's reader and says
 * whether the kernel should go on copying its payload.
 */
import type { Counters } from '../counters.ts';
import type { Budget } from './budget.ts';
import { detect, type TcpProtocol } from './detect.ts';
import type { LearnedName } from './dns-pairing.ts';
import { createDatagramReader, createDnsReader } from './dns-reader.ts';
import { otherSide, type Exchange, type Side } from './exchange.ts';
import { createHttpReader } from './http-reader.ts';
import { createHttp2Reader } from './http2-reader.ts';
import { createKafkaReader } from './kafka-reader.ts';
import { createMongodbReader } from './mongodb-reader.ts';
import { createMysqlReader } from './mysql-reader.ts';
import { createPostgresqlReader } from './postgresql-reader.ts';
import { createRedisReader } from './redis-reader.ts';
import type { Redaction } from './redaction.ts';
import type { Reader, Segment, Wanted } from './reader.ts';
import { createTlsReader, type TlsFacts } from './tls-reader.ts';

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
  readonly redaction: Redaction;
  onExchange(exchange: Exchange): void;
  onName(learned: LearnedName): void;
  /** The connection is TLS; told again when more is known. */
  onTls(client: Side, facts: TlsFacts): void;
}

const protocolTcp = 6;
const protocolUdp = 17;
const dnsPort = 53;
/** Segments that may go by before an unknown protocol is given up. */
const probingSegments = 12;
const probingBytes = 32 * 1024;
/** Segments to wait for the rest of a beginning that looks promising. */
const undecidedSegments = 8;

const readers: Readonly<Record<TcpProtocol, (client: Side, deps: ConversationDeps) => Reader>> = {
  http: createHttpReader,
  http2: createHttp2Reader,
  tls: createTlsReader,
  dns: createDnsReader,
  postgresql: createPostgresqlReader,
  mysql: createMysqlReader,
  redis: createRedisReader,
  mongodb: createMongodbReader,
  kafka: createKafkaReader,
};

export function createConversation(
  protocol: number,
  ports: readonly [number, number],
  deps: ConversationDeps,
): Conversation {
  let reader: Reader | null = null;
  let isStopped = false;
  /** What is said inside of TLS. */
  let inside: Conversation | null = null;
  let early: Segment[] = [];
  let earlySize = 0;

  // Multicast DNS and LLMNR have ports of their own: questions to everyone, answered by anyone, are no conversation.
  if (protocol === protocolUdp && ports.includes(dnsPort)) reader = createDatagramReader(deps);
  else if (protocol !== protocolTcp) isStopped = true;

  const forgetEarly = (): Segment[] => {
    const segments = early;
    early = [];
    deps.budget.give(earlySize);
    earlySize = 0;
    return segments;
  };

  const become = (spoken: TcpProtocol, client: Side): void => {
    const created = readers[spoken](client, deps);
    reader = created;
    // The earliest sequence number first: it is where the streams start.
    const segments = forgetEarly();
    const first = [0, 1].map((side) => earliest(segments.filter((segment) => segment.sender === side)));
    for (const segment of first) if (segment !== undefined) created.feed(segment);
    for (const segment of segments) if (!first.includes(segment)) created.feed(segment);
  };

  const stop = (): void => {
    forgetEarly();
    isStopped = true;
  };

  const probe = (segment: Segment): void => {
    if (early.length >= probingSegments || earlySize > probingBytes || !deps.budget.take(segment.bytes.length)) {
      stop();
      return;
    }
    early.push({ ...segment, bytes: Buffer.from(segment.bytes) });
    earlySize += segment.bytes.length;
    const { sender } = segment;
    const whole = detect(joined(early.filter((other) => other.sender === sender)));
    // The bytes that decide are on their way, unless they were lost.
    if (whole === 'maybe' && early.length < undecidedSegments) return;
    if (whole !== 'maybe' && whole !== 'none') {
      become(whole.protocol, whole.isClient ? sender : otherSide(sender));
      return;
    }
    // Joined in the middle of a message: a later segment may start one.
    const alone = detect(segment.bytes);
    if (alone === 'maybe' || alone === 'none') return;
    forgetEarly();
    become(alone.protocol, alone.isClient ? sender : otherSide(sender));
    reader?.feed(segment);
  };

  return {
    get wanted() {
      if (isStopped) return 'none';
      return reader === null ? 'probing' : reader.wanted;
    },
    get outstanding() {
      return (reader?.outstanding ?? 0) + (inside?.outstanding ?? 0);
    },
    feed(segment) {
      if (segment.isPlaintext === true) {
        inside ??= createConversation(protocol, ports, { ...deps, onTls: () => undefined });
        inside.feed({ ...segment, isPlaintext: false });
        return;
      }
      if (isStopped) return;
      if (reader === null) probe(segment);
      else if (reader.wanted !== 'none') reader.feed(segment);
    },
    sweep(nowNs) {
      reader?.sweep(nowNs);
      inside?.sweep(nowNs);
    },
    end() {
      forgetEarly();
      reader?.end();
      inside?.end();
      isStopped = true;
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
  const only = segments[0];
  if (segments.length === 1 && only !== undefined) return only.bytes;
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
