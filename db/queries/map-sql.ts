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
import { param, sql, type Sql } from '../sql.ts';
import { inRange, type Range } from './range.ts';

export interface MapInput {
  readonly range: Range;
  readonly filter: Filter;
  readonly grouping: Grouping;
  /** Most edges wanted. */
  readonly limit: number;
}

/** Kind and name of the node that an end belongs to; an end outside Kubernetes stands for itself. */
function nodeColumns(grouping: Grouping): Sql {
  switch (grouping) {
    case 'workload':
      return sql`
    from_workload_kind AS from_kind, from_workload AS from_name,
    to_workload_kind AS to_kind, to_workload AS to_name`;
    case 'namespace':
      return sql`
    if(from_namespace = '', from_workload_kind, 'Namespace') AS from_kind,
    if(from_namespace = '', from_workload, from_namespace) AS from_name,
    if(to_namespace = '', to_workload_kind, 'Namespace') AS to_kind,
    if(to_namespace = '', to_workload, to_namespace) AS to_name`;
    case 'pod':
      return sql`
    if(from_pod = '', from_workload_kind, 'Pod') AS from_kind,
    if(from_pod = '', from_workload, from_pod) AS from_name,
    if(to_pod = '', to_workload_kind, 'Pod') AS to_kind,
    if(to_pod = '', to_workload, to_pod) AS to_name`;
    default:
      return assertNever(grouping);
  }
}

/** Rows seen from the initiator: `drop` and `datagram` rows of the answering side are turned round. */
function turned({ range, filter }: MapInput): Sql {
  return sql`
  SELECT
    cluster, time, reporter, protocol, l7_type, latency_ns, http_status, dns_rcode, drop_reason, drop_location,
    (is_reply = 'yes') AS swap,
    (kind = 'drop') AS is_drop,
    (kind IN ('l7_request', 'l7_response') AND l7_type != 'TLS') AS is_request,
    (kind = 'l7_response' AND l7_type != 'TLS') AS is_answer,
    (kind NOT IN ('drop', 'l7_request', 'l7_response')) AS is_count,
    if(swap, dst_namespace, src_namespace) AS from_namespace,
    if(swap, dst_workload, src_workload) AS from_workload,
    if(swap, dst_workload_kind, src_workload_kind) AS from_workload_kind,
    if(swap, dst_pod, src_pod) AS from_pod,
    if(swap, dst_ip, src_ip) AS from_ip,
    if(swap, src_namespace, dst_namespace) AS to_namespace,
    if(swap, src_workload, dst_workload) AS to_workload,
    if(swap, src_workload_kind, dst_workload_kind) AS to_workload_kind,
    if(swap, src_pod, dst_pod) AS to_pod,
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

/** What one reporter says of an edge. Ranks order the accounts; 9 is none. */
function accounts(input: MapInput): Sql {
  return sql`
  SELECT
    cluster, from_namespace,${nodeColumns(input.grouping)}, to_namespace,
    indexOf(['source', 'destination'], toString(reporter)) AS place,
    if(place = 0, 3, place) AS rank,
    if(countIf(is_count) = 0, 9, rank) AS count_rank,
    if(countIf(is_request) = 0, 9, rank) AS request_rank,
    sumIf(row_connections, is_count) AS connections,
    sumIf(row_bytes_to, is_count) AS bytes_to,
    sumIf(row_bytes_from, is_count) AS bytes_from,
    sumIf(row_packets, is_count) AS packets,
    sumIf(row_retransmits, is_count) AS retransmits,
    countIf(is_request) AS requests,
    countIf(is_request AND NOT is_answer) AS unanswered,
    countIf(is_answer AND if(l7_type = 'DNS', dns_rcode NOT IN ('NOERROR', 'NXDOMAIN'), http_status >= 500)) AS errors,
    quantilesTDigestIf(0.5, 0.95, 0.99)(latency_ns / 1e6, is_answer) AS latency,
    sumMapIf([if(l7_type = 'DNS', toString(dns_rcode), toString(http_status))], [toUInt64(1)], is_answer) AS statuses,
    topKWeighted(8)((protocol, to_port), greatest(1, if(is_count, row_bytes_to + row_bytes_from, 0))) AS ports,
    groupUniqArrayIf(8)((protocol, to_port, l7_type), l7_type != '') AS l7_ports,
    sumIf(row_packets, is_drop) AS drops,
    sumMapIf([(toString(drop_reason), toString(drop_location))], [row_packets], is_drop) AS reasons,
    groupUniqArray(8)(from_ip) AS from_ips,
    groupUniqArray(8)(to_ip) AS to_ips,
    groupUniqArrayIf(8)(from_pod, from_pod != '') AS from_pods,
    groupUniqArrayIf(8)(to_pod, to_pod != '') AS to_pods,
    min(time) AS first,
    max(time) AS last
  FROM (${turned(input)}
  )
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
  groupUniqArrayArray(8)(from_pods) AS from_pods,
  groupUniqArrayArray(8)(to_pods) AS to_pods,
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
  exchanges: z.tuple([big, big, big, z.array(z.number().nullable()), mapped(z.string())]),
  ports: z.array(z.tuple([z.string(), z.number()])),
  l7_ports: z.array(z.tuple([z.string(), z.number(), z.string()])),
  drops: big,
  reasons: mapped(z.tuple([z.string(), z.string()])),
  from_ips: z.array(z.string()),
  to_ips: z.array(z.string()),
  from_pods: z.array(z.string()),
  to_pods: z.array(z.string()),
  first_ms: big,
  last_ms: big,
});
export type MapRow = z.infer<typeof mapRowSchema>;
