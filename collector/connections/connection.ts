/** One conversation as the collector keeps it: what each interface saw of it since the last row, and who is who. */
import { addressKey, type AddressKey } from '../decode/address.ts';
import { flowKey } from '../decode/wire.ts';
import type { Conversation } from '../protocol/conversation.ts';
import type { Side } from '../protocol/exchange.ts';
import type { TlsFacts } from '../protocol/tls-reader.ts';
import { hashKey } from './key-table.ts';
import { createOpening, forgetOpening, type Opening } from './opening.ts';

/** How the initiator is known, weakest first. */
export const certainty = { none: 0, guessed: 1, inferred: 2, seen: 3 } as const;
export type Certainty = (typeof certainty)[keyof typeof certainty];

/** What one interface counted since the last row. Index 0 counts a -> b. */
export interface Sighting {
  readonly ifindex: number;
  /** Its packets were inside of a tunnel here: enum tunnel, and the tunnel's number. */
  readonly tunnel: number;
  readonly tunnelId: number;
  readonly bytes: [number, number];
  readonly packets: [number, number];
  zeroWindows: number;
  resets: number;
  icmpErrors: number;
  /** Which side is behind the interface; null until a packet told. */
  faces: Side | null;
  /** It was told that the address of that side comes out of the interface. */
  isPlaced: boolean;
  ended: boolean;
  changed: boolean;
}

export interface Connection {
  /** struct flow_key; its ifindex is that of the latest payload record. */
  readonly key: Buffer;
  readonly idLow: number;
  readonly idHigh: number;
  readonly addresses: readonly [AddressKey, AddressKey];
  readonly ports: readonly [number, number];
  readonly protocol: number;
  readonly family: number;
  readonly sightings: Sighting[];
  initiator: Side;
  certainty: Certainty;
  firstNs: number;
  lastNs: number;
  tcpFlags: number;
  icmpType: number;
  icmpCode: number;
  srttUs: number;
  retransmits: number;
  endCause: number;
  /** What was seen of its opening. */
  readonly opening: Opening;
  /** enum encryption: what this scan's records tell, and what the latest did that told anything. */
  encryptionNow: number;
  encryption: number;
  /** enum tunnel: the conversation is the outside of one. */
  carries: number;
  /** Packets of each side that the kernel threw away since the last row, and what it last said of that. */
  readonly dropped: [number, number];
  dropReason: string;
  dropLocation: string;
  /** START seen since the last row; `opened` once a row said so. */
  started: boolean;
  opened: boolean;
  /** An end row was written; what still trickles in from other interfaces does not end it again. */
  closed: boolean;
  rows: number;
  /** In the list of the current scan. */
  dirty: boolean;
  /** Held back once already for the other sightings to come in. */
  deferred: boolean;
  /** What its TLS handshake said; null when it is not TLS, or its start was not seen. */
  tls: TlsFacts | null;
  /** Its payload's reader, once payload was seen. */
  conversation: Conversation | null;
}

/** Both ends of every TCP and UDP conversation, and echo, have ports; ICMP errors and others have none. */
export function createConnection(bytes: Buffer, offset: number): Connection {
  const key = Buffer.from(bytes.subarray(offset, offset + flowKey.size));
  return {
    key,
    idLow: hashKey(key, 0, 0x9e3779b9),
    idHigh: hashKey(key, 0, 0x85ebca77),
    addresses: [addressKey(key, flowKey.addr_a), addressKey(key, flowKey.addr_b)],
    ports: [key.readUInt16LE(flowKey.port_a), key.readUInt16LE(flowKey.port_b)],
    protocol: key[flowKey.protocol] ?? 0,
    family: key[flowKey.family] ?? 0,
    sightings: [],
    initiator: 0,
    certainty: certainty.none,
    firstNs: 0,
    lastNs: 0,
    tcpFlags: 0,
    icmpType: 0,
    icmpCode: 0,
    srttUs: 0,
    retransmits: 0,
    endCause: 0,
    opening: createOpening(),
    encryptionNow: 0,
    encryption: 0,
    carries: 0,
    dropped: [0, 0],
    dropReason: '',
    dropLocation: '',
    started: false,
    opened: false,
    closed: false,
    rows: 0,
    dirty: false,
    deferred: false,
    tls: null,
    conversation: null,
  };
}

/** The same ports again: a new conversation under the same id. */
export function reopen(connection: Connection): void {
  connection.closed = false;
  connection.opened = false;
  connection.sightings.length = 0;
  connection.firstNs = 0;
  connection.endCause = 0;
  connection.dropReason = '';
  connection.dropLocation = '';
  connection.encryption = 0;
  connection.carries = 0;
  forgetOpening(connection.opening);
}

/** Forgets what has been written to a row. */
export function settle(connection: Connection): void {
  for (const sighting of connection.sightings) {
    sighting.bytes[0] = 0;
    sighting.bytes[1] = 0;
    sighting.packets[0] = 0;
    sighting.packets[1] = 0;
    sighting.zeroWindows = 0;
    sighting.resets = 0;
    sighting.icmpErrors = 0;
    sighting.changed = false;
  }
  connection.dropped[0] = 0;
  connection.dropped[1] = 0;
  connection.tcpFlags = 0;
  connection.retransmits = 0;
  connection.encryptionNow = 0;
  connection.started = false;
  connection.deferred = false;
}
