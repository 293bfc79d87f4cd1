/**
 * From frames to rows: hands each record to the part that keeps it, and writes rows once the sightings of a scan are in:
 * application exchanges first, so that names from DNS answers are known, then drops, then connections.
 */
import type { Writer } from '../db/writer.ts';
import type { FlowSource } from '../model/words.ts';
import { certainty, type Connection } from './connections/connection.ts';
import { createConnections, type Connections } from './connections/connections.ts';
import type { Counters } from './counters.ts';
import { readText, readWide } from './decode/bytes.ts';
import type { Frame } from './decode/frame-parser.ts';
import { readHello, readInterface, readSocket, readSymbol, walkRecords, type Hello } from './decode/records.ts';
import { dropRecord, flowKey, frameType, l7Copy, l7Record, recordType } from './decode/wire.ts';
import type { Moment } from './identity/endpoint.ts';
import type { Identity } from './identity/identity.ts';
import { changeSchema, type Change } from './identity/kubernetes-objects.ts';
import { createBudget } from './protocol/budget.ts';
import { createConversation, type Conversation, type Wanted } from './protocol/conversation.ts';
import type { Exchange, Side } from './protocol/exchange.ts';
import { createCoverage } from './sink/coverage.ts';
import { createFlowRows } from './sink/flow-rows.ts';
import { createRowBuilder, type Dropped } from './sink/row-builder.ts';

export interface PipelineConfig {
  readonly cluster: string;
  readonly node: string;
  readonly source: FlowSource;
  /** Added to every time: a recording is played as if its last frame came now. */
  readonly shiftNs: bigint;
  readonly firstRowId: bigint;
  readonly connectionsLimit?: number;
  readonly payloadBytesLimit?: number;
}

export interface PipelineDeps {
  readonly identity: Identity;
  readonly counters: Counters;
  readonly writer: Pick<Writer, 'flows' | 'coverage'>;
  /** Tells the probe what to copy of a connection. */
  onVerdict(key: Buffer, copy: number): void;
  onHello(hello: Hello): void;
  onGoodbye(): void;
  /** What the API said, out of a recording. */
  onRecordedChange(change: Change): void;
}

export interface Pipeline {
  frame(frame: Frame): void;
  /** Writes what is pending; `final`: without waiting for more. */
  flush(final: boolean): void;
  /** Live only: no frame came for so long. */
  idle(elapsedNs: number): void;
  readonly connections: number;
  readonly rows: number;
  readonly probeStats: ReadonlyMap<string, number>;
}

/** A scan's records come within milliseconds of each other; silence this long means that it is over. */
const scanQuietNs = 100e6;
const secondNs = 1e9;
const sweepEveryNs = 60e9;
/** Exchanges and drops wait this long for their connection's first flow record, which tells where the ends are. */
const placeWaitNs = 2.5e9;
/** More waiting exchanges and drops than this are written as they are. */
const pendingLimit = 20_000;
const copyOf: Readonly<Record<Wanted, number>> = { probing: l7Copy.probing, all: l7Copy.all, none: l7Copy.none };

