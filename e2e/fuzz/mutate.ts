/** Spoils conversations: bytes are changed, inserted, left out and repeated, then cut into segments as by a bad network. */
import type { Line } from '../../collector/protocol/converse.fixture.ts';
import type { Side } from '../../collector/protocol/exchange.ts';
import type { Segment } from '../../collector/protocol/reader.ts';

export type Random = () => number;

/** Lengths, signs and ends that parsers stumble over. */
const tempting = [
  0, 1, 2, 4, 9, 0x0a, 0x0d, 0x16, 0x20, 0x24, 0x2a, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xfb, 0xfe, 0xff,
];
const longestSegment = 700;

export function below(limit: number, random: Random): number {
  return Math.floor(random() * limit);
}

function change(bytes: Buffer, random: Random): Buffer {
  const at = below(bytes.length, random);
  const length = 1 + below(Math.min(40, bytes.length - at), random);
  switch (below(7, random)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << below(8, random));
      return flipped;
    }
    case 1: {
      const set = Buffer.from(bytes);
      set[at] = tempting[below(tempting.length, random)] ?? 0;
      return set;
    }
    case 2: {
      const set = Buffer.from(bytes);
      set.fill(tempting[below(tempting.length, random)] ?? 0, at, at + Math.min(length, 4));
      return set;
    }
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    case 5: {
      const noise = Buffer.from(Array.from({ length }, () => below(256, random)));
      return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
    }
    default:
      return bytes.subarray(0, at + 1);
  }
}

/** A few changes, and now and then a line out of another conversation. */
export function spoil(lines: readonly Line[], others: readonly Line[], random: Random): Line[] {
  const spoilt = [...lines];
  for (let left = below(6, random); left > 0; left -= 1) {
    const at = below(spoilt.length, random);
    const [sender, bytes] = spoilt[at] ?? [0, Buffer.alloc(1)];
    const foreign = others[below(others.length, random)];
    if (random() < 0.05 && foreign !== undefined) spoilt.splice(at, 0, foreign);
    else if (random() < 0.05) spoilt.splice(at, 1);
    else if (bytes.length > 0) spoilt[at] = [sender, change(bytes, random)];
    if (spoilt.length === 0) return [...lines];
  }
  return spoilt;
}

/** Pieces in order, repeated, swapped, left out, or captured only in part. */
export function segments(lines: readonly Line[], random: Random): Segment[] {
  const next: [number, number] = [below(0xffffffff, random), below(0xffffffff, random)];
  const made: Segment[] = [];
  let atNs = 1;
  for (const [sender, bytes] of lines) {
    for (let from = 0; from < bytes.length;) {
      const to = Math.min(bytes.length, from + 1 + below(longestSegment, random));
      const captured = random() < 0.05 ? from + 1 + below(to - from, random) : to;
      atNs += random() < 0.02 ? 2e9 : 1000;
      made.push(segmentOf(sender, next[sender], bytes.subarray(from, captured), to - from, atNs));
      next[sender] = (next[sender] + to - from) >>> 0;
      from = to;
    }
  }
  for (let i = 0; i + 1 < made.length; i += 1) {
    const [left, right] = [made[i], made[i + 1]];
    if (left === undefined || right === undefined) continue;
    const luck = random();
    if (luck < 0.05) [made[i], made[i + 1]] = [right, left];
    else if (luck < 0.08) made.splice(i, 0, left);
    else if (luck < 0.1) made.splice(i, 1);
  }
  return made;
}

function segmentOf(sender: Side, sequence: number, bytes: Buffer, payloadLength: number, atNs: number): Segment {
  return { sender, sequence, payloadLength, bytes, atNs };
}
