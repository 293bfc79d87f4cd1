/**
 * Dropped packets by why, where and between whom. Source and destination are those of the conversation, so that answers
 * which were dropped stand with it; every drop counts, because a packet is dropped in one place.
 */
import { z } from 'zod';
import type { DropGroup } from '../../model/api.ts';
import type { Filter } from '../../model/filter/ast.ts';
import type { FieldName } from '../../model/filter/fields.ts';
import { nodeId } from '../../model/node-id.ts';
import type { StoreClient } from '../client.ts';
import { filterSql } from '../filter-sql.ts';
import { join, param, sql, type Sql } from '../sql.ts';
import { inBuckets, inRange, stepOfBucket, stepOfTime, type Range } from './range.ts';
import { readingsOf, type Reading } from './readings.ts';
import {
  levelsWithin,
  piecesOf,
  resolutionOf,
  stepOf,
  asksOnly,
  bySource,
  type Piece,
  type SourcePieces,
  type Resolution,
} from './resolution.ts';
import { runQuery, type Read } from './run.ts';
import { workloadNames } from './workload-names.ts';

export interface DropsInput {
  readonly range: Range;
  readonly filter: Filter;
  /** Most groups wanted. */
  readonly limit: number;
  /** A group first seen at or after this is new. */
  readonly sinceMs: number | null;
  readonly source?: 'flows';
}

export interface DropsAnswer {
  /** Most packets first. */
  readonly groups: readonly DropGroup[];
  readonly stepMs: number;
  readonly totals: { readonly groups: number; readonly packets: number };
  readonly truncated: boolean;
  readonly resolution: Resolution;
  readonly read: Read;
}

const mostGroups = 5000;
const trendPoints = 60;

/** What the rollup of drops can tell; every row of it is a drop. */
const known: ReadonlySet<FieldName> = new Set([
  'ns',
  'workload',
  'kind',
  'verdict',
  'event',
  'reason',
  'location',
  'protocol',
  'cluster',
]);

function piecesOfDrops({ range, filter, source }: DropsInput, stepMs: number): readonly Piece[] {
  const isRolledUp = source !== 'flows' && asksOnly(filter, known) && levelsWithin(stepMs).includes('minute');
  return isRolledUp ? piecesOf(range, ['minute']) : [{ from: 'flows', range }];
}

export function readingsOfDrops(input: DropsInput): readonly Reading[] {
  return readingsOf('drops', piecesOfDrops(input, stepOf(input.range, trendPoints)));
}

function dropsOf({ from, ranges }: SourcePieces, filter: Filter, stepMs: number): Sql {
  if (from === 'flows') {
    return sql`
    SELECT ${stepOfTime(stepMs)} AS at, cluster, src_workload_id, dst_workload_id, is_reply = 'yes' AS is_turned,
      drop_reason, drop_location, protocol, if(is_reply = 'yes', src_port, dst_port) AS port,
      f.packets_to_dst + f.packets_to_src AS packets, f.bytes_to_dst + f.bytes_to_src AS bytes,
      f.time AS first, f.time AS last
    FROM flows AS f
    WHERE ${inRange(...ranges)} AND kind = 'drop' AND ${filterSql(filter)}`;
  }
  // The names that filters call these columns by, which are those of flows.
  return sql`
    SELECT at, cluster, src_workload_id, dst_workload_id, is_turned, drop_reason, drop_location, protocol, port,
      packets, bytes, first, last
    FROM (
      SELECT *, ${stepOfBucket(stepMs)} AS at, reason AS drop_reason, location AS drop_location,
        'DROPPED' AS verdict, 'drop' AS kind, '' AS l7_type
      FROM drops_1m AS e
      WHERE ${inBuckets(...ranges)}
    )
    WHERE ${filterSql(filter)}`;
}

