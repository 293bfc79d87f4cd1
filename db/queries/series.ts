/**
 * How the traffic under a filter went over time, in buckets that begin at whole multiples of their length. As on the
 * map, a conversation that two nodes report counts once: for each edge one end's account is taken, for the whole range.
 */
import { z } from 'zod';
import type { SeriesPoint } from '../../model/api.ts';
import type { Filter } from '../../model/filter/ast.ts';
import type { StoreClient } from '../client.ts';
import { filterSql } from '../filter-sql.ts';
import { join, param, sql, type Sql } from '../sql.ts';
import { edgesFromFlows, edgesFromRollup, type EdgeColumn } from './edge-rows.ts';
import { quantilesMs } from './latency.ts';
import { oneAccount } from './one-account.ts';
import { inBuckets, inRange, stepOfBucket, stepOfTime, type Range } from './range.ts';
import { readingsOf, type Reading } from './readings.ts';
import {
  isKnownToRollups,
  levelsWithin,
  piecesOf,
  resolutionOf,
  stepOf,
  bySource,
  type Piece,
  type SourcePieces,
  type Resolution,
} from './resolution.ts';
import { runQuery, type Read } from './run.ts';

export interface SeriesInput {
  readonly range: Range;
  readonly filter: Filter;
  /** Most buckets wanted; the length of a bucket follows. */
  readonly points: number;
  /** Reads no rollup, to compare with. */
  readonly source?: 'flows';
}

export interface SeriesAnswer {
  readonly stepMs: number;
  /** Every bucket that the range touches, in order. */
  readonly points: readonly SeriesPoint[];
  readonly resolution: Resolution;
  readonly read: Read;
}

const longest = 2000;

function piecesOfSeries({ range, filter, source }: SeriesInput, stepMs: number): readonly Piece[] {
  if (source === 'flows' || !isKnownToRollups(filter)) return [{ from: 'flows', range }];
  return piecesOf(range, levelsWithin(stepMs));
}

export function readingsOfSeries(input: SeriesInput): readonly Reading[] {
  return readingsOf('edges', piecesOfSeries(input, stepOf(input.range, input.points)));
}

function edgesOf({ from, ranges }: SourcePieces, filter: Filter, stepMs: number, columns: readonly EdgeColumn[]): Sql {
  if (from === 'flows') {
    const where = sql`${inRange(...ranges)} AND ${filterSql(filter)}`;
    return edgesFromFlows(where, 'workload_id', stepOfTime(stepMs), columns);
  }
  return edgesFromRollup(from, sql`${inBuckets(...ranges)} AND ${filterSql(filter)}`, stepOfBucket(stepMs), columns);
}

const columns: readonly EdgeColumn[] = [
  ...(['connections', 'refused', 'unreachable', 'no_answer', 'local_errors'] as const),
  ...(['bytes_to', 'bytes_from', 'packets_to', 'packets_from', 'retransmits', 'resets', 'zero_windows'] as const),
  ...(['requests', 'unanswered', 'errors', 'drops', 'latency'] as const),
];

export function buildSeries(input: SeriesInput): Sql {
  const stepMs = stepOf(input.range, input.points);
  const pieces = bySource(piecesOfSeries(input, stepMs));
  const edges = (wanted: readonly EdgeColumn[]): Sql =>
    join(
      pieces.map((piece) => edgesOf(piece, input.filter, stepMs, wanted)),
      '\n    UNION ALL',
    );
  return sql`
SELECT
  toString(at) AS at,
  [sumIf(connections, counts), sumIf(refused + unreachable + no_answer + local_errors, counts),
    sumIf(bytes_to, counts), sumIf(bytes_from, counts), sumIf(packets_to + packets_from, counts),
    sumIf(retransmits, counts), sumIf(resets, counts), sumIf(zero_windows, counts),
    sumIf(requests, answers), sumIf(unanswered, answers), sumIf(errors, answers), sum(drops)] AS sums,
  sumMapIf(latency.1, latency.2, answers) AS latency
FROM (${oneAccount(edges, columns)}
)
GROUP BY at
ORDER BY at
LIMIT ${param.uint32(longest)}`;
}

const big = z.string().regex(/^-?\d+$/);
export const seriesRowSchema = z.object({
  at: big,
  sums: z.array(big).length(12),
  latency: z.tuple([z.array(z.number()), z.array(big)]),
});
export type SeriesRow = z.infer<typeof seriesRowSchema>;

export async function querySeries(client: StoreClient, input: SeriesInput, signal: AbortSignal): Promise<SeriesAnswer> {
  const wanted = { ...input, points: Math.min(input.points, longest) };
  const stepMs = stepOf(input.range, wanted.points);
  const { rows, read } = await runQuery(client, buildSeries(wanted), seriesRowSchema, signal);
  return {
    stepMs,
    points: assembleSeries(rows, input.range, stepMs),
    resolution: resolutionOf(piecesOfSeries(wanted, stepMs)),
    read,
  };
}

/** Buckets in which nothing happened are there too. */
export function assembleSeries(rows: readonly SeriesRow[], range: Range, stepMs: number): readonly SeriesPoint[] {
  const known = new Map(rows.map((row) => [Number(row.at), row]));
  const first = Math.floor(range.fromMs / stepMs);
  const end = Math.ceil(range.toMs / stepMs);
  return Array.from({ length: end - first }, (_none, i) => pointOf(known.get(first + i), (first + i) * stepMs));
}

function pointOf(row: SeriesRow | undefined, fromMs: number): SeriesPoint {
  const sum = (at: number): string => row?.sums[at] ?? '0';
  return {
    fromMs,
    connections: Number(sum(0)),
    failedConnections: Number(sum(1)),
    bytesToDestination: sum(2),
    bytesToSource: sum(3),
    packets: Number(sum(4)),
    retransmits: Number(sum(5)),
    resets: Number(sum(6)),
    zeroWindows: Number(sum(7)),
    requests: Number(sum(8)),
    unanswered: Number(sum(9)),
    errors: Number(sum(10)),
    drops: Number(sum(11)),
    latencyMs: row === undefined ? null : quantilesMs(row.latency),
  };
}
