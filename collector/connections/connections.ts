/**
 * The table of conversations. Flow records of all interfaces are added up per conversation; `flush` writes one account
 * for each that changed, once the sightings of a scan are in. Bounded: past the limit records are counted and left out.
 */
import type { ConnectResult } from '../../model/words.ts';
import type { Side } from '../protocol/exchange.ts';
import { readWide } from '../decode/bytes.ts';
import { flowEnd, flowKey, flowRecord, flowStart } from '../decode/wire.ts';
import type { Counters } from '../counters.ts';
import { certainty, createConnection, reopen, settle, type Certainty, type Connection } from './connection.ts';
import type { Sighting } from './connection.ts';
import { chooseEnds, type Ends, type Surroundings } from './ends.ts';
import { contradictsPorts, inferInitiator, type Listeners } from './initiator.ts';
import { createKeyTable } from './key-table.ts';
import { answerPatienceNs, complaintOf, isUnanswered, resultOf } from './opening.ts';

export interface ConnectionsConfig {
  /** Conversations kept at once. */
  readonly limit: number;
  /** Conversations without any record for this long are forgotten. */
  readonly idleNs: number;
}

/** What a row of a conversation says besides its counters. */
export interface Account {
  readonly kind: 'connection_start' | 'connection_update' | 'connection_end';
  readonly ends: Ends;
  /** 1 on the row that opens a conversation whose start was seen. */
  readonly connections: 0 | 1;
  /** How the opening ended, on the row by which that became known. */
  readonly connectResult: ConnectResult;
}

export interface ConnectionsDeps {
  readonly counters: Counters;
  readonly around: Surroundings;
  readonly listeners: Listeners;
  /** Told once per conversation and interface: packets of `address` come out of the interface. */
  onBehind(address: string, ifindex: number): void;
  write(connection: Connection, account: Account): void;
  /** The conversation is over: nothing of it is to be expected any more. */
  onEnd(connection: Connection): void;
}

export interface Connections {
  readonly size: number;
  readonly hasPending: boolean;
  /** A flow record of that length; what a short one lacks counts as not known. */
  addFlow(bytes: Buffer, offset: number, length: number): void;
  find(bytes: Buffer, keyOffset: number): Connection | undefined;
  /** The conversation of the key, made if need be; undefined when the table is full. */
  open(bytes: Buffer, keyOffset: number): Connection | undefined;
  /** Better evidence than the ports: who sent a request. */
  orient(connection: Connection, initiator: Side, how: Certainty): void;
  ensureOriented(connection: Connection): void;
  /**
   * Writes what changed in the scan of that time. Unless `final`, an account whose other sightings are likely to follow
   * waits one round.
   */
  flush(scanNs: number, final: boolean): void;
  /** Lets those be told that waited too long for an answer. */
  giveUpWaiting(nowNs: number): void;
  /** Forgets idle conversations. */
  sweep(nowNs: number): void;
  clear(): void;
}

/** What only drops or payload told of never gets an end record. */
const unseenIdleNs = 60e9;

/** Packets this fresh at the time of the scan may have been counted at one interface and not yet at the next. */
const raceNs = 100e6;

