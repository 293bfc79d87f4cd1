/**
 * What is kept of each conversation and of each interface that saw it, in arrays by slot: objects for a hundred thousand
 * conversations would cost the garbage collector more than all counting does. Knows no rules, only where what lies.
 */
import type { AddressKey } from '../decode/address.ts';
import type { Resolution } from '../identity/identity.ts';
import type { Side } from '../protocol/exchange.ts';
import { flowKey } from '../decode/wire.ts';
import { wordsPerKey } from './key-table.ts';
import type { Translation } from './translations.ts';

/** How the initiator is known, weakest first. */
export const certainty = { none: 0, guessed: 1, inferred: 2, seen: 3 } as const;
export type Certainty = (typeof certainty)[keyof typeof certainty];

/** Words of a conversation, from `slot * field.size`. */
export const field = {
  initiator: 0,
  certainty: 1,
  /** Of `bit`. */
  bits: 2,
  /** Number of its newest sighting + 1, 0 for none. */
  sighting: 3,
  rows: 4,
  /** Since the last row, both ways together. */
  tcpFlags: 5,
  /** Since it began: what a sent, then what b sent. */
  openingFlags: 6,
  complaint: 8,
  handshakeUs: 9,
  icmpType: 10,
  icmpCode: 11,
  srttUs: 12,
  retransmits: 13,
  /** As end-cause.ts keeps it. */
  endCause: 14,
  /** enum encryption: what the latest records that told anything told, and what this scan's did. */
  encryption: 15,
  encryptionNow: 16,
  /** enum tunnel: the conversation is the outside of one. */
  carries: 17,
  /** Version of the interfaces for which the bits `isNode` are right, + 1. */
  nodeVersion: 18,
  idLow: 19,
  idHigh: 20,
  size: 21,
} as const;

export const bit = {
  /** START seen since the last row. */
  started: 1 << 0,
  /** A row said that it began. */
  opened: 1 << 1,
  /** An end row was written; what still trickles in from other interfaces does not end it again. */
  closed: 1 << 2,
  /** In the list of the current scan. */
  dirty: 1 << 3,
  /** Held back once already for the other sightings to come in. */
  deferred: 1 << 4,
  /** It waited too long for an answer. */
  givenUp: 1 << 5,
  /** A row said how its opening ended. */
  told: 1 << 6,
  /** a, then b, sent anything. */
  sent: 1 << 7,
  /** The address of a, then of b, is one of the node's own. */
  isNode: 1 << 9,
  /** There is more of it than counters: connection.ts. */
  hasObject: 1 << 11,
  /** Its sockets, or a translation, may have told something that no row has looked for yet. */
  askHealth: 1 << 12,
  askTranslation: 1 << 13,
} as const;

/** Doubles of a conversation, from `slot * time.size`. */
export const time = { firstNs: 0, lastNs: 1, size: 2 } as const;

/** Words of a sighting, from `number * seen.size`. */
export const seen = {
  ifindex: 0,
  /** Its packets were inside of a tunnel here: enum tunnel, and the tunnel's number. */
  tunnel: 1,
  tunnelId: 2,
  /** The one before it + 1, 0 for none. */
  next: 3,
  /** Which side is behind the interface, + 1; 0 until a packet told. */
  faces: 4,
  /** It was told that the address of that side comes out of the interface. */
  isPlaced: 5,
  isEnded: 6,
  zeroWindows: 7,
  resets: 8,
  icmpErrors: 9,
  size: 10,
} as const;

/** Doubles of a sighting since the last row, from `number * count.size`: a -> b, then b -> a. */
export const count = { bytes: 0, packets: 2, size: 4 } as const;

/** Who the ends were, when those of that translation were meant. */
export interface Resolved {
  readonly resolution: Resolution;
  readonly translation: Translation | undefined;
}

export interface ConnectionState {
  /** Ten words of each key, as the key table has them. */
  readonly keys: Uint32Array;
  readonly words: Uint32Array;
  readonly times: Float64Array;
  readonly seen: Uint32Array;
  readonly counts: Float64Array;
  /** By slot, from a to b, then from b to a: who the ends were when last asked. */
  readonly resolved: (Resolved | undefined)[];
}

export interface GrowingState extends ConnectionState {
  keys: Uint32Array;
  grow(capacity: number): void;
  /** All zero, and first in the slot's list. */
  addSighting(slot: number): number;
  /** Makes the slot as new. */
  reset(slot: number): void;
  dropSightings(slot: number): void;
}

const firstSightings = 2048;

export function createState(): GrowingState {
  let nextFree = 0;
  let used = 0;

  const state: { -readonly [K in keyof GrowingState]: GrowingState[K] } = {
    keys: new Uint32Array(),
    words: new Uint32Array(),
    times: new Float64Array(),
    seen: new Uint32Array(firstSightings * seen.size),
    counts: new Float64Array(firstSightings * count.size),
    resolved: [],
    grow(capacity) {
      const { words, times } = state;
      state.words = new Uint32Array(capacity * field.size);
      state.words.set(words);
      state.times = new Float64Array(capacity * time.size);
      state.times.set(times);
      for (let at = state.resolved.length; at < capacity * 2; at += 1) state.resolved.push(undefined);
    },
    addSighting(slot) {
      let number = nextFree - 1;
      if (number === -1) {
        if ((used + 1) * seen.size > state.seen.length) growSightings();
        number = used;
        used += 1;
      } else nextFree = state.seen[number * seen.size + seen.next] ?? 0;
      const at = number * seen.size;
      state.seen.fill(0, at, at + seen.size);
      state.counts.fill(0, number * count.size, (number + 1) * count.size);
      const first = slot * field.size + field.sighting;
      state.seen[at + seen.next] = state.words[first] ?? 0;
      state.words[first] = number + 1;
      return number;
    },
    dropSightings(slot) {
      const first = slot * field.size + field.sighting;
      for (let at = state.words[first] ?? 0; at !== 0;) {
        const next = (at - 1) * seen.size + seen.next;
        const following = state.seen[next] ?? 0;
        state.seen[next] = nextFree;
        nextFree = at;
        at = following;
      }
      state.words[first] = 0;
    },
    reset(slot) {
      state.dropSightings(slot);
      state.words.fill(0, slot * field.size, (slot + 1) * field.size);
      state.times.fill(0, slot * time.size, (slot + 1) * time.size);
      state.resolved[slot * 2] = undefined;
      state.resolved[slot * 2 + 1] = undefined;
    },
  };

  const growSightings = (): void => {
    const { seen: words, counts } = state;
    state.seen = new Uint32Array(words.length * 2);
    state.seen.set(words);
    state.counts = new Float64Array(counts.length * 2);
    state.counts.set(counts);
  };

  return state;
}

export function addressOf(state: ConnectionState, slot: number, side: Side): AddressKey {
  const { keys } = state;
  const at = slot * wordsPerKey * 4 + (side === 0 ? flowKey.addr_a : flowKey.addr_b);
  return Buffer.from(keys.buffer, at, 16).toString('latin1');
}

export function portOf(state: ConnectionState, slot: number, side: Side): number {
  const both = state.keys[slot * wordsPerKey + flowKey.port_a / 4] ?? 0;
  return side === 0 ? both & 0xffff : both >>> 16;
}

export function protocolOf(state: ConnectionState, slot: number): number {
  return (state.keys[slot * wordsPerKey + flowKey.protocol / 4] ?? 0) & 0xff;
}

export function familyOf(state: ConnectionState, slot: number): number {
  return (state.keys[slot * wordsPerKey + flowKey.protocol / 4] ?? 0) >>> 8;
}
