/**
 * The application side of one connection: finds out which protocol it speaks, feeds that protocol's reader and says
 * whether the kernel should go on copying its payload.
 */
import type { Counters } from '../counters.ts';
import type { Budget } from './budget.ts';
import { detect, type Recognised, type TcpProtocol } from './detect.ts';
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
  return new ReadConversation(protocol, ports, deps);
}

/** A class, because closures for each of many thousand connections cost memory that a prototype does not. */
class ReadConversation implements Conversation {
  private readonly protocol: number;
  private readonly ports: readonly [number, number];
  private readonly deps: ConversationDeps;
  private reader: Reader | null = null;
  private isStopped = false;
  /** What is said inside of TLS. */
  private inside: Conversation | null = null;
  private early: Segment[] = [];
  private earlySize = 0;

  constructor(protocol: number, ports: readonly [number, number], deps: ConversationDeps) {
    this.protocol = protocol;
    this.ports = ports;
    this.deps = deps;
    // Multicast DNS and LLMNR have ports of their own: questions to everyone, answered by anyone, are no conversation.
    if (protocol === protocolUdp && ports.includes(dnsPort)) this.reader = createDatagramReader(deps);
    else if (protocol !== protocolTcp) this.isStopped = true;
  }

  get wanted(): Wanted {
    if (this.isStopped) return 'none';
    return this.reader === null ? 'probing' : this.reader.wanted;
  }

  get outstanding(): number {
    return (this.reader?.outstanding ?? 0) + (this.inside?.outstanding ?? 0);
  }

  feed(segment: Segment): void {
    if (segment.isPlaintext === true) {
      this.inside ??= createConversation(this.protocol, this.ports, insideOf(this.deps));
      this.inside.feed({ ...segment, isPlaintext: false });
      return;
    }
    if (this.isStopped) return;
    if (this.reader === null) this.probe(segment);
    else if (this.reader.wanted !== 'none') this.reader.feed(segment);
  }

  sweep(nowNs: number): void {
    this.reader?.sweep(nowNs);
    this.inside?.sweep(nowNs);
  }

  end(): void {
    this.forgetEarly();
    this.reader?.end();
    this.inside?.end();
    this.isStopped = true;
  }

  private forgetEarly(): Segment[] {
    const segments = this.early;
    this.early = [];
    this.deps.budget.give(this.earlySize);
    this.earlySize = 0;
    return segments;
  }

  private become({ protocol, isClient }: Recognised, sender: Side): Reader {
    const created = readers[protocol](isClient ? sender : otherSide(sender), this.deps);
    this.reader = created;
    return created;
  }

  private feedEarly(reader: Reader): void {
    // The earliest sequence number first: it is where the streams start.
    const segments = this.forgetEarly();
    const first = [0, 1].map((side) => earliest(segments.filter((segment) => segment.sender === side)));
    for (const segment of first) if (segment !== undefined) reader.feed(segment);
    for (const segment of segments) if (!first.includes(segment)) reader.feed(segment);
  }

  private stop(): void {
    this.forgetEarly();
    this.isStopped = true;
  }

  private probe(segment: Segment): void {
    const { sender, bytes } = segment;
    const alone = detect(bytes);
    // Nearly always the first segment tells: nothing needs to be kept then.
    if (this.early.length === 0 && alone !== 'maybe' && alone !== 'none') {
      this.become(alone, sender).feed(segment);
      return;
    }
    const isTooMuch = this.early.length >= probingSegments || this.earlySize > probingBytes;
    if (isTooMuch || !this.deps.budget.take(bytes.length)) {
      this.stop();
      return;
    }
    this.early.push({ ...segment, bytes: Buffer.from(bytes) });
    this.earlySize += bytes.length;
    const whole = detect(joined(this.early.filter((other) => other.sender === sender)));
    // The bytes that decide are on their way, unless they were lost.
    if (whole === 'maybe' && this.early.length < undecidedSegments) return;
    if (whole !== 'maybe' && whole !== 'none') {
      this.feedEarly(this.become(whole, sender));
      return;
    }
    // Joined in the middle of a message: a later segment may start one.
    if (alone === 'maybe' || alone === 'none') return;
    this.forgetEarly();
    this.become(alone, sender).feed(segment);
  }
}

/** The handshake was told by what is outside. */
function insideOf(deps: ConversationDeps): ConversationDeps {
  const { counters, budget, redaction } = deps;
  return {
    counters,
    budget,
    redaction,
    onExchange: (exchange) => deps.onExchange(exchange),
    onName: (learned) => deps.onName(learned),
    onTls: () => undefined,
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
