/**
 * Latencies as a histogram of fixed buckets, eight to a doubling from one microsecond on: histograms of any two sets add
 * up exactly, and a quantile read from one is off by 4.4 % at most.
 */
import { sql, type Sql } from '../sql.ts';

const bucketsPerDoubling = 8;
const lastBucket = 255;
const firstMs = 1e-3;

/** The bucket of `latency_ns`, a UInt8. */
export const latencyBucket: Sql = sql`toUInt8(least(255, floor(8 * log2(greatest(latency_ns, 1000) / 1000))))`;

/** The bucket that holds the 95th percentile; a histogram from the store is in order of its buckets. */
export function slow95(histogram: Sql): Sql {
  return sql`arrayFirst((bucket, below) -> below >= 0.95 * arraySum(${histogram}.2), ${histogram}.1, arrayCumSum(${histogram}.2))`;
}

/** How many latencies fell into each bucket. */
export type Histogram = readonly [buckets: readonly number[], counts: readonly (string | number)[]];

/** The middle of the bucket that holds the quantile; null when there are no latencies. */
export function quantileMs([buckets, counts]: Histogram, quantile: number): number | null {
  const sorted = buckets
    .map((bucket, i) => ({ bucket, count: Number(counts[i] ?? 0) }))
    .sort((left, right) => left.bucket - right.bucket);
  const total = sorted.reduce((sum, { count }) => sum + count, 0);
  let below = 0;
  for (const { bucket, count } of sorted) {
    below += count;
    if (count > 0 && below >= quantile * total) return middleMs(bucket);
  }
  return null;
}

export function quantilesMs(histogram: Histogram): { p50: number; p95: number; p99: number } | null {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((quantile) => quantileMs(histogram, quantile));
  if (typeof p50 !== 'number' || typeof p95 !== 'number' || typeof p99 !== 'number') return null;
  return { p50, p95, p99 };
}

/** More digits than a bucket is narrow would be made up. */
function middleMs(bucket: number): number {
  const middle = firstMs * 2 ** ((Math.min(bucket, lastBucket) + 0.5) / bucketsPerDoubling);
  return Number(middle.toPrecision(3));
}