export function createConnections(config: ConnectionsConfig, deps: ConnectionsDeps): Connections {
  const { counters } = deps;
  const table = createKeyTable<Connection>();
  let pending: Connection[] = [];
  /** Opened and not answered, as they came. */
  let unanswered: Connection[] = [];

  const open = (bytes: Buffer, keyOffset: number): Connection | undefined => {
    const known = table.find(bytes, keyOffset);
    if (known !== undefined) return known;
    if (table.size >= config.limit) {
      counters.add('connections_over_limit', 1);
      return undefined;
    }
    const connection = createConnection(bytes, keyOffset);
    table.insert(bytes, keyOffset, connection);
    return connection;
  };

  const orient = (connection: Connection, initiator: Side, how: Certainty): void => {
    if (how < connection.certainty || (how === connection.certainty && connection.certainty === certainty.seen)) return;
    connection.initiator = initiator;
    connection.certainty = how;
  };

  const ensureOriented = (connection: Connection): void => {
    if (connection.certainty >= certainty.inferred) return;
    const guess = inferInitiator(connection, deps.listeners);
    // A guess once written stays unless something better turns up: rows of one conversation should agree.
    if (connection.certainty === certainty.none || guess.certainty > connection.certainty) {
      connection.initiator = guess.initiator;
      connection.certainty = guess.certainty;
    }
  };

  const sightingAt = (connection: Connection, bytes: Buffer, keyOffset: number): Sighting => {
    const ifindex = bytes.readUInt32LE(keyOffset + flowKey.ifindex);
    const tunnel = bytes[keyOffset + flowKey.tunnel] ?? 0;
    const tunnelId = bytes.readUInt32LE(keyOffset + flowKey.tunnel_id);
    for (const known of connection.sightings) {
      if (known.ifindex === ifindex && known.tunnel === tunnel && known.tunnelId === tunnelId) return known;
    }
    const sighting: Sighting = {
      ifindex,
      tunnel,
      tunnelId,
      bytes: [0, 0],
      packets: [0, 0],
      zeroWindows: 0,
      resets: 0,
      icmpErrors: 0,
      faces: null,
      isPlaced: false,
      ended: false,
      changed: false,
    };
    connection.sightings.push(sighting);
    return sighting;
  };

  const learnFacing = (connection: Connection, sighting: Sighting, bytes: Buffer, offset: number): void => {
    for (const direction of [0, 1] as const) {
      const ingress = bytes[offset + flowRecord.ingress + direction];
      if (ingress !== 0 && ingress !== 1) continue;
      // Coming in: the sender is behind the interface. Going out: the receiver is.
      const faces: Side = (ingress === 1) === (direction === 0) ? 0 : 1;
      sighting.faces ??= faces;
      if (ingress !== 1 || sighting.isPlaced) continue;
      sighting.isPlaced = true;
      deps.onBehind(connection.addresses[faces], sighting.ifindex);
    }
  };

  const learnTimes = (connection: Connection, bytes: Buffer, offset: number, isStart: boolean): void => {
    const firstNs = readWide(bytes, offset + flowRecord.first_mono_ns);
    if (connection.firstNs === 0 || firstNs < connection.firstNs || (isStart && !connection.started)) {
      connection.firstNs = firstNs;
    }
    connection.lastNs = Math.max(connection.lastNs, readWide(bytes, offset + flowRecord.last_mono_ns));
  };

  const markDirty = (connection: Connection): void => {
    if (connection.dirty) return;
    connection.dirty = true;
    pending.push(connection);
  };

  /** What newer probes tell besides the counters. */
  const learnHealth = (connection: Connection, sighting: Sighting, bytes: Buffer, offset: number): void => {
    const { opening } = connection;
    const { zero_windows: zeroWindows, resets } = flowRecord;
    sighting.zeroWindows += bytes.readUInt32LE(offset + zeroWindows) + bytes.readUInt32LE(offset + zeroWindows + 4);
    sighting.resets += bytes.readUInt32LE(offset + resets) + bytes.readUInt32LE(offset + resets + 4);
    const icmpErrors = bytes.readUInt32LE(offset + flowRecord.icmp_errors);
    if (icmpErrors > 0) {
      sighting.icmpErrors += icmpErrors;
      const type = bytes[offset + flowRecord.icmp_error_type] ?? 0;
      opening.complaint ||= complaintOf(connection.family, type, bytes[offset + flowRecord.icmp_error_code] ?? 0);
    }
    opening.handshakeUs = Math.max(opening.handshakeUs, bytes.readUInt32LE(offset + flowRecord.handshake_us));
    const encryption = bytes[offset + flowRecord.encryption] ?? 0;
    if (encryption > connection.encryptionNow) {
      connection.encryptionNow = encryption;
      connection.encryption = encryption;
    }
    connection.carries = bytes[offset + flowRecord.carries] || connection.carries;
  };

  const addFlow = (bytes: Buffer, offset: number, length: number): void => {
    const connection = open(bytes, offset + flowRecord.key);
    if (connection === undefined) return;
    const kind = bytes[offset + flowRecord.kind] ?? 0;
    const isStart = (kind & flowStart) !== 0;
    if (isStart && connection.closed) reopen(connection);
    const { opening } = connection;
    const wasUnanswered = isUnanswered(opening, connection.initiator, connection.protocol);
    const sighting = sightingAt(connection, bytes, offset + flowRecord.key);
    learnFacing(connection, sighting, bytes, offset);
    learnTimes(connection, bytes, offset, isStart);
    for (const direction of [0, 1] as const) {
      sighting.bytes[direction] += readWide(bytes, offset + flowRecord.bytes + direction * 8);
      const packets = readWide(bytes, offset + flowRecord.packets + direction * 8);
      const flags = bytes.readUInt16LE(offset + flowRecord.tcp_flags + direction * 2);
      sighting.packets[direction] += packets;
      connection.tcpFlags |= flags;
      opening.flags[direction] |= flags;
      if (packets > 0) opening.sent[direction] = true;
    }
    if (length >= flowRecord.size) learnHealth(connection, sighting, bytes, offset);
    sighting.changed = true;
    sighting.ended = (kind & flowEnd) !== 0;
    if (isStart) connection.started = true;

    const initiator = bytes[offset + flowRecord.initiator];
    if ((initiator === 0 || initiator === 1) && connection.certainty !== certainty.seen) {
      const side = contradictsPorts(connection, initiator) ? (initiator === 0 ? 1 : 0) : initiator;
      orient(connection, side, certainty.seen);
    }
    connection.icmpType = bytes[offset + flowRecord.icmp_type + connection.initiator] ?? 0;
    connection.icmpCode = bytes[offset + flowRecord.icmp_code + connection.initiator] ?? 0;
    connection.srttUs = Math.max(connection.srttUs, bytes.readUInt32LE(offset + flowRecord.srtt_us));
    connection.retransmits = Math.max(connection.retransmits, bytes.readUInt32LE(offset + flowRecord.retransmits));
    connection.endCause = Math.max(connection.endCause, bytes[offset + flowRecord.end_cause] ?? 0);
    if (!wasUnanswered && isUnanswered(opening, connection.initiator, connection.protocol)) unanswered.push(connection);
    markDirty(connection);
  };

  const hasMoreToCome = (connection: Connection, ends: Ends, scanNs: number): boolean => {
    if (connection.deferred) return false;
    const endings = connection.sightings.filter((sighting) => sighting.ended).length;
    if (endings > 0 && endings < connection.sightings.length) return true;
    return connection.rows === 0 && ends.peer === undefined && scanNs - connection.lastNs < raceNs;
  };

  const account = (connection: Connection, ends: Ends): void => {
    const isEnding = !connection.closed && connection.sightings.some((sighting) => sighting.ended);
    const opens = connection.started && !connection.opened;
    const hasCounted = hasAnything(ends.counted) || hasAnything(ends.peer);
    const { opening } = connection;
    const result = opening.isTold ? '' : resultOf(opening, connection.initiator, connection.protocol, isEnding);
    if (isEnding || opens || hasCounted || result !== '') {
      const kind = isEnding ? 'connection_end' : opens ? 'connection_start' : 'connection_update';
      deps.write(connection, { kind, ends, connections: opens ? 1 : 0, connectResult: result });
      connection.rows += 1;
      opening.isTold ||= result !== '';
    }
    if (opens) connection.opened = true;
    settle(connection);
    if (!isEnding) return;
    connection.closed = true;
    deps.onEnd(connection);
  };

  const forget = (connection: Connection): void => {
    table.remove(connection.key, 0);
    deps.onEnd(connection);
  };

  return {
    get size() {
      return table.size;
    },
    get hasPending() {
      return pending.length > 0;
    },
    addFlow,
    find: (bytes, keyOffset) => table.find(bytes, keyOffset),
    open,
    orient,
    ensureOriented,
    flush(scanNs, final) {
      const batch = pending;
      pending = [];
      for (const connection of batch) {
        ensureOriented(connection);
        const ends = chooseEnds(connection, deps.around);
        if (!final && hasMoreToCome(connection, ends, scanNs)) {
          connection.deferred = true;
          pending.push(connection);
          continue;
        }
        connection.dirty = false;
        account(connection, ends);
        if (connection.closed && connection.sightings.every((sighting) => sighting.ended)) forget(connection);
      }
    },
    giveUpWaiting(nowNs) {
      let kept = 0;
      for (const connection of unanswered) {
        if (!isUnanswered(connection.opening, connection.initiator, connection.protocol)) continue;
        if (nowNs - connection.firstNs < answerPatienceNs) unanswered[kept++] = connection;
        else {
          connection.opening.isGivenUp = true;
          markDirty(connection);
        }
      }
      unanswered.length = kept;
    },
    sweep(nowNs) {
      for (const connection of [...table.values()]) {
        const idleNs = connection.sightings.length === 0 ? unseenIdleNs : config.idleNs;
        if (!connection.dirty && nowNs - connection.lastNs > idleNs) forget(connection);
      }
    },
    clear() {
      for (const connection of table.values()) deps.onEnd(connection);
      table.clear();
      pending = [];
      unanswered = [];
    },
  };
}

function hasAnything(sighting: Sighting | undefined): boolean {
  return sighting !== undefined && sighting.packets[0] + sighting.packets[1] + sighting.icmpErrors > 0;
}
