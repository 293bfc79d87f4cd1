/**
 * The service map as SQL, in two questions: sums of every edge, from who opens conversations to who answers them, and for
 * the edges that will be shown what takes longer to merge. A conversation that two nodes report counts once: per edge the
 * source's account if there is one, else the destination's, separately for connections and for requests. A packet is
 * dropped in one place, so every drop counts.
 */
import { z } from 'zod';
import type { Grouping } from '../../model/api.ts';
import type { Filter } from '../../model/filter/ast.ts';
import { filterSql } from '../filter-sql.ts';
import { empty, join, param, sql, type Sql } from '../sql.ts';
import { edgesFromFlows, edgesFromRollup, fixed, reporterRank, type EdgeColumn } from './edge-rows.ts';
import { inBuckets, inRange, type Range } from './range.ts';
import { workloadNames } from './workload-names.ts';
import { readingsOf, type Reading } from './readings.ts';
import { bySource, isKnownToRollups, piecesOf, type Piece, type SourcePieces } from './resolution.ts';

export interface MapInput {
  readonly range: Range;
  readonly filter: Filter;
  readonly grouping: Grouping;
  /** Most edges wanted, those with drops apart. */
  readonly limit: number;
  /** Reads no rollup, to compare with. */
  readonly source?: 'flows';
}

/** Past this even edges with drops are left out, which the answer says. */
export const mostEdges = 5000;

/** From flows alone, or from rollups where they know as much. */
export function piecesOfMap({ range, filter, grouping, source }: MapInput): readonly Piece[] {
  const isExact = grouping !== 'pod' && isKnownToRollups(filter);
  return source === 'flows' || !isExact ? [{ from: 'flows', range }] : piecesOf(range);
}

export function readingsOfMap(input: MapInput): readonly Reading[] {
  return readingsOf('edges', piecesOfMap(input));
}

type KeyColumn = 'workload_id' | 'endpoint';

function edgesOf({ from, ranges }: SourcePieces, filter: Filter, key: KeyColumn, columns: readonly EdgeColumn[]): Sql {
  if (from !== 'flows') {
    const where = sql`${inBuckets(...ranges)} AND ${filterSql(filter)}`;
    return edgesFromRollup(from, where, undefined, columns);
  }
  return edgesFromFlows(sql`${inRange(...ranges)} AND ${filterSql(filter)}`, key, undefined, columns);
}

/** Rows of edges with the ids of both ends, the answering side's rows turned round. */
function turnedEdges(input: MapInput, columns: readonly EdgeColumn[]): Sql {
  const key = input.grouping === 'pod' ? 'endpoint' : 'workload_id';
  const pieces = bySource(piecesOfMap(input)).map((piece) => edgesOf(piece, input.filter, key, columns));
  return sql`
    SELECT *, if(is_turned, dst_key, src_key) AS from_id, if(is_turned, src_key, dst_key) AS to_id
    FROM (${join(pieces, '\n    UNION ALL')}
    )`;
}

/**
 * The key of the node that an end belongs to. A workload stands for itself by its id, which is cheaper than names; of a
 * namespace or a pod it is "namespace/kind/name". An end that did not reach the store keeps its id.
 */
function keyOf(grouping: Grouping, end: 'from' | 'to'): Sql {
  if (grouping === 'workload') return fixed(`${end}_id`);
  const of = (name: string): string => `${end}_names.${name}`;
  const [kind, name] = grouping === 'pod' ? [`'Pod'`, of('pod')] : [`'Namespace'`, of('namespace')];
  return fixed(
    `multiIf(${of('name')} = '', toString(${end}_id), ${name} = '', concat(${of('namespace')}, '/', ${of('kind')}, '/', ${of('name')}),
      concat(${of('namespace')}, '/', ${kind}, '/', ${name}))`,
  );
}

