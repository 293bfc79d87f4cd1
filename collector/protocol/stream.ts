/**
 * Puts the captured segments of one direction of a TCP connection in order: drops what came twice, holds what came early,
 * and says how many bytes are missing where the kernel copied less than the packet had or a record was lost.
 */
import type { Budget } from './budget.ts';

export interface StreamSink {
  /** `isSegmentStart`: the first byte here was the first byte of a packet or captured chunk. */
  data(bytes: Buffer, atNs: number, isSegmentStart: boolean): void;
  gap(length: number): void;
  /** How many bytes from here on may be missing without harm: those of a body, which nobody reads. */
  readonly skippable: number;
}

export interface Stream {
  feed(sequence: number, payloadLength: number, bytes: Buffer, atNs: number): void;
  /** Gives up waiting for what should long have come. */
  sweep(nowNs: number): void;
  /** Gives up waiting for what is missing. */
  end(): void;
}

interface Held {
  readonly sequence: number;
  readonly payloadLength: number;
  readonly bytes: Buffer;
  readonly atNs: number;
}

const heldSegments = 64;
const heldBytes = 64 * 1024;
/** A packet out of order is never this late; what is missing after it was lost on the way to us. */
const patienceNs = 1e9;
const farAway = 1 << 24;

/** Signed distance of 32-bit sequence numbers. */
function distance(from: number, to: number): number {
  return (to - from) | 0;
}

export function createStream(sink: StreamSink, budget: Budget): Stream {
  let next: number | null = null;
  /** End of the last packet of which only the beginning was captured: up to here nothing more will come by itself. */
  let packetEnd = 0;
  let held: Held[] = [];
  let heldSize = 0;

  const deliver = (sequence: number, payloadLength: number, bytes: Buffer, atNs: number): void => {
    next ??= sequence;
    const known = -distance(next, sequence);
    if (known < 0) sink.gap(-known);
    const end = (sequence + bytes.length) >>> 0;
    if (known <= 0) {
      next = end;
      sink.data(bytes, atNs, true);
    } else if (known < bytes.length) {
      next = end;
      sink.data(bytes.subarray(known), atNs, false);
    }
    const endOfPacket = (sequence + payloadLength) >>> 0;
    if (distance(packetEnd, endOfPacket) > 0) packetEnd = endOfPacket;
  };

  /** In order, already known, after bytes that the kernel chose not to copy, or after such as nobody needs. */
  const isDue = (sequence: number): boolean =>
    next === null || distance(next, sequence) <= sink.skippable || distance(packetEnd, sequence) <= 0;

  const release = (): void => {
    const first = held.shift();
    if (first === undefined) return;
    heldSize -= first.bytes.length;
    budget.give(first.bytes.length);
    deliver(first.sequence, first.payloadLength, first.bytes, first.atNs);
  };

  const releaseDue = (): void => {
    for (let first = held[0]; first !== undefined && isDue(first.sequence); first = held[0]) release();
  };

  const hold = (segment: Held): void => {
    const after = held.findIndex((other) => distance(other.sequence, segment.sequence) < 0);
    held.splice(after === -1 ? held.length : after, 0, segment);
    heldSize += segment.bytes.length;
  };

  const isImpatient = (atNs: number): boolean => {
    const first = held[0];
    if (first === undefined) return false;
    return held.length > heldSegments || heldSize > heldBytes || atNs - first.atNs > patienceNs;
  };

  const releaseImpatient = (atNs: number): void => {
    while (isImpatient(atNs)) {
      release();
      releaseDue();
    }
  };

  return {
    feed(sequence, payloadLength, bytes, atNs) {
      if (next === null) packetEnd = sequence;
      const isFar = next !== null && distance(next, sequence) > farAway;
      if (isDue(sequence) || isFar) {
        deliver(sequence, payloadLength, bytes, atNs);
      } else if (budget.take(bytes.length)) {
        // The frame that holds the bytes goes away: keep a copy.
        hold({ sequence, payloadLength, bytes: Buffer.from(bytes), atNs });
      } else {
        while (held.length > 0) release();
        deliver(sequence, payloadLength, bytes, atNs);
      }
      releaseDue();
      releaseImpatient(atNs);
    },
    sweep: releaseImpatient,
    end() {
      while (held.length > 0) release();
      held = [];
    },
  };
}
