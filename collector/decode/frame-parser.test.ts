import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrameParser, type Frame } from './frame-parser.ts';
import { createFrames, bootedNs, realOffsetNs } from './frames.fixture.ts';

function cut(stream: Buffer, points: readonly number[]): Buffer[] {
  const sorted = [0, ...points.map((point) => point % (stream.length + 1)), stream.length].sort((a, b) => a - b);
  return sorted.slice(1).map((end, i) => stream.subarray(sorted[i], end));
}

describe('frame parser', () => {
  it('gives the same frames however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (bodies, points) => {
          const frames = createFrames();
          const stream = Buffer.concat(bodies.map((body) => frames.frame(2, Buffer.from(body))));
          const parser = createFrameParser();
          const seen: Frame[] = [];
          for (const chunk of cut(stream, points)) {
            expect(parser.push(Buffer.from(chunk), (frame) => seen.push(frame)).ok).toBe(true);
          }
          expect(seen.map((frame) => frame.payload.toString('hex'))).toEqual(
            bodies.map((body) => Buffer.from(body).toString('hex')),
          );
          expect(Buffer.concat(seen.map((frame) => frame.raw)).equals(stream)).toBe(true);
          expect(parser.pendingBytes).toBe(0);
          expect(parser.missing).toBe(0);
        },
      ),
    );
  });

  it('reads times from the header', () => {
    const seen: Frame[] = [];
    createFrameParser().push(createFrames().frame(3, Buffer.alloc(8)), (frame) => seen.push(frame));
    expect(seen[0]).toMatchObject({ type: 3, monoNs: bootedNs, realOffsetNs });
  });

  it('counts frames that were numbered and did not come', () => {
    const frames = createFrames();
    const stream = [0, 1, 2, 3, 4].map(() => frames.frame(2, Buffer.alloc(0)));
    const parser = createFrameParser();
    for (const index of [0, 1, 4]) parser.push(stream[index] ?? Buffer.alloc(0), () => undefined);
    expect(parser.missing).toBe(2);
  });

  it('names the byte at which a stream stops making sense', () => {
    const good = createFrames().frame(2, Buffer.alloc(16));
    const result = createFrameParser().push(Buffer.concat([good, Buffer.alloc(64)]), () => undefined);
    expect(result).toMatchObject({ ok: false, error: { offset: good.length } });
  });

  it('refuses another version and frames beyond the limit', () => {
    const other = createFrames().frame(2, Buffer.alloc(0));
    other.writeUInt16LE(9, 4);
    expect(createFrameParser().push(other, () => undefined)).toMatchObject({ ok: false });
    const huge = createFrames().frame(2, Buffer.alloc(0));
    huge.writeUInt32LE((4 << 20) + 1, 8);
    expect(createFrameParser().push(huge, () => undefined)).toMatchObject({ ok: false });
  });

  it('knows how many bytes of an unfinished frame it holds, and where that frame starts', () => {
    const frames = createFrames();
    const first = frames.frame(2, Buffer.alloc(8));
    const parser = createFrameParser();
    parser.push(Buffer.concat([first, frames.frame(2, Buffer.alloc(8)).subarray(0, 35)]), () => undefined);
    expect({ pending: parser.pendingBytes, offset: parser.offset }).toEqual({ pending: 35, offset: first.length });
  });
});
