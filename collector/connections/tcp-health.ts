/**
 * What sockets of this machine told of their TCP connections when these were established and when they closed. Kept
 * until the conversation's last row has said it; bounded, the ones told longest ago go first.
 */
import { errnoName } from '../../model/errno.ts';
import type { Counters } from '../counters.ts';
import { conversationKey, type ConversationKey } from '../decode/conversation-key.ts';
import { readWide } from '../decode/bytes.ts';
import { tcpRecord } from '../decode/wire.ts';
import type { Side } from '../protocol/exchange.ts';

/** What a row says of a connection's health. */
export interface Health {
  readonly srttUs: number;
  /** Since the previous row. */
  readonly retransmits: number;
  readonly socketError: string;
}

export interface TcpHealth {
  readonly size: number;
  /** A TCP record. */
  add(bytes: Buffer, at: number): void;
  /**
   * What to say on a row of the conversation of that struct flow_key, of which a walk over the sockets told `walked`.
   * `isLast`: it will not be asked for again. Undefined when its sockets told nothing.
   */
  tell(key: Buffer, source: Side, walked: Omit<Health, 'socketError'>, isLast: boolean): Health | undefined;
  /** Forgets what closed long ago, and had no conversation that any interface saw. */
  sweep(nowNs: number): void;
}

interface Facts {
  readonly srttUs: number;
  readonly retransmits: number;
  readonly error: number;
  readonly isClosed: boolean;
}

interface Entry {
  readonly sides: [Facts | null, Facts | null];
  /** Its opening was told: the sockets' totals are of this conversation from its beginning. */
  isWhole: boolean;
  /** Retransmits that rows have said. */
  told: number;
  lastNs: number;
}

const established = 1;
const synSent = 2;
const closed = 7;
const unclaimedNs = 60e9;

function isOver(entry: Entry): boolean {
  return entry.sides.every((facts) => facts === null || facts.isClosed);
}

export function createTcpHealth(limit: number, counters: Counters): TcpHealth {
  const entries = new Map<ConversationKey, Entry>();

  const entryOf = (key: ConversationKey, isOpening: boolean): Entry => {
    const known = entries.get(key);
    entries.delete(key);
    // A connection that opens after all ends have closed is another one on the same ports.
    const entry =
      known === undefined || (isOpening && isOver(known))
        ? { sides: [null, null] as Entry['sides'], isWhole: false, told: 0, lastNs: 0 }
        : known;
    entries.set(key, entry);
    const oldest = entries.size > limit ? entries.keys().next().value : undefined;
    if (oldest !== undefined) {
      entries.delete(oldest);
      counters.add('tcp_health_over_limit', 1);
    }
    return entry;
  };

  return {
    get size() {
      return entries.size;
    },
    add(bytes, at) {
      const state = bytes[at + tcpRecord.state];
      const isOpening = state === established;
      const entry = entryOf(conversationKey(bytes, at + tcpRecord.key), isOpening);
      entry.sides[bytes[at + tcpRecord.local] === 1 ? 1 : 0] = {
        srttUs: bytes.readUInt32LE(at + tcpRecord.srtt_us),
        retransmits: bytes.readUInt32LE(at + tcpRecord.retransmits),
        error: bytes.readUInt32LE(at + tcpRecord.error),
        isClosed: state === closed,
      };
      entry.isWhole ||= isOpening || bytes[at + tcpRecord.old_state] === synSent;
      entry.lastNs = readWide(bytes, at + tcpRecord.mono_ns);
    },
    tell(flowKey, source, walked, isLast) {
      const key = conversationKey(flowKey, 0);
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (isLast) entries.delete(key);
      const [own, peer] = source === 0 ? entry.sides : [entry.sides[1], entry.sides[0]];
      const nearest = own ?? peer;
      const total = (own?.retransmits ?? 0) + (peer?.retransmits ?? 0);
      // The totals are final once every socket has closed; until then the walk's increases are all there is.
      const isFinal = entry.isWhole && isOver(entry);
      const retransmits = isFinal ? Math.max(0, total - entry.told) : walked.retransmits;
      entry.told += retransmits;
      const measured = nearest?.srttUs ?? 0;
      return {
        // The walk is later than the opening, the close later than the walk.
        srttUs: nearest?.isClosed === true && measured > 0 ? measured : walked.srttUs || measured,
        retransmits,
        socketError: errnoName(own?.error || (peer?.error ?? 0)),
      };
    },
    sweep(nowNs) {
      for (const [key, entry] of entries) {
        if (isOver(entry) && nowNs - entry.lastNs > unclaimedNs) entries.delete(key);
      }
    },
  };
}
