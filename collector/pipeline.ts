/**
 * From frames to rows: hands each record to the part that keeps it, and writes rows once the sightings of a scan are in:
 * application exchanges first, so that names from DNS answers are known, then drops, then connections.
 */
import type { Writer } from '../db/writer.ts';
import { refineDropReason } from '../model/drop-reasons.ts';
import type { FlowSource } from '../model/words.ts';
import { createConnections, type Connections } from './connections/connections.ts';
import { bit } from './connections/state.ts';
import { createTcpHealth } from './connections/tcp-health.ts';
import { createTranslations } from './connections/translations.ts';
import type { Counters } from './counters.ts';
import { readText, readWide } from './decode/bytes.ts';
import type { Frame } from './decode/frame-parser.ts';
import { readMapPressure, type MapPressure } from './decode/map-pressure.ts';
import { readReasonTotals, type ReasonTotal } from './decode/reason-totals.ts';
import { readHello, readInterface, readRouteError, readSocket, readSymbol } from './decode/records.ts';
import { walkRecords, type Hello } from './decode/records.ts';
import { dropRecord, frameType, recordType, tcpRecord } from './decode/wire.ts';
import type { Moment } from './identity/endpoint.ts';
import type { Identity } from './identity/identity.ts';
import { changeSchema, type Change } from './identity/kubernetes-objects.ts';
import { createConversations } from './protocol/conversations.ts';
import { createRedaction, defaultRedaction, type RedactionConfig } from './protocol/redaction.ts';
import { createCoverage } from './sink/coverage.ts';
import { createFailedCalls } from './sink/failed-calls.ts';
import { createFlowRows } from './sink/flow-rows.ts';
import { createRowBuilder } from './sink/row-builder.ts';
import { createWaitingRows } from './sink/waiting-rows.ts';

export interface PipelineConfig {
  readonly cluster: string;
  readonly node: string;
  readonly source: FlowSource;
  /** Added to every time: a recording is played as if its last frame came now. */
  readonly shiftNs: bigint;
  readonly firstRowId: bigint;
  readonly connectionsLimit?: number;
  readonly payloadBytesLimit?: number;
  readonly redaction?: RedactionConfig;
}

export interface PipelineDeps {
  readonly identity: Identity;
  readonly counters: Counters;
  readonly writer: Pick<Writer, 'flows' | 'endpoints' | 'endpointsEpoch' | 'coverage'>;
  /** Tells the probe what to copy of a connection. */
  onVerdict(key: Buffer, copy: number): void;
  onHello(hello: Hello): void;
  onGoodbye(): void;
  /** What the API said, out of a recording. */
  onRecordedChange(change: Change, wallMs: number): void;
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
  /** The probe's maps, as of a few seconds ago; empty until it has told. */
  readonly mapPressure: ReadonlyMap<string, MapPressure>;
  /** By drop reason. */
  readonly reasonTotals: ReadonlyMap<string, ReasonTotal>;
}

/** A scan's records come within milliseconds of each other; silence this long means that it is over. */
const scanQuietNs = 100e6;
const secondNs = 1e9;
/** Connections whose sockets, and whose translations, are remembered. */
const socketsLimit = 131_072;
/** More waiting exchanges and drops than this are written as they are. */
const waitingLimit = 20_000;

