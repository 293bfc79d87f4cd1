/**
 * The table of conversations. Flow records of all interfaces are added up per conversation; `flush` writes one account
 * for each that changed, once the sightings of a scan are in. Bounded: past the limit records are counted and left out.
 */
import type { ConnectResult } from '../../model/words.ts';
import type { Counters } from '../counters.ts';
import { flowEnd, flowKey, flowRecord, flowStart } from '../decode/wire.ts';
import type { Side } from '../protocol/exchange.ts';
import { createConnection, type Connection } from './connection.ts';
import { createEnds, nowhere, type Ends, type Surroundings } from './ends.ts';
import { contradictsPorts, inferInitiator, type Listeners } from './initiator.ts';
import { createKeyTable, hashWords, idSeeds, wordsPerKey } from './key-table.ts';
import { answerPatienceNs, complaintOf, isUnanswered, resultOf } from './opening.ts';
import { endCauseOf } from './end-cause.ts';
import {
  addressOf,
  bit,
  certainty,
  count,
  createState,
  familyOf,
  field,
  portOf,
  protocolOf,
  seen,
  time,
} from './state.ts';
import type { Certainty, ConnectionState } from './state.ts';

export interface ConnectionsConfig {
  /** Conversations kept at once. */
  readonly limit: number;
  /** Conversations without any record for this long are forgotten. */
  readonly idleNs: number;
}

/** What a row of a conversation says besides its counters. Good until the next one. */
export interface Account {
  kind: 'connection_start' | 'connection_update' | 'connection_end';
  ends: Readonly<Ends>;
  /** 1 on the row that opens a conversation whose start was seen. */
  connections: 0 | 1;
  /** How the opening ended, on the row by which that became known. */
  connectResult: ConnectResult;
}

export interface ConnectionsDeps {
  readonly counters: Counters;
  readonly around: Surroundings;
  readonly listeners: Listeners;
  /** Told once per conversation and interface: packets of `address` come out of the interface. */
  onBehind(address: string, ifindex: number): void;
  write(slot: number, account: Readonly<Account>): void;
  /** The conversation is over: nothing of it is to be expected any more. */
  onEnd(connection: Connection): void;
}

export interface Connections {
  readonly size: number;
  readonly hasPending: boolean;
  /** Counters by slot, for whoever writes rows. */
  readonly state: ConnectionState;
  /** A flow record of that length; what a short one lacks counts as not known. */
  addFlow(view: DataView, offset: number, length: number): void;
  /** The conversation of the key, made if need be; undefined when the table is full. */
  open(bytes: Buffer, keyOffset: number): Connection | undefined;
  /** Slot of the key, -1 when there is none. */
  find(bytes: Buffer, keyOffset: number): number;
  /** Sets these bits of the key's conversation, if there is one. */
  mark(bytes: Buffer, keyOffset: number, bits: number): void;
  /** What is kept of a slot besides counters, if anything is. */
  besides(slot: number): Connection | undefined;
  /** Keeps the slot of a conversation that may end meanwhile, until as many `release` as `hold`. */
  hold(connection: Connection): void;
  release(connection: Connection): void;
  chooseEnds(slot: number): Readonly<Ends>;
  /** Better evidence than the ports: who sent a request. */
  orient(connection: Connection, initiator: Side, how: Certainty): void;
  ensureOriented(slot: number): void;
  /**
   * Writes what changed in the scan of that time. Unless `final`, an account whose other sightings are likely to follow
   * waits one round.
   */
  flush(scanNs: number, final: boolean): void;
  /** Lets those be told that waited too long for an answer. */
  giveUpWaiting(nowNs: number): void;
  /** Forgets idle conversations, some at every call. */
  sweep(nowNs: number): void;
  clear(): void;
}

/** What only drops or payload told of never gets an end record. */
const unseenIdleNs = 60e9;
/** Packets this fresh at the time of the scan may have been counted at one interface and not yet at the next. */
const raceNs = 100e6;
/** Slots that one call of `sweep` looks at: a fraction of a millisecond. */
const slotsPerSweep = 8192;
const wide = 4294967296;

