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
  return new OrderedStream(sink, budget);
}

/** A class, because closures for both directions of every connection cost memory that a prototype does not. */
class OrderedStream implements Stream {
  private readonly sink: StreamSink;
  private readonly budget: Budget;
  private next: number | null = null;
  /** End of the last packet of which only the beginning was captured: up to here nothing more will come by itself. */
  private packetEnd = 0;
  /** Null while it is empty, which is nearly always. */
  private held: Held[] | null = null;
  private heldSize = 0;

  constructor(sink: StreamSink, budget: Budget) {
    this.sink = sink;
    this.budget = budget;
  }

  feed(sequence: number, payloadLength: number, bytes: Buffer, atNs: number): void {
    if (this.next === null) this.packetEnd = sequence;
    const isFar = this.next !== null && distance(this.next, sequence) > farAway;
    if (isFar || this.isDue(sequence)) {
      this.deliver(sequence, payloadLength, bytes, atNs);
    } else if (this.budget.take(bytes.length)) {
      // The frame that holds the bytes goes away: keep a copy.
      this.hold({ sequence, payloadLength, bytes: Buffer.from(bytes), atNs });
    } else {
      while (this.held !== null) this.release(this.held);
      this.deliver(sequence, payloadLength, bytes, atNs);
    }
    if (this.held === null) return;
    this.releaseDue();
    this.sweep(atNs);
  }

  sweep(atNs: number): void {
    while (this.held !== null && this.isImpatient(this.held, atNs)) {
      this.release(this.held);
      this.releaseDue();
    }
  }

  end(): void {
    while (this.held !== null) this.release(this.held);
  }

  private deliver(sequence: number, payloadLength: number, bytes: Buffer, atNs: number): void {
    this.next ??= sequence;
    const known = -distance(this.next, sequence);
    if (known < 0) this.sink.gap(-known);
    const end = (sequence + bytes.length) >>> 0;
    if (known <= 0) {
      this.next = end;
      this.sink.data(bytes, atNs, true);
    } else if (known < bytes.length) {
      this.next = end;
      this.sink.data(bytes.subarray(known), atNs, false);
    }
    const endOfPacket = (sequence + payloadLength) >>> 0;
    if (distance(this.packetEnd, endOfPacket) > 0) this.packetEnd = endOfPacket;
  }

  /** In order, already known, after bytes that the kernel chose not to copy, or after such as nobody needs. */
  private isDue(sequence: number): boolean {
    if (this.next === null) return true;
    const ahead = distance(this.next, sequence);
    return ahead <= 0 || distance(this.packetEnd, sequence) <= 0 || ahead <= this.sink.skippable;
  }

  private release(held: Held[]): void {
    const first = held.shift();
    if (held.length === 0) this.held = null;
    if (first === undefined) return;
    this.heldSize -= first.bytes.length;
    this.budget.give(first.bytes.length);
    this.deliver(first.sequence, first.payloadLength, first.bytes, first.atNs);
  }

  private releaseDue(): void {
    for (let { held } = this; held !== null; { held } = this) {
      const [first] = held;
      if (first === undefined || !this.isDue(first.sequence)) return;
      this.release(held);
    }
  }

  private hold(segment: Held): void {
    this.held ??= [];
    const after = this.held.findIndex((other) => distance(other.sequence, segment.sequence) < 0);
    this.held.splice(after === -1 ? this.held.length : after, 0, segment);
    this.heldSize += segment.bytes.length;
  }

  private isImpatient(held: readonly Held[], atNs: number): boolean {
    const [first] = held;
    if (first === undefined) return false;
    return held.length > heldSegments || this.heldSize > heldBytes || atNs - first.atNs > patienceNs;
  }
}
