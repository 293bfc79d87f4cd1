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
