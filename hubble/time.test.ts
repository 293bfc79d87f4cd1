import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nanosecondsOf, timestampOf } from './time.ts';

describe('times', () => {
  it.each([
    ['2026-11-23T12:00:00.000000000Z', '2026-11-23T12:00:00Z'],
    ['2026-11-23T12:00:00.500000000Z', '2026-11-23T12:00:00.500Z'],
    ['2026-11-23T12:00:00.000500000Z', '2026-11-23T12:00:00.000500Z'],
    ['2026-11-23T12:00:00.000000005Z', '2026-11-23T12:00:00.000000005Z'],
    ['2026-11-23T12:00:00.100000000Z', '2026-11-23T12:00:00.100Z'],
    ['2026-11-23T12:00:00.1Z', '2026-11-23T12:00:00.100Z'],
    ['2026-11-23T12:00:00Z', '2026-11-23T12:00:00Z'],
  ])('%s is written %s', (time, written) => {
    expect(timestampOf(nanosecondsOf(time))).toBe(written);
  });

  it('keep every nanosecond', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }), (ns) => {
        expect(nanosecondsOf(timestampOf(ns))).toBe(ns);
      }),
    );
  });

  it.each(['', 'now', '2026-11-23T12:00:00+01:00'])('%j is none', (time) => {
    expect(() => nanosecondsOf(time)).toThrow(RangeError);
  });
});