export function createConnections(config: ConnectionsConfig, deps: ConnectionsDeps): Connections {
  const { counters } = deps;
  const state = createState();
  const table = createKeyTable((capacity) => state.grow(capacity));
  const chooseEnds = createEnds(state, deps.around);
  /** By slot: what there is besides counters. */
  const objects = new Map<number, Connection>();
  let pending: number[] = [];
  let held: number[] = [];
  /** Opened and not answered, as they came. */
  const unanswered: number[] = [];
  let sweepAt = 0;
  /** A frame's records come one after the other: one view of it will do. */
  let viewed: Buffer | null = null;
  let view: DataView = new DataView(new ArrayBuffer(0));

  const openSlot = (from: DataView, keyOffset: number): number => {
    const known = table.find(from, keyOffset);
    if (known !== -1) return known;
    if (table.size >= config.limit) {
      counters.add('connections_over_limit', 1);
      return -1;
    }
    const slot = table.insert(from, keyOffset);
    state.keys = table.keys;
    const at = slot * field.size;
    state.words[at + field.bits] = bit.askHealth | bit.askTranslation;
    state.words[at + field.idLow] = hashWords(table.keys, slot * wordsPerKey, idSeeds[0]);
    state.words[at + field.idHigh] = hashWords(table.keys, slot * wordsPerKey, idSeeds[1]);
    return slot;
  };

  const besides = (slot: number): Connection | undefined =>
    ((state.words[slot * field.size + field.bits] ?? 0) & bit.hasObject) === 0 ? undefined : objects.get(slot);

  const viewOf = (bytes: Buffer): DataView => {
    if (bytes !== viewed) {
      viewed = bytes;
      view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return view;
  };

  const objectOf = (slot: number): Connection => {
    const known = besides(slot);
    if (known !== undefined) return known;
    const connection = createConnection(state, slot);
    objects.set(slot, connection);
    raiseBits(state.words, slot * field.size + field.bits, bit.hasObject);
    return connection;
  };

  const orientSlot = (slot: number, initiator: Side, how: Certainty): void => {
    const at = slot * field.size;
    const known = state.words[at + field.certainty] ?? 0;
    if (how < known || (how === known && known === certainty.seen)) return;
    state.words[at + field.initiator] = initiator;
    state.words[at + field.certainty] = how;
  };

  const ensureOriented = (slot: number): void => {
    const at = slot * field.size;
    const known = state.words[at + field.certainty] ?? 0;
    if (known >= certainty.inferred) return;
    const guess = inferInitiator(
      {
        addresses: [addressOf(state, slot, 0), addressOf(state, slot, 1)],
        ports: [portOf(state, slot, 0), portOf(state, slot, 1)],
        protocol: protocolOf(state, slot),
      },
      deps.listeners,
    );
    // A guess once written stays unless something better turns up: rows of one conversation should agree.
    if (known === certainty.none || guess.certainty > known) {
      state.words[at + field.initiator] = guess.initiator;
      state.words[at + field.certainty] = guess.certainty;
    }
  };

  const sightingAt = (slot: number, from: DataView, key: number): number => {
    const ifindex = from.getUint32(key + flowKey.ifindex, true);
    const tunnel = from.getUint8(key + flowKey.tunnel);
    const tunnelId = from.getUint32(key + flowKey.tunnel_id, true);
    for (let next = state.words[slot * field.size + field.sighting] ?? 0; next !== 0;) {
      const at = (next - 1) * seen.size;
      if (
        state.seen[at + seen.ifindex] === ifindex &&
        state.seen[at + seen.tunnel] === tunnel &&
        state.seen[at + seen.tunnelId] === tunnelId
      ) {
        return next - 1;
      }
      next = state.seen[at + seen.next] ?? 0;
    }
    const number = state.addSighting(slot);
    const at = number * seen.size;
    state.seen[at + seen.ifindex] = ifindex;
    state.seen[at + seen.tunnel] = tunnel;
    state.seen[at + seen.tunnelId] = tunnelId;
    return number;
  };

  const learnFacing = (slot: number, sighting: number, from: DataView, offset: number): void => {
    const at = sighting * seen.size;
    for (let direction = 0; direction < 2; direction += 1) {
      const ingress = from.getUint8(offset + flowRecord.ingress + direction);
      if (ingress > 1) continue;
      // Coming in: the sender is behind the interface. Going out: the receiver is.
      const faces: Side = (ingress === 1) === (direction === 0) ? 0 : 1;
      if (state.seen[at + seen.faces] === 0) state.seen[at + seen.faces] = faces + 1;
      if (ingress !== 1 || state.seen[at + seen.isPlaced] === 1) continue;
      state.seen[at + seen.isPlaced] = 1;
      deps.onBehind(addressOf(state, slot, faces), state.seen[at + seen.ifindex] ?? 0);
    }
  };

  /** The same ports again: a new conversation under the same id. */
  const reopen = (slot: number): void => {
    const at = slot * field.size;
    const { words } = state;
    state.dropSightings(slot);
    state.times[slot * time.size + time.firstNs] = 0;
    words[at + field.bits] =
      (words[at + field.bits] ?? 0) & (bit.dirty | bit.deferred | bit.hasObject | (3 * bit.isNode));
    raiseBits(words, at + field.bits, bit.askHealth | bit.askTranslation);
    words[at + field.openingFlags] = 0;
    words[at + field.openingFlags + 1] = 0;
    words[at + field.complaint] = 0;
    words[at + field.handshakeUs] = 0;
    words[at + field.endCause] = 0;
    words[at + field.encryption] = 0;
    words[at + field.carries] = 0;
    const connection = besides(slot);
    if (connection === undefined) return;
    connection.dropReason = '';
    connection.dropLocation = '';
  };

  /** What newer probes tell besides the counters. */
  const learnHealth = (at: number, sighting: number, slot: number, from: DataView, offset: number): void => {
    const { words } = state;
    const seenAt = sighting * seen.size;
    const { zero_windows: zeroWindows, resets } = flowRecord;
    add(state.seen, seenAt + seen.zeroWindows, from.getUint32(offset + zeroWindows, true));
    add(state.seen, seenAt + seen.zeroWindows, from.getUint32(offset + zeroWindows + 4, true));
    add(state.seen, seenAt + seen.resets, from.getUint32(offset + resets, true));
    add(state.seen, seenAt + seen.resets, from.getUint32(offset + resets + 4, true));
    const icmpErrors = from.getUint32(offset + flowRecord.icmp_errors, true);
    if (icmpErrors > 0) {
      add(state.seen, seenAt + seen.icmpErrors, icmpErrors);
      const type = from.getUint8(offset + flowRecord.icmp_error_type);
      const told = complaintOf(familyOf(state, slot), type, from.getUint8(offset + flowRecord.icmp_error_code));
      if (words[at + field.complaint] === 0) words[at + field.complaint] = told;
    }
    const handshakeUs = from.getUint32(offset + flowRecord.handshake_us, true);
    if (handshakeUs > (words[at + field.handshakeUs] ?? 0)) words[at + field.handshakeUs] = handshakeUs;
    const encryption = from.getUint8(offset + flowRecord.encryption);
    if (encryption > (words[at + field.encryptionNow] ?? 0)) {
      words[at + field.encryptionNow] = encryption;
      words[at + field.encryption] = encryption;
    }
    const carries = from.getUint8(offset + flowRecord.carries);
    if (carries !== 0) words[at + field.carries] = carries;
  };

  const markDirty = (slot: number): void => {
    const at = slot * field.size + field.bits;
    const bits = state.words[at] ?? 0;
    if ((bits & bit.dirty) !== 0) return;
    state.words[at] = bits | bit.dirty;
    pending.push(slot);
  };

  const isWaiting = (slot: number): boolean => {
    const at = slot * field.size;
    const { words } = state;
    if (((words[at + field.bits] ?? 0) & bit.told) !== 0) return false;
    const opener = words[at + field.initiator] ?? 0;
    const flags = at + field.openingFlags;
    return isUnanswered(protocolOf(state, slot), words[flags + opener] ?? 0, words[flags + 1 - opener] ?? 0);
  };

  const learnInitiator = (slot: number, initiator: number): void => {
    if (initiator > 1 || state.words[slot * field.size + field.certainty] === certainty.seen) return;
    const side: Side = initiator === 0 ? 0 : 1;
    const other: Side = side === 0 ? 1 : 0;
    const isOther = contradictsPorts(protocolOf(state, slot), portOf(state, slot, side), portOf(state, slot, other));
    orientSlot(slot, isOther ? other : side, certainty.seen);
  };

  /** The hottest of all: a busy node sends a million of these records a second. Reads in place, makes no object. */
  const addFlow = (from: DataView, offset: number, length: number): void => {
    const slot = openSlot(from, offset + flowRecord.key);
    if (slot === -1) return;
    const at = slot * field.size;
    const kind = from.getUint8(offset + flowRecord.kind);
    const isStart = (kind & flowStart) !== 0;
    if (isStart && ((state.words[at + field.bits] ?? 0) & bit.closed) !== 0) reopen(slot);
    const sighting = sightingAt(slot, from, offset + flowRecord.key);
    const { words, times, counts } = state;
    learnFacing(slot, sighting, from, offset);

    const firstNs = readWide(from, offset + flowRecord.first_mono_ns);
    const lastNs = readWide(from, offset + flowRecord.last_mono_ns);
    const timesAt = slot * time.size;
    let bits = words[at + field.bits] ?? 0;
    const known = times[timesAt + time.firstNs] ?? 0;
    if (known === 0 || firstNs < known || (isStart && (bits & bit.started) === 0))
      times[timesAt + time.firstNs] = firstNs;
    if (lastNs > (times[timesAt + time.lastNs] ?? 0)) times[timesAt + time.lastNs] = lastNs;

    let flags = words[at + field.tcpFlags] ?? 0;
    for (let direction = 0; direction < 2; direction += 1) {
      const packets = readWide(from, offset + flowRecord.packets + direction * 8);
      const sent = from.getUint16(offset + flowRecord.tcp_flags + direction * 2, true);
      const countsAt = sighting * count.size + direction;
      add(counts, countsAt + count.bytes, readWide(from, offset + flowRecord.bytes + direction * 8));
      add(counts, countsAt + count.packets, packets);
      flags |= sent;
      raiseBits(words, at + field.openingFlags + direction, sent);
      if (packets > 0) bits |= bit.sent << direction;
    }
    words[at + field.tcpFlags] = flags;
    if (isStart) bits |= bit.started;
    words[at + field.bits] = bits;
    if (length >= flowRecord.size) learnHealth(at, sighting, slot, from, offset);
    state.seen[sighting * seen.size + seen.isEnded] = (kind & flowEnd) === 0 ? 0 : 1;

    learnInitiator(slot, from.getUint8(offset + flowRecord.initiator));
    const opener = words[at + field.initiator] ?? 0;
    words[at + field.icmpType] = from.getUint8(offset + flowRecord.icmp_type + opener);
    words[at + field.icmpCode] = from.getUint8(offset + flowRecord.icmp_code + opener);
    raise(words, at + field.srttUs, from.getUint32(offset + flowRecord.srtt_us, true));
    raise(words, at + field.retransmits, from.getUint32(offset + flowRecord.retransmits, true));
    raise(words, at + field.endCause, endCauseOf(from, offset));
    // One that is told twice waits once more than it must, and is told once.
    if (isStart && isWaiting(slot)) unanswered.push(slot);
    markDirty(slot);
  };

  const hasMoreToCome = (slot: number, ends: Readonly<Ends>, scanNs: number): boolean => {
    const at = slot * field.size;
    if (((state.words[at + field.bits] ?? 0) & bit.deferred) !== 0) return false;
    const ended = endedOf(slot);
    if (ended === 'some') return true;
    const isFresh = scanNs - (state.times[slot * time.size + time.lastNs] ?? 0) < raceNs;
    return isFresh && state.words[at + field.rows] === 0 && ends.peer === nowhere;
  };

  /** How many of the interfaces that saw it said that it ended. */
  const endedOf = (slot: number): 'none' | 'some' | 'all' => {
    let sightings = 0;
    let ended = 0;
    for (let next = state.words[slot * field.size + field.sighting] ?? 0; next !== 0;) {
      const at = (next - 1) * seen.size;
      sightings += 1;
      ended += state.seen[at + seen.isEnded] ?? 0;
      next = state.seen[at + seen.next] ?? 0;
    }
    if (ended === 0) return 'none';
    return ended === sightings ? 'all' : 'some';
  };

  const hasAnything = (sighting: number): boolean => {
    if (sighting === nowhere) return false;
    const at = sighting * count.size + count.packets;
    const packets = (state.counts[at] ?? 0) + (state.counts[at + 1] ?? 0);
    return packets + (state.seen[sighting * seen.size + seen.icmpErrors] ?? 0) > 0;
  };

  const openingOf = (slot: number, isEnding: boolean): ConnectResult => {
    const at = slot * field.size;
    const { words } = state;
    const bits = words[at + field.bits] ?? 0;
    if ((bits & bit.told) !== 0) return '';
    const opener = words[at + field.initiator] ?? 0;
    return resultOf({
      protocol: protocolOf(state, slot),
      opened: words[at + field.openingFlags + opener] ?? 0,
      answered: words[at + field.openingFlags + 1 - opener] ?? 0,
      hasAnswer: (bits & (bit.sent << (1 - opener))) !== 0,
      complaint: words[at + field.complaint] ?? 0,
      isOver: isEnding || (bits & bit.givenUp) !== 0,
    });
  };

  const written: Account = {
    kind: 'connection_update',
    ends: { reporter: 'source', counted: nowhere, peer: nowhere },
    connections: 0,
    connectResult: '',
  };

  /** Forgets what has been written to a row. */
  const settle = (slot: number): void => {
    const at = slot * field.size;
    const { words } = state;
    for (let next = words[at + field.sighting] ?? 0; next !== 0;) {
      const sighting = (next - 1) * seen.size;
      const countsAt = (next - 1) * count.size;
      state.counts[countsAt] = 0;
      state.counts[countsAt + 1] = 0;
      state.counts[countsAt + 2] = 0;
      state.counts[countsAt + 3] = 0;
      state.seen[sighting + seen.zeroWindows] = 0;
      state.seen[sighting + seen.resets] = 0;
      state.seen[sighting + seen.icmpErrors] = 0;
      next = state.seen[sighting + seen.next] ?? 0;
    }
    words[at + field.tcpFlags] = 0;
    words[at + field.retransmits] = 0;
    words[at + field.encryptionNow] = 0;
    words[at + field.bits] = (words[at + field.bits] ?? 0) & ~(bit.started | bit.deferred | bit.dirty);
    const connection = besides(slot);
    if (connection === undefined) return;
    connection.dropped[0] = 0;
    connection.dropped[1] = 0;
  };

  const account = (slot: number, ends: Readonly<Ends>, hasEnded: boolean): void => {
    const at = slot * field.size;
    const bits = state.words[at + field.bits] ?? 0;
    const isEnding = hasEnded && (bits & bit.closed) === 0;
    const opens = (bits & bit.started) !== 0 && (bits & bit.opened) === 0;
    const result = openingOf(slot, isEnding);
    if (isEnding || opens || result !== '' || hasAnything(ends.counted) || hasAnything(ends.peer)) {
      written.kind = isEnding ? 'connection_end' : opens ? 'connection_start' : 'connection_update';
      written.ends = ends;
      written.connections = opens ? 1 : 0;
      written.connectResult = result;
      deps.write(slot, written);
      state.words[at + field.rows] = 1;
    }
    settle(slot);
    const now = (opens ? bit.opened : 0) | (result === '' ? 0 : bit.told) | (isEnding ? bit.closed : 0);
    raiseBits(state.words, at + field.bits, now);
    if (isEnding) tellEnd(slot);
  };

  const tellEnd = (slot: number): void => {
    const connection = besides(slot);
    if (connection !== undefined) deps.onEnd(connection);
  };

  const free = (slot: number): void => {
    objects.delete(slot);
    state.reset(slot);
    table.free(slot);
  };

  const forget = (slot: number): void => {
    table.unlist(slot);
    const connection = besides(slot);
    if (connection !== undefined) {
      deps.onEnd(connection);
      connection.isOver = true;
      if (connection.held > 0) return;
    }
    free(slot);
  };

  return {
    get size() {
      return table.size;
    },
    get hasPending() {
      return pending.length > 0;
    },
    state,
    addFlow,
    open(bytes, keyOffset) {
      const slot = openSlot(viewOf(bytes), keyOffset);
      return slot === -1 ? undefined : objectOf(slot);
    },
    find: (bytes, keyOffset) => table.find(viewOf(bytes), keyOffset),
    mark(bytes, keyOffset, bits) {
      const slot = table.find(viewOf(bytes), keyOffset);
      if (slot !== -1) raiseBits(state.words, slot * field.size + field.bits, bits);
    },
    besides,
    hold(connection) {
      connection.held += 1;
    },
    release(connection) {
      connection.held -= 1;
      if (connection.isOver && connection.held === 0) free(connection.slot);
    },
    chooseEnds,
    orient: (connection, initiator, how) => orientSlot(connection.slot, initiator, how),
    ensureOriented,
    flush(scanNs, final) {
      const batch = pending;
      pending = held;
      pending.length = 0;
      for (const slot of batch) {
        ensureOriented(slot);
        const ends = chooseEnds(slot);
        if (!final && hasMoreToCome(slot, ends, scanNs)) {
          raiseBits(state.words, slot * field.size + field.bits, bit.deferred);
          pending.push(slot);
          continue;
        }
        const ended = endedOf(slot);
        account(slot, ends, ended !== 'none');
        if (ended === 'all') forget(slot);
      }
      held = batch;
    },
    giveUpWaiting(nowNs) {
      let kept = 0;
      for (const slot of unanswered) {
        if (!table.isListed(slot) || !isWaiting(slot)) continue;
        if (nowNs - (state.times[slot * time.size + time.firstNs] ?? 0) < answerPatienceNs) {
          unanswered[kept++] = slot;
          continue;
        }
        raiseBits(state.words, slot * field.size + field.bits, bit.givenUp);
        markDirty(slot);
      }
      unanswered.length = kept;
    },
    sweep(nowNs) {
      const end = Math.min(table.capacity, sweepAt + slotsPerSweep);
      for (let slot = sweepAt; slot < end; slot += 1) {
        if (!table.isListed(slot)) continue;
        const at = slot * field.size;
        const idleNs = state.words[at + field.sighting] === 0 ? unseenIdleNs : config.idleNs;
        if (((state.words[at + field.bits] ?? 0) & bit.dirty) !== 0) continue;
        if (nowNs - (state.times[slot * time.size + time.lastNs] ?? 0) > idleNs) forget(slot);
      }
      sweepAt = end === table.capacity ? 0 : end;
    },
    clear() {
      for (let slot = 0; slot < table.capacity; slot += 1) if (table.isListed(slot)) forget(slot);
      pending = [];
      unanswered.length = 0;
    },
  };
}

function add(numbers: Uint32Array | Float64Array, at: number, value: number): void {
  numbers[at] = (numbers[at] ?? 0) + value;
}

function raiseBits(words: Uint32Array, at: number, bits: number): void {
  words[at] = (words[at] ?? 0) | bits;
}

function raise(words: Uint32Array, at: number, value: number): void {
  if (value > (words[at] ?? 0)) words[at] = value;
}

/** 64 bits as a double: exact to 2^53, 104 days in ns. */
function readWide(from: DataView, offset: number): number {
  return from.getUint32(offset, true) + from.getUint32(offset + 4, true) * wide;
}
