/**
 * Traffic broken down by one thing at a time: the N largest groups by a measure, how each went over time, and the total
 * over all. As on the map, what two nodes report counts once: for each edge one end's account is taken.
 */
import { z } from 'zod';
import type { Dimension, TopMeasure } from '../../model/api.ts';
import type { Filter } from '../../model/filter/ast.ts';
import type { StoreClient } from '../client.ts';
import { filterSql } from '../filter-sql.ts';
import { empty, join, param, sql, type Sql } from '../sql.ts';
import { aggregatesOf, edgesFromFlows, edgesFromRollup, fixed, keyColumns, type EdgeColumn } from './edge-rows.ts';
import { quantileMs, slow95 } from './latency.ts';
import { oneAccount, withEnds } from './one-account.ts';
import { inBuckets, inRange, stepOfBucket, stepOfTime, type Range } from './range.ts';
import { readingsOf, type Reading } from './readings.ts';
import {
  bySource,
  isKnownToRollups,
  levelsWithin,
  piecesOf,
  resolutionOf,
  stepOf,
  type Piece,
  type Resolution,
  type SourcePieces,
} from './resolution.ts';
import { runQuery, type Read } from './run.ts';
import { dimensionOf, type Breakdown } from './top-dimensions.ts';

export interface TopInput {
  readonly range: Range;
  readonly filter: Filter;
  readonly by: Dimension;
  readonly measure: TopMeasure;
  /** Most groups wanted. */
  readonly limit: number;
  /** Most buckets wanted; 0: none. */
  readonly points: number;
  /** Reads no rollup, to compare with. */
  readonly source?: 'flows';
}

export interface TopValues {
  readonly value: number;
  readonly points: readonly number[] | null;
}

export interface TopAnswer {
  /** The largest first. */
  readonly groups: readonly (TopValues & { readonly key: readonly string[] })[];
  readonly total: TopValues & { readonly groups: number };
  readonly stepMs: number;
  readonly truncated: boolean;
  readonly resolution: Resolution;
  readonly read: Read;
}

const mostGroups = 1000;
const mostPoints = 500;

/** What adds up to a measure, and whose account of an edge counts. */
const measures: Readonly<Record<TopMeasure, { readonly sum: readonly EdgeColumn[]; readonly of: Account }>> = {
  bytes: { sum: ['bytes_to', 'bytes_from'], of: 'counts' },
  packets: { sum: ['packets_to', 'packets_from'], of: 'counts' },
  connections: { sum: ['connections'], of: 'counts' },
  failed: { sum: ['refused', 'unreachable', 'no_answer', 'local_errors'], of: 'counts' },
  retransmits: { sum: ['retransmits'], of: 'counts' },
  resets: { sum: ['resets'], of: 'counts' },
  requests: { sum: ['requests'], of: 'answers' },
  errors: { sum: ['errors'], of: 'answers' },
  unanswered: { sum: ['unanswered'], of: 'answers' },
  latency: { sum: [], of: 'answers' },
  drops: { sum: ['drops'], of: 'all' },
};
/** A packet is dropped in one place, so every drop counts. */
type Account = 'counts' | 'answers' | 'all';

/** One bucket for all without points. */
function stepOfTop({ range, points }: TopInput): number {
  return points === 0 ? range.toMs - range.fromMs : stepOf(range, points);
}

function piecesOfTop(input: TopInput): readonly Piece[] {
  const { range, filter, points, source } = input;
  const isRolledUp = source !== 'flows' && dimensionOf(input.by).isRolledUp && isKnownToRollups(filter);
  if (!isRolledUp) return [{ from: 'flows', range }];
  return points === 0 ? piecesOf(range) : piecesOf(range, levelsWithin(stepOfTop(input)));
}

export function readingsOfTop(input: TopInput): readonly Reading[] {
  return readingsOf('edges', piecesOfTop(input));
}

function edgesOf(
  { from, ranges }: SourcePieces,
  input: TopInput,
  breakdown: Breakdown,
  columns: readonly EdgeColumn[],
): Sql {
  const stepMs = stepOfTop(input);
  const atTime = input.points === 0 ? sql`0` : stepOfTime(stepMs);
  if (from !== 'flows') {
    const at = input.points === 0 ? sql`0` : stepOfBucket(stepMs);
    return edgesFromRollup(from, sql`${inBuckets(...ranges)} AND ${filterSql(input.filter)}`, at, columns);
  }
  const where = sql`${inRange(...ranges)} AND ${filterSql(input.filter)}`;
  if (breakdown.ofFlow === null) return edgesFromFlows(where, breakdown.end, atTime, columns);
  return sql`
    SELECT ${atTime} AS at, ${fixed(keyColumns('workload_id'))}, ${breakdown.ofFlow} AS of_flow,
    ${aggregatesOf(columns)}
    FROM flows AS f
    WHERE ${where} AND of_flow != ''
    GROUP BY at, cluster, src_key, dst_key, is_turned, reporter, verdict, protocol, port, l7_type, of_flow`;
}

