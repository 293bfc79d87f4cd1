/** The time range that every query has. */
import { join, param, sql, type Sql } from '../sql.ts';

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
  /** Its end is this moment: nothing lies behind it yet. */
  readonly isOpen?: boolean | undefined;
}

/** From the first millisecond up to, not including, the last; any of several. */
export function inRange(...ranges: readonly Range[]): Sql {
  return anyOf(
    ranges,
    (range) => sql`time >= ${param.dateTime64Ms(range.fromMs)} AND time < ${param.dateTime64Ms(range.toMs)}`,
  );
}

function anyOf(ranges: readonly Range[], test: (range: Range) => Sql): Sql {
  const [first, ...more] = ranges.map(test);
  if (first === undefined) throw new RangeError('a query without a range');
  return more.length === 0 ? first : sql`((${join([first, ...more], ') OR (')}))`;
}

/** The buckets of a rollup that begin in one of the ranges, which are of whole buckets. */
export function inBuckets(...ranges: readonly Range[]): Sql {
  const at = (ms: number): Sql => sql`toDateTime(${param.uint32(Math.floor(ms / 1000))}, 'UTC')`;
  return anyOf(ranges, ({ fromMs, toMs }) => sql`bucket >= ${at(fromMs)} AND bucket < ${at(toMs)}`);
}

/** The number, from 1970 on, of the bucket of `stepMs` that a row of flows falls into. */
export function stepOfTime(stepMs: number): Sql {
  return sql`intDiv(toUnixTimestamp64Milli(f.time), ${param.int64(BigInt(stepMs))})`;
}

/** The same of a row of a rollup, whose buckets are no longer than the step. */
export function stepOfBucket(stepMs: number): Sql {
  return sql`intDiv(toInt64(toUnixTimestamp(e.bucket)) * 1000, ${param.int64(BigInt(stepMs))})`;
}
