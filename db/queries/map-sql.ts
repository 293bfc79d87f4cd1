/**
 * The service map as SQL: one row per edge, from who opens conversations to who answers them, from rollups if they know. A conversation that two
 * nodes report counts once: per edge the source's account if there is one, else the destination's, separately for
 * connections and for requests. A packet is dropped in one place, so every drop counts.
 */
import { z } from 'zod';
import type { Grouping } from '../../model/api.ts';
import type { Filter } from '../../model/filter/ast.ts';
import { assertNever } from '../../model/assert-never.ts';
import { filterSql } from '../filter-sql.ts';
import { join, param, sql, type Sql } from '../sql.ts';
import { edgesFromFlows, edgesFromRollup, edgeSums, fixed } from './edge-rows.ts';
import { inBuckets, inRange, type Range } from './range.ts';
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

type MapSource = MapInput & { readonly pieces: readonly Piece[] };

/** Past this even edges with drops are left out, which the answer says. */
export const mostEdges = 5000;

/** What the rows of an end are grouped by before it gets a name: a number, which is cheaper than names. */
function keyOf(grouping: Grouping): { readonly column: 'workload_id' | 'endpoint'; readonly names: Sql } {
  if (grouping === 'pod') {
    return {
      column: 'endpoint',
      names: sql`
    SELECT id, any(namespace) AS namespace, any(workload_kind) AS kind, any(workload) AS name, any(pod) AS pod
    FROM endpoints
    GROUP BY id`,
    };
  }
  return {
    column: 'workload_id',
    names: sql`
    SELECT id, any(namespace) AS namespace, any(kind) AS kind, any(name) AS name, '' AS pod
    FROM workloads
    GROUP BY id`,
  };
}

/** Kind and name of the node that an end belongs to; what is outside Kubernetes stands for itself. */
function nodeColumns(grouping: Grouping, end: 'from' | 'to'): readonly [Sql, Sql] {
  const names = end === 'from' ? sql`from_names` : sql`to_names`;
  const ips = end === 'from' ? sql`part_from_ips` : sql`part_to_ips`;
  // An endpoint that did not reach the store is shown by its address.
  const kind = sql`if(${names}.name = '', 'address', ${names}.kind)`;
  const address = sql`replaceOne(toString(arrayElement(${ips}, 1)), '::ffff:', '')`;
  const name = sql`if(${names}.name = '', ${address}, ${names}.name)`;
  switch (grouping) {
    case 'workload':
      return [kind, name];
    case 'namespace':
      return [
        sql`if(${names}.namespace = '', ${kind}, 'Namespace')`,
        sql`if(${names}.namespace = '', ${name}, ${names}.namespace)`,
      ];
    case 'pod':
      return [sql`if(${names}.pod = '', ${kind}, 'Pod')`, sql`if(${names}.pod = '', ${name}, ${names}.pod)`];
    default:
      return assertNever(grouping);
  }
}

/** A range of one source as rows of edges. */
export function edgesOf({ from, ranges }: SourcePieces, filter: Filter, key: 'workload_id' | 'endpoint'): Sql {
  if (from === 'flows') return edgesFromFlows(sql`${inRange(...ranges)} AND ${filterSql(filter)}`, key);
  return edgesFromRollup(from, sql`${inBuckets(...ranges)} AND ${filterSql(filter)}`);
}

/** What one reporter says of two ends, which are numbers still; the answering side's rows are turned round. */
function keyedAccounts({ pieces, filter, grouping }: MapSource): Sql {
  const { column } = keyOf(grouping);
  const sums = Object.keys(edgeSums).map((name) => `sum(${name}) AS part_${name}`);
  return sql`
  SELECT
    cluster,
    if(is_turned, dst_key, src_key) AS from_key,
    if(is_turned, src_key, dst_key) AS to_key,
    reporter,
    ${fixed(sums.join(',\n    '))},
    sumMap(latency.1, latency.2) AS part_latency,
    sumMap(statuses.1, statuses.2) AS part_statuses,
    sumMap(reasons.1, reasons.2) AS part_reasons,
    topKWeighted(8)((protocol, port), greatest(1, bytes_to + bytes_from)) AS part_ports,
    groupUniqArrayIf(8)((protocol, port, l7_type), l7_type != '') AS part_l7_ports,
    groupUniqArrayArray(8)(if(is_turned, dst_ips, src_ips)) AS part_from_ips,
    groupUniqArrayArray(8)(if(is_turned, src_ips, dst_ips)) AS part_to_ips,
    groupUniqArrayArray(8)(if(is_turned, dst_endpoints, src_endpoints)) AS part_from_endpoints,
    groupUniqArrayArray(8)(if(is_turned, src_endpoints, dst_endpoints)) AS part_to_endpoints,
    min(first) AS part_first,
    max(last) AS part_last
  FROM (${join(
    bySource(pieces).map((piece) => edgesOf(piece, filter, column)),
    '\n    UNION ALL',
  )}
  )
  GROUP BY cluster, from_key, to_key, reporter`;
}

