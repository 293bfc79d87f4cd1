/** A conversation as an object, for the few of which there is more to keep than counters: payload, drops, names. */
import type { AddressKey } from '../decode/address.ts';
import type { Conversation } from '../protocol/conversation.ts';
import type { TlsFacts } from '../protocol/tls-reader.ts';
import { addressOf, field, portOf, protocolOf, time, type ConnectionState } from './state.ts';

export interface Connection {
  /** Where its counters are; its own until it is over and nobody holds it. */
  readonly slot: number;
  readonly addresses: readonly [AddressKey, AddressKey];
  readonly ports: readonly [number, number];
  readonly protocol: number;
  /** Some interface saw it. */
  readonly isSeen: boolean;
  /** A row of its counters was written. */
  readonly hasRow: boolean;
  lastNs: number;
  /** Packets of each side that the kernel threw away since the last row, and what it last said of that. */
  readonly dropped: [number, number];
  dropReason: string;
  dropLocation: string;
  /** What its TLS handshake said; null when it is not TLS, or its start was not seen. */
  tls: TlsFacts | null;
  /** Its payload's reader, once payload was seen. */
  conversation: Conversation | null;
  /** Rows that are still to be written of it: the slot waits for them. */
  held: number;
  isOver: boolean;
}

export function createConnection(state: ConnectionState, slot: number): Connection {
  return new KeptConnection(state, slot);
}

/** A class, because closures for each of a hundred thousand conversations cost memory that a prototype does not. */
class KeptConnection implements Connection {
  readonly slot: number;
  readonly addresses: readonly [AddressKey, AddressKey];
  readonly ports: readonly [number, number];
  readonly protocol: number;
  readonly dropped: [number, number] = [0, 0];
  dropReason = '';
  dropLocation = '';
  tls: TlsFacts | null = null;
  conversation: Conversation | null = null;
  held = 0;
  isOver = false;
  // The state grows into new arrays: they are looked up every time.
  private readonly state: ConnectionState;

  constructor(state: ConnectionState, slot: number) {
    this.state = state;
    this.slot = slot;
    this.addresses = [addressOf(state, slot, 0), addressOf(state, slot, 1)];
    this.ports = [portOf(state, slot, 0), portOf(state, slot, 1)];
    this.protocol = protocolOf(state, slot);
  }

  get isSeen(): boolean {
    return this.state.words[this.slot * field.size + field.sighting] !== 0;
  }

  get hasRow(): boolean {
    return this.state.words[this.slot * field.size + field.rows] !== 0;
  }

  get lastNs(): number {
    return this.state.times[this.slot * time.size + time.lastNs] ?? 0;
  }

  set lastNs(ns: number) {
    this.state.times[this.slot * time.size + time.lastNs] = ns;
  }
}
