/**
 * The service map as SQL: one row per edge, from who opens conversations to who answers them. A conversation that two
 * nodes report counts once: per edge the source's account if there is one, else the destination's, separately for
 * connections and for requests. A packet is dropped in one place, so every drop counts.
 */
import { z } from 'zod';
import type { Grouping } from '../../model/api.ts';
import type { Filter } from '../../model/filter/ast.ts';
import { assertNever } from '../../model/assert-never.ts';
import { filterSql } from '../filter-sql.ts';
import { ident, param, sql, type Sql } from '../sql.ts';
import { latencyBucket } from './latency.ts';
import { inRange, type Range } from './range.ts';

export interface MapInput {
  readonly range: Range;
  readonly filter: Filter;
  readonly grouping: Grouping;
  /** Most edges wanted. */
  readonly limit: number;
}

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

/** Rows seen from the initiator: `drop` and `datagram` rows of the answering side are turned round. */
function turned({ range, filter, grouping }: MapInput): Sql {
  const { column } = keyOf(grouping);
  const [source, destination] = [ident(`src_${column}`), ident(`dst_${column}`)];
  return sql`
    SELECT
      cluster, time, reporter, protocol, l7_type, latency_ns, drop_reason, drop_location,
      (is_reply = 'yes') AS swap,
      (kind = 'drop') AS is_drop,
      (kind IN ('l7_request', 'l7_response') AND l7_type != 'TLS') AS is_request,
      (kind = 'l7_response' AND l7_type != 'TLS') AS is_answer,
      (kind NOT IN ('drop', 'l7_request', 'l7_response')) AS is_count,
      multiIf(
        l7_type = 'DNS', toString(dns_rcode),
        l7_type = 'GRPC' AND grpc_status != '', toString(grpc_status),
        l7_type IN ('HTTP', 'GRPC'), toString(http_status),
        l7_error = '', 'OK', toString(l7_error)) AS status,
      multiIf(
        l7_type = 'DNS', dns_rcode NOT IN ('NOERROR', 'NXDOMAIN'),
        l7_type IN ('HTTP', 'GRPC'), http_status >= 500 OR grpc_status NOT IN ('', 'OK'),
        l7_error != '') AS is_error,
      if(swap, ${destination}, ${source}) AS from_key,
      if(swap, ${source}, ${destination}) AS to_key,
      if(swap, dst_endpoint, src_endpoint) AS from_endpoint,
      if(swap, src_endpoint, dst_endpoint) AS to_endpoint,
      if(swap, dst_ip, src_ip) AS from_ip,
      if(swap, src_ip, dst_ip) AS to_ip,
      if(swap, src_port, dst_port) AS to_port,
      connections AS row_connections,
      if(swap, bytes_to_src, bytes_to_dst) AS row_bytes_to,
      if(swap, bytes_to_dst, bytes_to_src) AS row_bytes_from,
      packets_to_dst + packets_to_src AS row_packets,
      retransmits AS row_retransmits
    FROM flows
    WHERE ${inRange(range)} AND ${filterSql(filter)}`;
}

/** What one reporter says of two ends, which are numbers still. */
function keyedAccounts(input: MapInput): Sql {
  return sql`
  SELECT
    cluster, from_key, to_key, reporter,
    countIf(is_count) AS part_counted,
    sumIf(row_connections, is_count) AS part_connections,
    sumIf(row_bytes_to, is_count) AS part_bytes_to,
    sumIf(row_bytes_from, is_count) AS part_bytes_from,
    sumIf(row_packets, is_count) AS part_packets,
    sumIf(row_retransmits, is_count) AS part_retransmits,
    countIf(is_request) AS part_requests,
    countIf(is_request AND NOT is_answer) AS part_unanswered,
    countIf(is_answer AND is_error) AS part_errors,
    sumMapIf([${latencyBucket}], [toUInt64(1)], is_answer) AS part_latency,
    sumMapIf([status], [toUInt64(1)], is_answer) AS part_statuses,
    topKWeighted(8)((protocol, to_port), greatest(1, if(is_count, row_bytes_to + row_bytes_from, 0))) AS part_ports,
    groupUniqArrayIf(8)((protocol, to_port, l7_type), l7_type != '') AS part_l7_ports,
    sumIf(row_packets, is_drop) AS part_drops,
    sumMapIf([(toString(drop_reason), toString(drop_location))], [row_packets], is_drop) AS part_reasons,
    groupUniqArray(8)(from_ip) AS part_from_ips,
    groupUniqArray(8)(to_ip) AS part_to_ips,
    groupUniqArray(8)(from_endpoint) AS part_from_endpoints,
    groupUniqArray(8)(to_endpoint) AS part_to_endpoints,
    min(time) AS part_first,
    max(time) AS part_last
  FROM (${turned(input)}
  )
  GROUP BY cluster, from_key, to_key, reporter`;
}

/** What one reporter says of an edge. Ranks order the accounts; 9 is none. */
function accounts(input: MapInput): Sql {
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
    sum(part_packets) AS packets,
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

/** One row more than the limit tells that there is more. */
export function buildMap(input: MapInput): Sql {
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
GROUP BY cluster, from_namespace, from_kind, from_name, to_namespace, to_kind, to_name
ORDER BY drops > 0 DESC, counts.2 + counts.3 DESC, last_ms DESC,
  cluster, from_namespace, from_kind, from_name, to_namespace, to_kind, to_name
LIMIT ${param.uint32(input.limit + 1)}`;
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
  reasons: mapped(z.tuple([z.string(), z.string()])),
  from_ips: z.array(z.string()),
  to_ips: z.array(z.string()),
  from_endpoints: z.array(big),
  to_endpoints: z.array(big),
  first_ms: big,
  last_ms: big,
});
export type MapRow = z.infer<typeof mapRowSchema>;
