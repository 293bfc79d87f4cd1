import { describe, expect, it } from 'vitest';
import { quantileMs, quantilesMs } from './latency.ts';

/** As `latencyBucket` in SQL. */
const bucketOf = (ms: number): number => Math.min(255, Math.floor(8 * Math.log2(Math.max(ms, 1e-3) / 1e-3)));

describe('a quantile of a histogram', () => {
  it.each([0.001, 0.25, 1, 9.99, 10, 1234, 3_600_000])('is off by less than 4.5 %% at %d ms', (ms) => {
    const told = quantileMs([[bucketOf(ms)], ['3']], 0.5);
    expect(Math.abs(Number(told) - ms) / ms).toBeLessThan(0.045);
  });

  it('counts from the smallest, in whatever order the buckets come', () => {
    const buckets = [bucketOf(100), bucketOf(1)] as const;
    const histogram = [buckets, ['1', '99']] as const;
    expect(quantileMs(histogram, 0.99)).toBeLessThan(1.1);
    expect(quantileMs(histogram, 0.991)).toBeGreaterThan(95);
  });

  it('is none without latencies', () => {
    expect(quantilesMs([[], []])).toBeNull();
    expect(quantilesMs([[5], ['0']])).toBeNull();
  });
});