/** The value of each group, edge and bucket, of the accounts that count. */
function counted(input: TopInput, breakdown: Breakdown): Sql {
  const { sum, of } = measures[input.measure];
  const pieces = bySource(piecesOfTop(input));
  const edges = (wanted: readonly EdgeColumn[]): Sql =>
    join(
      pieces.map((piece) => edgesOf(piece, input, breakdown, wanted)),
      '\n    UNION ALL',
    );
  const [amount, columns]: [string, readonly EdgeColumn[]] =
    input.measure === 'latency' ? ['arraySum(latency.2)', ['latency']] : [sum.join(' + '), sum];
  const latency = input.measure === 'latency' ? sql`latency` : sql`([], []) AS latency`;
  return sql`
    SELECT at, ${breakdown.key} AS what, ${fixed(amount)} AS amount, ${latency}
    FROM (${of === 'all' ? withEnds(edges(columns)) : oneAccount(edges, columns)}
    ) AS edges${breakdown.names}
    WHERE ${of === 'all' ? sql`1` : fixed(of)} AND amount > 0`;
}

/** A bucket of time and one of latency in one number. */
const latencyPoints = fixed('sumMap(arrayMap(bucket -> toInt64(at) * 256 + bucket, latency.1), latency.2)');

export function buildTop(input: TopInput): Sql {
  const breakdown = dimensionOf(input.by);
  const isLatency = input.measure === 'latency';
  const points = input.points === 0 ? empty : isLatency ? latencyPoints : sql`sumMap([toInt64(at)], [amount])`;
  return sql`
SELECT
  toUInt8(grouping(what)) AS is_total, what, toString(sum(amount)) AS value, uniqExact(what) AS groups,
  ${isLatency ? sql`sumMap(latency.1, latency.2)` : sql`([], [])`} AS histogram,
  ${input.points === 0 ? sql`([], [])` : points} AS points
FROM (${counted(input, breakdown)}
)
GROUP BY GROUPING SETS ((what), ())
ORDER BY is_total DESC, ${isLatency ? slow95(sql`histogram`) : sql`sum(amount)`} DESC, what
LIMIT ${param.uint32(input.limit + 1)}`;
}

const big = z.string().regex(/^-?\d+$/);
const topRowSchema = z.object({
  is_total: z.number(),
  what: z.array(z.string()),
  value: big,
  groups: big,
  histogram: z.tuple([z.array(z.number()), z.array(big)]),
  points: z.tuple([z.array(big), z.array(big)]),
});
type TopRow = z.infer<typeof topRowSchema>;

export async function queryTop(client: StoreClient, input: TopInput, signal: AbortSignal): Promise<TopAnswer> {
  const wanted = {
    ...input,
    limit: Math.min(input.limit, mostGroups),
    points: Math.min(input.points, mostPoints),
  };
  const stepMs = stepOfTop(wanted);
  const { rows, read } = await runQuery(client, buildTop(wanted), topRowSchema, signal);
  const total = rows.find((row) => row.is_total === 1);
  const groups = rows.filter((row) => row.is_total === 0);
  return {
    groups: groups.map((row) => ({ key: row.what, ...valuesOf(row, wanted, stepMs) })),
    total:
      total === undefined
        ? { groups: 0, ...noValues(wanted, stepMs) }
        : { groups: Number(total.groups), ...valuesOf(total, wanted, stepMs) },
    stepMs,
    truncated: groups.length < Number(total?.groups ?? 0),
    resolution: resolutionOf(piecesOfTop(wanted)),
    read,
  };
}

function bucketCount({ range }: TopInput, stepMs: number): number {
  return Math.ceil(range.toMs / stepMs) - Math.floor(range.fromMs / stepMs);
}

function noValues(input: TopInput, stepMs: number): TopValues {
  return { value: 0, points: input.points === 0 ? null : new Array<number>(bucketCount(input, stepMs)).fill(0) };
}

function valuesOf(row: TopRow, input: TopInput, stepMs: number): TopValues {
  const isLatency = input.measure === 'latency';
  const value = isLatency ? (quantileMs(row.histogram, 0.95) ?? 0) : Number(row.value);
  if (input.points === 0) return { value, points: null };
  const points = new Array<number>(bucketCount(input, stepMs)).fill(0);
  const first = Math.floor(input.range.fromMs / stepMs);
  if (isLatency) {
    for (const [at, histogram] of histograms(row.points)) points[at - first] = quantileMs(histogram, 0.95) ?? 0;
  } else {
    const [at, values] = row.points;
    at.forEach((bucket, i) => (points[Number(bucket) - first] = Number(values[i] ?? 0)));
  }
  return { value, points };
}

/** The histogram of each bucket of time, from what `latencyPoints` made. */
function histograms([keys, counts]: TopRow['points']): ReadonlyMap<number, [number[], string[]]> {
  const found = new Map<number, [number[], string[]]>();
  keys.forEach((key, i) => {
    const at = Math.floor(Number(key) / 256);
    const histogram = found.get(at) ?? [[], []];
    histogram[0].push(Number(key) - at * 256);
    histogram[1].push(counts[i] ?? '0');
    found.set(at, histogram);
  });
  return found;
}