function names(grouping: Grouping): Sql {
  if (grouping === 'workload') return empty;
  const of =
    grouping === 'pod'
      ? sql`
      SELECT id, any(namespace) AS namespace, any(workload_kind) AS kind, any(workload) AS name, any(pod) AS pod
      FROM endpoints
      GROUP BY id`
      : workloadNames;
  return sql`
    LEFT JOIN (${of}
    ) AS from_names ON from_names.id = from_id
    LEFT JOIN (${of}
    ) AS to_names ON to_names.id = to_id`;
}

const summed = [
  'counted',
  'connections',
  'bytes_to',
  'bytes_from',
  'packets_to',
  'packets_from',
  'retransmits',
  'requests',
  'unanswered',
  'errors',
  'drops',
] as const satisfies readonly EdgeColumn[];

/** What one reporter says of an edge. Ranks order the accounts; 9 is none. */
function accounts(input: MapInput): Sql {
  const sums = summed.map((name) => `sum(edges.${name}) AS part_${name}`).join(', ');
  return sql`
    SELECT
      cluster, ${keyOf(input.grouping, 'from')} AS from_key, ${keyOf(input.grouping, 'to')} AS to_key, reporter,
      ${fixed(reporterRank)},
      if(sum(part_counted) = 0, 9, rank) AS count_rank,
      if(sum(part_requests) = 0, 9, rank) AS request_rank,
      sum(part_connections) AS connections,
      sum(part_bytes_to) AS bytes_to,
      sum(part_bytes_from) AS bytes_from,
      sum(part_packets_to + part_packets_from) AS packets,
      sum(part_retransmits) AS retransmits,
      sum(part_requests) AS requests,
      sum(part_unanswered) AS unanswered,
      sum(part_errors) AS errors,
      sum(part_drops) AS drops,
      min(part_first) AS first,
      max(part_last) AS last
    FROM (
      SELECT cluster, from_id, to_id, reporter, ${fixed(sums)}, min(edges.first) AS part_first, max(edges.last) AS part_last
      FROM (${turnedEdges(input, [...summed, 'first', 'last'])}
      ) AS edges
      GROUP BY cluster, from_id, to_id, reporter
    ) AS keyed${names(input.grouping)}
    GROUP BY cluster, from_key, to_key, reporter`;
}

const pairOf = fixed('cityHash64(cluster, from_key, to_key)');

/**
 * Every edge with drops, and of the others the busiest up to the limit. What is left out is counted: each row carries
 * how many edges and nodes there are, and their bytes and drops.
 */
export function buildEdges(input: MapInput): Sql {
  return sql`
SELECT
  *,
  toString(${pairOf}) AS pair,
  counts.2 + counts.3 AS bytes,
  row_number() OVER (ORDER BY drops > 0 DESC, bytes DESC, last_ms DESC, cluster, from_key, to_key) AS place,
  [count() OVER (), sum(bytes) OVER (), sum(drops) OVER (),
    uniqExactArray([cityHash64(cluster, from_key), cityHash64(cluster, to_key)]) OVER ()] AS totals
FROM (
  SELECT
    cluster, from_key, to_key,
    argMin((connections, bytes_to, bytes_from, packets, retransmits), count_rank) AS counts,
    argMin((requests, unanswered, errors, toString(reporter)), request_rank) AS exchanges,
    sum(drops) AS drops,
    toUnixTimestamp64Milli(min(first)) AS first_ms,
    toUnixTimestamp64Milli(max(last)) AS last_ms
  FROM (${accounts(input)}
  )
  GROUP BY cluster, from_key, to_key
)
QUALIFY place <= ${param.uint32(input.limit)} OR drops > 0
ORDER BY place
LIMIT ${param.uint32(mostEdges)}`;
}

const shared = { cluster: z.string(), from_key: z.string(), to_key: z.string(), pair: z.string() };
const big = z.string().regex(/^-?\d+$/);

