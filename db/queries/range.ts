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
