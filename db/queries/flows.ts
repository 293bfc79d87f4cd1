/** Pages of flows, newest first, and all rows of one connection in order of time. */
import type { Filter } from '../../model/filter/ast.ts';
import type { FlowRow } from '../../model/flow-row.ts';
import type { StoreClient } from '../client.ts';
import { filterSql } from '../filter-sql.ts';
import { empty, param, sql, type Sql } from '../sql.ts';
import { withEndpoints } from './endpoints.ts';
import { storedFlowColumns, storedFlowSchema } from './flow-row-schema.ts';
import { inRange, type Range } from './range.ts';
import { runQuery, type Read } from './run.ts';

/** The last row of a page; the next page holds what is older. */
interface FlowCursor {
  readonly timeNs: string;
  readonly id: string;
}

export interface FlowsInput {
  readonly range: Range;
  readonly filter: Filter;
  readonly limit: number;
  readonly before: FlowCursor | null;
}

export interface FlowsAnswer {
  /** Newest first. */
  readonly rows: readonly FlowRow[];
  /** Null when there is no older page. */
  readonly next: FlowCursor | null;
  readonly read: Read;
}

const maxFlows = 10_000;

/**
 * One row more than the page tells that there is another. The order names what the table is sorted by first, which changes
 * nothing in it, but lets the store begin at the end and stop when it has enough.
 */
export function buildFlows({ range, filter, limit, before }: FlowsInput): Sql {
  const older =
    before === null
      ? empty
      : sql` AND (time, id) < (${param.dateTime64(BigInt(before.timeNs))}, ${param.uint64(BigInt(before.id))})`;
  // The comparison of pairs alone would not let the store skip what is newer.
  const bound = before === null ? empty : sql` AND time <= ${param.dateTime64(BigInt(before.timeNs))}`;
  return sql`
SELECT ${storedFlowColumns}
FROM flows
WHERE ${inRange(range)}${bound}${older} AND ${filterSql(filter)}
ORDER BY toStartOfFiveMinutes(time) DESC, time DESC, id DESC
LIMIT ${param.uint32(limit + 1)}`;
}

export async function queryFlows(client: StoreClient, input: FlowsInput, signal: AbortSignal): Promise<FlowsAnswer> {
  const limit = Math.min(input.limit, maxFlows);
  const { rows, read } = await runQuery(client, buildFlows({ ...input, limit }), storedFlowSchema, signal);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = last !== undefined && rows.length > limit ? { timeNs: String(timeNs(last.time)), id: last.id } : null;
  return { ...(await withEndpoints(client, page, read, signal)), next };
}

export interface ConnectionInput {
  readonly range: Range;
  readonly connectionId: string;
  /** Most rows wanted. */
  readonly limit: number;
}

export interface ConnectionAnswer {
  /** Oldest first. */
  readonly rows: readonly FlowRow[];
  readonly truncated: boolean;
  readonly read: Read;
}

export function buildConnection({ range, connectionId, limit }: ConnectionInput): Sql {
  return sql`
SELECT ${storedFlowColumns}
FROM flows
WHERE ${inRange(range)} AND connection_id = ${param.uint64(BigInt(connectionId))}
ORDER BY time, id
LIMIT ${param.uint32(limit + 1)}`;
}

export async function queryConnection(
  client: StoreClient,
  input: ConnectionInput,
  signal: AbortSignal,
): Promise<ConnectionAnswer> {
  const limit = Math.min(input.limit, maxFlows);
  const { rows, read } = await runQuery(client, buildConnection({ ...input, limit }), storedFlowSchema, signal);
  const answer = await withEndpoints(client, rows.slice(0, limit), read, signal);
  return { ...answer, truncated: rows.length > limit };
}

/** Nanoseconds since 1970 of an RFC 3339 time in UTC, as the store prints it. */
export function timeNs(time: string): bigint {
  const [, seconds, fraction = ''] = /^([^.]+?)(?:\.(\d{1,9}))?Z$/.exec(time) ?? [];
  const ms = Date.parse(`${seconds ?? ''}Z`);
  if (Number.isNaN(ms)) throw new RangeError(`${time} is no time in UTC`);
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