export const edgeRowSchema = z.object({
  ...shared,
  counts: z.tuple([big, big, big, big, big]),
  exchanges: z.tuple([big, big, big, z.string()]),
  drops: big,
  first_ms: big,
  last_ms: big,
  totals: z.tuple([big, big, big, big]),
});
export type EdgeRow = z.infer<typeof edgeRowSchema>;

/** For one part of the details: its columns of edges, and what each account of a pair says. */
function buildDetails(input: MapInput, pairs: readonly string[], columns: readonly EdgeColumn[], merged: Sql): Sql {
  return sql`
SELECT
  toString(${pairOf}) AS pair, toString(reporter) AS reporter,
  ${merged}
FROM (
  SELECT *, ${keyOf(input.grouping, 'from')} AS from_key, ${keyOf(input.grouping, 'to')} AS to_key
  FROM (${turnedEdges(input, columns)}
  ) AS keyed${names(input.grouping)}
)
WHERE ${pairOf} IN ${param.uint64s(pairs.map(BigInt))}
GROUP BY cluster, from_key, to_key, reporter
LIMIT ${param.uint32(3 * mostEdges)}`;
}

/** How the exchanges of these pairs went, and why packets were dropped. */
export function buildOutcomes(input: MapInput, pairs: readonly string[]): Sql {
  const merged = sql`sumMap(latency.1, latency.2) AS latency,
  sumMap(statuses.1, statuses.2) AS statuses,
  sumMap(reasons.1, reasons.2) AS reasons`;
  return buildDetails(input, pairs, ['latency', 'statuses', 'reasons'], merged);
}

const mapped = <K extends z.ZodType>(key: K) => z.tuple([z.array(key), z.array(big)]);
export const outcomeRowSchema = z.object({
  pair: z.string(),
  reporter: z.string(),
  latency: mapped(z.number()),
  statuses: mapped(z.string()),
  reasons: mapped(z.string()),
});
export type OutcomeRow = z.infer<typeof outcomeRowSchema>;

/** What these pairs talk over, and the addresses and endpoints seen of both ends. */
export function buildEnds(input: MapInput, pairs: readonly string[]): Sql {
  const of = (from: string, to: string): Sql => fixed(`groupUniqArrayArray(8)(if(is_turned, ${from}, ${to}))`);
  const merged = sql`topKWeighted(8)((protocol, port), greatest(1, bytes_to + bytes_from)) AS ports,
  groupUniqArrayIf(8)((protocol, port, l7_type), l7_type != '') AS l7_ports,
  ${of('dst_ips', 'src_ips')} AS from_ips,
  ${of('src_ips', 'dst_ips')} AS to_ips,
  ${of('dst_endpoints', 'src_endpoints')} AS from_endpoints,
  ${of('src_endpoints', 'dst_endpoints')} AS to_endpoints`;
  const columns = ['bytes_to', 'bytes_from', 'src_ips', 'dst_ips', 'src_endpoints', 'dst_endpoints'] as const;
  return buildDetails(input, pairs, columns, merged);
}

export const endsRowSchema = z.object({
  pair: z.string(),
  reporter: z.string(),
  ports: z.array(z.tuple([z.string(), z.number()])),
  l7_ports: z.array(z.tuple([z.string(), z.number(), z.string()])),
  from_ips: z.array(z.string()),
  to_ips: z.array(z.string()),
  from_endpoints: z.array(big),
  to_endpoints: z.array(big),
});
export type EndsRow = z.infer<typeof endsRowSchema>;

/** The workloads with these ids. */
export function buildWorkloads(ids: readonly string[]): Sql {
  return sql`
SELECT id, any(namespace) AS namespace, any(kind) AS kind, any(name) AS name
FROM workloads
WHERE id IN ${param.uint64s(ids.map(BigInt))}
GROUP BY id
LIMIT ${param.uint32(2 * mostEdges)}`;
}

export const workloadRowSchema = z.object({
  id: z.string(),
  namespace: z.string(),
  kind: z.string(),
  name: z.string(),
});