export function buildDrops(input: DropsInput): Sql {
  const stepMs = stepOf(input.range, trendPoints);
  const drops = bySource(piecesOfDrops(input, stepMs)).map((piece) => dropsOf(piece, input.filter, stepMs));
  return sql`
SELECT
  drops.cluster AS cluster, reason, location, protocol, port,
  [from_names.namespace, from_names.kind, from_names.name] AS source,
  [to_names.namespace, to_names.kind, to_names.name] AS destination,
  toString(packets) AS packets, toString(bytes) AS bytes, first_ms, last_ms, trend, totals
FROM (
  SELECT
    cluster, if(is_turned, dst_workload_id, src_workload_id) AS from_key,
    if(is_turned, src_workload_id, dst_workload_id) AS to_key,
    drop_reason AS reason, drop_location AS location, protocol, port,
    sum(parts.packets) AS packets, sum(parts.bytes) AS bytes,
    toUnixTimestamp64Milli(min(first)) AS first_ms, toUnixTimestamp64Milli(max(last)) AS last_ms,
    sumMap([toInt64(at)], [parts.packets]) AS trend,
    [count() OVER (), sum(packets) OVER ()] AS totals
  FROM (${join(drops, '\n    UNION ALL')}
  ) AS parts
  GROUP BY cluster, from_key, to_key, reason, location, protocol, port
  ORDER BY packets DESC, last_ms DESC, reason, location, from_key, to_key, protocol, port
  LIMIT ${param.uint32(input.limit)}
) AS drops
LEFT JOIN (${workloadNames}
) AS from_names ON from_names.id = from_key
LEFT JOIN (${workloadNames}
) AS to_names ON to_names.id = to_key
ORDER BY drops.packets DESC, last_ms DESC, reason, location, source, destination, protocol, port
LIMIT ${param.uint32(input.limit)}`;
}

const big = z.string().regex(/^-?\d+$/);
const node = z.tuple([z.string(), z.string(), z.string()]);
export const dropRowSchema = z.object({
  cluster: z.string(),
  reason: z.string(),
  location: z.string(),
  protocol: z.string(),
  port: z.number(),
  source: node,
  destination: node,
  packets: big,
  bytes: big,
  first_ms: big,
  last_ms: big,
  trend: z.tuple([z.array(big), z.array(big)]),
  totals: z.tuple([big, big]),
});
export type DropRow = z.infer<typeof dropRowSchema>;

export async function queryDrops(client: StoreClient, input: DropsInput, signal: AbortSignal): Promise<DropsAnswer> {
  const wanted = { ...input, limit: Math.min(input.limit, mostGroups) };
  const stepMs = stepOf(input.range, trendPoints);
  const { rows, read } = await runQuery(client, buildDrops(wanted), dropRowSchema, signal);
  const [groups, packets] = (rows[0]?.totals ?? ['0', '0']).map(Number);
  return {
    groups: rows.map((row) => groupOf(row, wanted, stepMs)),
    stepMs,
    totals: { groups: groups ?? 0, packets: packets ?? 0 },
    truncated: rows.length < (groups ?? 0),
    resolution: resolutionOf(piecesOfDrops(wanted, stepMs)),
    read,
  };
}

function nodeOf(cluster: string, [namespace, kind, name]: DropRow['source']): DropGroup['source'] {
  return { id: nodeId(cluster, namespace, kind, name), cluster, namespace, kind, name };
}

export function groupOf(row: DropRow, { range, sinceMs }: DropsInput, stepMs: number): DropGroup {
  const [buckets, packets] = row.trend;
  const first = Math.floor(range.fromMs / stepMs);
  const trend = new Array<number>(Math.ceil(range.toMs / stepMs) - first).fill(0);
  buckets.forEach((bucket, i) => (trend[Number(bucket) - first] = Number(packets[i] ?? 0)));
  return {
    reason: row.reason,
    location: row.location,
    protocol: row.protocol,
    port: row.port,
    source: nodeOf(row.cluster, row.source),
    destination: nodeOf(row.cluster, row.destination),
    packets: Number(row.packets),
    bytes: row.bytes,
    firstMs: Number(row.first_ms),
    lastMs: Number(row.last_ms),
    isNew: sinceMs === null ? null : Number(row.first_ms) >= sinceMs,
    trend,
  };
}