export function createPipeline(config: PipelineConfig, deps: PipelineDeps): Pipeline {
  const { identity, counters } = deps;
  const budget = createBudget(config.payloadBytesLimit ?? 64 << 20);
  const rows = createFlowRows({ ...config, firstId: config.firstRowId }, () => deps.writer.flows());
  const coverage = createCoverage(config, counters, () => deps.writer.coverage());
  const symbols = new Map<bigint, string>();
  let hello: Hello | null = null;
  let nowNs = 0;
  let offsetNs = 0n;
  let offsetMs = 0;
  let latestFlowNs = 0;
  let latestFlushNs = 0;
  /** Flow records came since the last flush. */
  let isScanOpen = false;
  let latestSweepNs = 0;
  let exchanges: { readonly connection: Connection; readonly exchange: Exchange }[] = [];
  let drops: Dropped[] = [];
  /** Connections with requests that wait for an answer. */
  const waiting = new Map<Conversation, Connection>();

  const wallNs = (monoNs: number): bigint => BigInt(monoNs) + offsetNs;
  const moment = (monoNs: number): Moment => ({ monoNs, wallMs: monoNs / 1e6 + offsetMs });

  const connections: Connections = createConnections(
    { limit: config.connectionsLimit ?? 262_144, idleNs: 900e9 },
    {
      counters,
      around: identity.interfaces,
      listeners: identity,
      onBehind: (address, ifindex) => identity.interfaces.learnBehind(address, ifindex),
      write: (connection, account) => builder.connection(connection, account),
      onEnd(connection) {
        const { conversation } = connection;
        connection.conversation = null;
        conversation?.end();
        if (conversation !== null) waiting.delete(conversation);
      },
    },
  );
  const builder = createRowBuilder({ identity, rows, connections, wallNs, moment });

  const conversationOf = (connection: Connection): Conversation => {
    if (connection.conversation !== null) return connection.conversation;
    const { addresses, ports, protocol } = connection;
    const endOf = (side: Side) => ({ address: addresses[side], port: ports[side] });
    const conversation = createConversation(protocol, connection.ports, {
      counters,
      budget,
      onExchange(exchange) {
        connections.orient(connection, exchange.client, certainty.inferred);
        exchanges.push({ connection, exchange });
      },
      onName: (learned) => identity.learnName(learned, endOf(learned.client), protocol, moment(learned.atNs)),
      onTls(client, name) {
        connections.orient(connection, client, certainty.inferred);
        connection.isTls = true;
        connection.sni = name;
        if (name === '') return;
        identity.learnServerName(name, endOf(client), addresses[client === 0 ? 1 : 0], moment(nowNs));
      },
    });
    connection.conversation = conversation;
    return conversation;
  };

  const addPayload = (bytes: Buffer, at: number, length: number): void => {
    const captured = bytes.readUInt32LE(at + l7Record.captured);
    const sender = bytes[at + l7Record.sender];
    if (captured > length - l7Record.size || (sender !== 0 && sender !== 1)) {
      counters.add('records_malformed', 1);
      return;
    }
    const connection = connections.open(bytes, at + l7Record.key);
    if (connection === undefined) return;
    const atNs = readWide(bytes, at + l7Record.mono_ns);
    connection.lastNs = Math.max(connection.lastNs, atNs);
    const conversation = conversationOf(connection);
    const before = conversation.wanted;
    const start = at + l7Record.size;
    conversation.feed({
      sender,
      sequence: bytes.readUInt32LE(at + l7Record.sequence),
      payloadLength: bytes.readUInt32LE(at + l7Record.payload_length),
      bytes: bytes.subarray(start, start + captured),
      atNs,
    });
    if (conversation.outstanding > 0) waiting.set(conversation, connection);
    else waiting.delete(conversation);
    const copy = copyOf[conversation.wanted];
    if (conversation.wanted !== before && copy !== bytes[at + l7Record.copy_mode]) {
      deps.onVerdict(bytes.subarray(at + l7Record.key, at + l7Record.key + flowKey.size), copy);
    }
  };

  const addDrop = (bytes: Buffer, at: number): void => {
    const connection = connections.open(bytes, at + dropRecord.key);
    if (connection === undefined) return;
    const reason = bytes.readUInt32LE(at + dropRecord.reason);
    const location = bytes.readBigUInt64LE(at + dropRecord.location);
    const lastNs = readWide(bytes, at + dropRecord.last_mono_ns);
    connection.lastNs = Math.max(connection.lastNs, lastNs);
    drops.push({
      connection,
      sender: bytes[at + dropRecord.sender] === 1 ? 1 : 0,
      firstNs: readWide(bytes, at + dropRecord.first_mono_ns),
      lastNs,
      packets: readWide(bytes, at + dropRecord.packets),
      bytes: readWide(bytes, at + dropRecord.bytes),
      reason: hello?.reasons.get(reason) ?? `REASON_${reason}`,
      location: symbols.get(location) ?? `0x${location.toString(16)}`,
      tcpFlags: bytes.readUInt16LE(at + dropRecord.tcp_flags),
      icmpType: bytes[at + dropRecord.icmp_type] ?? 0,
      device: readText(bytes, at + dropRecord.device, 16),
    });
  };

  const addRecord = (payload: Buffer, type: number, at: number, length: number): void => {
    switch (type) {
      case recordType.flow:
        latestFlowNs = nowNs;
        isScanOpen = true;
        connections.addFlow(payload, at);
        return;
      case recordType.l7:
        addPayload(payload, at, length);
        return;
      case recordType.drop:
        addDrop(payload, at);
        return;
      case recordType.interface:
        identity.interfaces.apply(readInterface(payload, at, length));
        return;
      case recordType.socket:
        identity.sockets.apply(readSocket(payload, at));
        return;
      case recordType.symbol: {
        const symbol = readSymbol(payload, at);
        symbols.set(symbol.address, symbol.name);
      }
    }
  };

  const isPlaced = (connection: Connection, atNs: number): boolean =>
    connection.sightings.length > 0 || nowNs - atNs > placeWaitNs;

  /** Exchanges first: their DNS answers name what the others show. Unless `all`, those without a place yet wait. */
  const flushPlaced = (all: boolean): void => {
    const [exchangeBatch, dropBatch] = [exchanges, drops];
    exchanges = [];
    drops = [];
    for (const pending of exchangeBatch) {
      const { connection, exchange } = pending;
      if (all || isPlaced(connection, exchange.requestNs)) builder.exchange(connection, exchange);
      else exchanges.push(pending);
    }
    for (const drop of dropBatch) {
      if (all || isPlaced(drop.connection, drop.lastNs)) builder.drop(drop);
      else drops.push(drop);
    }
  };

  const flush = (final: boolean): void => {
    latestFlushNs = nowNs;
    isScanOpen = false;
    if (final) for (const [conversation] of waiting) conversation.sweep(nowNs);
    flushPlaced(final);
    connections.flush(latestFlowNs, final);
  };

  /** Before a frame is taken in: is what came before it complete? */
  const flushIfDue = (atNs: number): void => {
    if (exchanges.length + drops.length > pendingLimit) flushPlaced(true);
    if (isScanOpen) {
      if (atNs - latestFlowNs >= scanQuietNs) flush(false);
      return;
    }
    const sinceFlushNs = atNs - latestFlushNs;
    // What the last flush held back gets one more scan's time.
    const isOverdue = connections.hasPending && sinceFlushNs >= (hello?.scanIntervalMs ?? 1000) * 1.5e6;
    const isLate = exchanges.length + drops.length > 0 && sinceFlushNs >= secondNs;
    if (isOverdue || isLate) flush(false);
  };

  const sweep = (): void => {
    for (const [conversation] of waiting) {
      conversation.sweep(nowNs);
      if (conversation.outstanding === 0) waiting.delete(conversation);
    }
    if (nowNs - latestSweepNs < sweepEveryNs) return;
    latestSweepNs = nowNs;
    connections.sweep(nowNs);
  };

  const onHello = (payload: Buffer): void => {
    const next = readHello(payload);
    if (next === undefined) {
      counters.add('records_malformed', 1);
      return;
    }
    flush(true);
    // Another probe counts from nothing: what its predecessor left half told will not be finished.
    if (hello !== null && hello.bootId !== next.bootId) connections.clear();
    hello = next;
    identity.interfaces.reset(next.netnsInum);
    coverage.hello(next.bootId, nowNs);
    deps.onHello(next);
  };

  const onRecordedKubernetes = (payload: Buffer): void => {
    const change = parseChange(payload);
    if (change === null) counters.add('records_malformed', 1);
    else deps.onRecordedChange(change);
  };

  return {
    frame(frame) {
      nowNs = Math.max(nowNs, frame.monoNs);
      offsetNs = frame.realOffsetNs + config.shiftNs;
      offsetMs = Number(offsetNs / 1000n) / 1000;
      flushIfDue(nowNs);
      switch (frame.type) {
        case frameType.hello:
          // A recording may hold several boots of a machine, whose clocks begin anew.
          nowNs = frame.monoNs;
          onHello(frame.payload);
          return;
        case frameType.events: {
          const bad = walkRecords(frame.payload, (type, at, length) => addRecord(frame.payload, type, at, length));
          if (bad > 0) counters.add('records_malformed', bad);
          return;
        }
        case frameType.stats:
          coverage.stats(frame.payload, nowNs, wallNs(nowNs));
          sweep();
          return;
        case frameType.goodbye:
          flush(true);
          deps.onGoodbye();
          return;
        case frameType.recordedKubernetes:
          onRecordedKubernetes(frame.payload);
          return;
        default:
          counters.add('frames_unknown', 1);
      }
    },
    flush,
    idle: (elapsedNs) => flushIfDue(nowNs + elapsedNs),
    get connections() {
      return connections.size;
    },
    get rows() {
      return rows.count;
    },
    get probeStats() {
      return coverage.latest();
    },
  };
}

function parseChange(payload: Buffer): Change | null {
  try {
    const parsed = changeSchema.safeParse(JSON.parse(payload.toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
