/** The time range that every query has. */
import { param, sql, type Sql } from '../sql.ts';

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** From the first millisecond up to, not including, the last. */
export function inRange(range: Range): Sql {
  return sql`time >= ${param.dateTime64Ms(range.fromMs)} AND time < ${param.dateTime64Ms(range.toMs)}`;
}

/** The buckets of a rollup that begin in the range, which is of whole buckets. */
export function inBuckets(range: Range): Sql {
  const at = (ms: number): Sql => sql`toDateTime(${param.uint32(Math.floor(ms / 1000))}, 'UTC')`;
  return sql`bucket >= ${at(range.fromMs)} AND bucket < ${at(range.toMs)}`;
}

/** The number, from 1970 on, of the bucket of `stepMs` that a row of flows falls into. */
export function stepOfTime(stepMs: number): Sql {
  return sql`intDiv(toUnixTimestamp64Milli(f.time), ${param.int64(BigInt(stepMs))})`;
}

/** The same of a row of a rollup, whose buckets are no longer than the step. */
export function stepOfBucket(stepMs: number): Sql {
  return sql`intDiv(toInt64(toUnixTimestamp(e.bucket)) * 1000, ${param.int64(BigInt(stepMs))})`;
}