/** What one reporter says of an edge. Ranks order the accounts; 9 is none. */
function accounts(input: MapSource): Sql {
  const { names } = keyOf(input.grouping);
  const [fromKind, fromName] = nodeColumns(input.grouping, 'from');
  const [toKind, toName] = nodeColumns(input.grouping, 'to');
  return sql`
  SELECT
    cluster,
    from_names.namespace AS from_namespace,
    ${fromKind} AS from_kind,
    ${fromName} AS from_name,
    to_names.namespace AS to_namespace,
    ${toKind} AS to_kind,
    ${toName} AS to_name,
    indexOf(['source', 'destination'], toString(reporter)) AS place,
    if(place = 0, 3, place) AS rank,
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
    sumMap(part_latency.1, part_latency.2) AS latency,
    sumMap(part_statuses.1, part_statuses.2) AS statuses,
    arrayDistinct(arrayFlatten(groupArray(part_ports))) AS ports,
    arrayDistinct(arrayFlatten(groupArray(part_l7_ports))) AS l7_ports,
    sum(part_drops) AS drops,
    sumMap(part_reasons.1, part_reasons.2) AS reasons,
    groupUniqArrayArray(8)(part_from_ips) AS from_ips,
    groupUniqArrayArray(8)(part_to_ips) AS to_ips,
    groupUniqArrayArray(8)(part_from_endpoints) AS from_endpoints,
    groupUniqArrayArray(8)(part_to_endpoints) AS to_endpoints,
    min(part_first) AS first,
    max(part_last) AS last
  FROM (${keyedAccounts(input)}
  ) AS keyed
  LEFT JOIN (${names}
  ) AS from_names ON from_names.id = from_key
  LEFT JOIN (${names}
  ) AS to_names ON to_names.id = to_key
  GROUP BY cluster, from_namespace, from_kind, from_name, to_namespace, to_kind, to_name, reporter`;
}

function edges(input: MapSource): Sql {
  return sql`
  SELECT
    cluster, from_namespace, from_kind, from_name, to_namespace, to_kind, to_name,
    argMin((connections, bytes_to, bytes_from, packets, retransmits), count_rank) AS counts,
    argMin((requests, unanswered, errors, latency, statuses), request_rank) AS exchanges,
    arrayDistinct(arrayFlatten(groupArray(ports))) AS ports,
    arrayDistinct(arrayFlatten(groupArray(l7_ports))) AS l7_ports,
    sum(drops) AS drops,
    sumMap(reasons.1, reasons.2) AS reasons,
    groupUniqArrayArray(8)(from_ips) AS from_ips,
    groupUniqArrayArray(8)(to_ips) AS to_ips,
    groupUniqArrayArray(8)(from_endpoints) AS from_endpoints,
    groupUniqArrayArray(8)(to_endpoints) AS to_endpoints,
    toUnixTimestamp64Milli(min(first)) AS first_ms,
    toUnixTimestamp64Milli(max(last)) AS last_ms
  FROM (${accounts(input)}
  )
  GROUP BY cluster, from_namespace, from_kind, from_name, to_namespace, to_kind, to_name`;
}

/**
 * Every edge with drops, and of the others the busiest up to the limit. What is left out is counted: each row carries
 * how many edges and nodes there are, and their bytes and drops.
 */
export function buildMap(input: MapInput): Sql {
  const source = { ...input, pieces: piecesOfMap(input) };
  return sql`
SELECT
  *,
  counts.2 + counts.3 AS bytes,
  row_number() OVER (ORDER BY drops > 0 DESC, bytes DESC, last_ms DESC,
    cluster, from_namespace, from_kind, from_name, to_namespace, to_kind, to_name) AS place,
  [count() OVER (), sum(bytes) OVER (), sum(drops) OVER (), uniqExactArray([
    cityHash64(cluster, from_namespace, from_kind, from_name),
    cityHash64(cluster, to_namespace, to_kind, to_name)]) OVER ()] AS totals
FROM (${edges(source)}
)
QUALIFY place <= ${param.uint32(input.limit)} OR drops > 0
ORDER BY place
LIMIT ${param.uint32(mostEdges)}`;
}

/** From flows alone, or from rollups where they know as much. */
export function piecesOfMap({ range, filter, grouping, source }: MapInput): readonly Piece[] {
  const isExact = grouping !== 'pod' && isKnownToRollups(filter);
  return source === 'flows' || !isExact ? [{ from: 'flows', range }] : piecesOf(range);
}

const big = z.string().regex(/^-?\d+$/);
const mapped = <K extends z.ZodType>(key: K) => z.tuple([z.array(key), z.array(big)]);

export const mapRowSchema = z.object({
  cluster: z.string(),
  from_namespace: z.string(),
  from_kind: z.string(),
  from_name: z.string(),
  to_namespace: z.string(),
  to_kind: z.string(),
  to_name: z.string(),
  counts: z.tuple([big, big, big, big, big]),
  exchanges: z.tuple([big, big, big, mapped(z.number()), mapped(z.string())]),
  ports: z.array(z.tuple([z.string(), z.number()])),
  l7_ports: z.array(z.tuple([z.string(), z.number(), z.string()])),
  drops: big,
  reasons: mapped(z.string()),
  from_ips: z.array(z.string()),
  to_ips: z.array(z.string()),
  from_endpoints: z.array(big),
  to_endpoints: z.array(big),
  first_ms: big,
  last_ms: big,
  totals: z.tuple([big, big, big, big]),
});
export type MapRow = z.infer<typeof mapRowSchema>;