export function createPipeline(config: PipelineConfig, deps: PipelineDeps): Pipeline {
  const { identity, counters } = deps;
  const rows = createFlowRows({ ...config, firstId: config.firstRowId }, deps.writer);
  let mapPressure: ReadonlyMap<string, MapPressure> = new Map();
  let reasonTotals: ReadonlyMap<string, ReasonTotal> = new Map();
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

  const wallNs = (monoNs: number): bigint => BigInt(monoNs) + offsetNs;
  const moment = (monoNs: number): Moment => ({ monoNs, wallMs: monoNs / 1e6 + offsetMs });

  const connections: Connections = createConnections(
    { limit: config.connectionsLimit ?? 131_072, idleNs: 900e9 },
    {
      counters,
      around: identity.interfaces,
      listeners: identity,
      onBehind: (address, ifindex) => identity.interfaces.learnBehind(address, ifindex),
      write: (slot, account) => builder.connection(slot, account),
      onEnd: (connection) => conversations.end(connection),
    },
  );
  const health = createTcpHealth(socketsLimit, counters);
  const translations = createTranslations(socketsLimit, counters);
  const failedCalls = createFailedCalls({ identity, rows, moment });
  const builder = createRowBuilder({ identity, rows, connections, health, translations, moment });
  const waiting = createWaitingRows(builder, connections);
  const conversations = createConversations({
    ...deps,
    connections,
    payloadBytesLimit: config.payloadBytesLimit ?? 64 << 20,
    redaction: createRedaction(config.redaction ?? defaultRedaction),
    moment,
    onExchange: (connection, exchange) => waiting.addExchange(connection, exchange),
  });

  const addDrop = (bytes: Buffer, at: number): void => {
    const connection = connections.open(bytes, at + dropRecord.key);
    if (connection === undefined) return;
    const reason = bytes.readUInt32LE(at + dropRecord.reason);
    const location = bytes.readBigUInt64LE(at + dropRecord.location);
    const lastNs = readWide(bytes, at + dropRecord.last_mono_ns);
    const sender = bytes[at + dropRecord.sender] === 1 ? 1 : 0;
    const packets = readWide(bytes, at + dropRecord.packets);
    connection.lastNs = Math.max(connection.lastNs, lastNs);
    connection.dropped[sender] += packets;
    connection.dropLocation = symbols.get(location) ?? `0x${location.toString(16)}`;
    const said = hello?.reasons.get(reason) ?? `REASON_${reason}`;
    connection.dropReason = refineDropReason(said, connection.dropLocation, readRouteError(bytes, at));
    waiting.addDrop({
      connection,
      sender,
      firstNs: readWide(bytes, at + dropRecord.first_mono_ns),
      lastNs,
      packets,
      bytes: readWide(bytes, at + dropRecord.bytes),
      reason: connection.dropReason,
      location: connection.dropLocation,
      tcpFlags: bytes.readUInt16LE(at + dropRecord.tcp_flags),
      icmpType: bytes[at + dropRecord.icmp_type] ?? 0,
      device: readText(bytes, at + dropRecord.device, 16),
    });
  };

  const addTranslation = (bytes: Buffer, at: number): void => {
    const { before, after } = translations.add(bytes, at);
    connections.mark(before, 0, bit.askTranslation);
    connections.mark(after, 0, bit.askTranslation);
  };

  const addRecord = (payload: Buffer, view: DataView, type: number, at: number, length: number): void => {
    switch (type) {
      case recordType.flow:
        latestFlowNs = nowNs;
        isScanOpen = true;
        connections.addFlow(view, at, length);
        return;
      case recordType.l7:
        conversations.add(payload, at, length);
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
      case recordType.tcp:
        health.add(payload, at);
        connections.mark(payload, at + tcpRecord.key, bit.askHealth);
        return;
      case recordType.connect:
        failedCalls.add(payload, at);
        return;
      case recordType.translation:
        addTranslation(payload, at);
        return;
      case recordType.symbol: {
        const symbol = readSymbol(payload, at);
        symbols.set(symbol.address, symbol.name);
      }
    }
  };

  const flush = (final: boolean): void => {
    latestFlushNs = nowNs;
    isScanOpen = false;
    if (final) conversations.sweep(nowNs);
    // Exchanges first: their DNS answers name what the connections show.
    waiting.flush(nowNs, final);
    connections.flush(latestFlowNs, final);
    // Connections that ended left requests unanswered.
    if (final) waiting.flush(nowNs, true);
  };

  /** Before a frame is taken in: is what came before it complete? */
  const flushIfDue = (atNs: number): void => {
    if (waiting.size > waitingLimit) waiting.flush(nowNs, true);
    if (isScanOpen) {
      if (atNs - latestFlowNs >= scanQuietNs) flush(false);
      return;
    }
    const sinceFlushNs = atNs - latestFlushNs;
    // What the last flush held back gets one more scan's time.
    const isOverdue = connections.hasPending && sinceFlushNs >= (hello?.scanIntervalMs ?? 1000) * 1.5e6;
    const isLate = waiting.size > 0 && sinceFlushNs >= secondNs;
    if (isOverdue || isLate) flush(false);
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
    else deps.onRecordedChange(change, moment(nowNs).wallMs);
  };

  return {
    frame(frame) {
      nowNs = Math.max(nowNs, frame.monoNs);
      offsetNs = frame.realOffsetNs + config.shiftNs;
      rows.offsetNs = offsetNs;
      offsetMs = Number(offsetNs / 1000n) / 1000;
      flushIfDue(nowNs);
      switch (frame.type) {
        case frameType.hello:
          // A recording may hold several boots of a machine, whose clocks begin anew.
          nowNs = frame.monoNs;
          onHello(frame.payload);
          return;
        case frameType.events: {
          const { payload } = frame;
          const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
          const bad = walkRecords(payload, (type, at, length) => addRecord(payload, view, type, at, length));
          if (bad > 0) counters.add('records_malformed', bad);
          return;
        }
        case frameType.stats:
          coverage.stats(frame.payload, nowNs, wallNs(nowNs));
          connections.giveUpWaiting(nowNs);
          conversations.sweep(nowNs);
          connections.sweep(nowNs);
          health.sweep(nowNs);
          return;
        case frameType.maps:
          mapPressure = readMapPressure(frame.payload);
          return;
        case frameType.reasons:
          reasonTotals = readReasonTotals(frame.payload, hello?.reasons ?? new Map());
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
    get mapPressure() {
      return mapPressure;
    },
    get reasonTotals() {
      return reasonTotals;
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
