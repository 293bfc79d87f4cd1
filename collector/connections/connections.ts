/**
 * The table of conversations. Flow records of all interfaces are added up per conversation; `flush` writes one account
 * for each that changed, once the sightings of a scan are in. Bounded: past the limit records are counted and left out.
 */
import type { Side } from '../protocol/exchange.ts';
import { readWide } from '../decode/bytes.ts';
import { flowEnd, flowKey, flowRecord, flowStart } from '../decode/wire.ts';
import type { Counters } from '../counters.ts';
import { certainty, createConnection, settle, type Certainty, type Connection } from './connection.ts';
import type { Sighting } from './connection.ts';
import { chooseEnds, type Ends, type Surroundings } from './ends.ts';
import { contradictsPorts, inferInitiator, type Listeners } from './initiator.ts';
import { createKeyTable } from './key-table.ts';

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
  addFlow(bytes: Buffer, offset: number): void;
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

  const sightingAt = (connection: Connection, ifindex: number): Sighting => {
    for (const sighting of connection.sightings) if (sighting.ifindex === ifindex) return sighting;
    const sighting: Sighting = {
      ifindex,
      bytes: [0, 0],
      packets: [0, 0],
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

  const addFlow = (bytes: Buffer, offset: number): void => {
    const connection = open(bytes, offset + flowRecord.key);
    if (connection === undefined) return;
    const kind = bytes[offset + flowRecord.kind] ?? 0;
    const isStart = (kind & flowStart) !== 0;
    if (isStart && connection.closed) {
      // The same ports again: a new conversation under the same id.
      connection.closed = false;
      connection.opened = false;
      connection.sightings.length = 0;
      connection.firstNs = 0;
      connection.endCause = 0;
    }
    const sighting = sightingAt(connection, bytes.readUInt32LE(offset + flowRecord.key + flowKey.ifindex));
    learnFacing(connection, sighting, bytes, offset);
    learnTimes(connection, bytes, offset, isStart);
    for (const direction of [0, 1] as const) {
      sighting.bytes[direction] += readWide(bytes, offset + flowRecord.bytes + direction * 8);
      sighting.packets[direction] += readWide(bytes, offset + flowRecord.packets + direction * 8);
      connection.tcpFlags |= bytes.readUInt16LE(offset + flowRecord.tcp_flags + direction * 2);
    }
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
    if (!connection.dirty) {
      connection.dirty = true;
      pending.push(connection);
    }
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
    const hasCounted = hasPackets(ends.counted) || hasPackets(ends.peer);
    if (isEnding || opens || hasCounted) {
      const kind = isEnding ? 'connection_end' : opens ? 'connection_start' : 'connection_update';
      deps.write(connection, { kind, ends, connections: opens ? 1 : 0 });
      connection.rows += 1;
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
    },
  };
}

function hasPackets(sighting: Sighting | undefined): boolean {
  return sighting !== undefined && sighting.packets[0] + sighting.packets[1] > 0;
}
