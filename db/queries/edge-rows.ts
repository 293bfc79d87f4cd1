/**
 * What the rollups keep of flows, and how the same is read from flows themselves: both have the columns of
 * `edgeColumns`, so that a question may take some minutes from one and some hours from the other. The rollups were
 * created with this text (migrations/rollups.ts): to change it is to migrate.
 */
import { sql, type Sql } from '../sql.ts';
import { latencyBucket } from './latency.ts';
import { suffixes, type Level } from './resolution.ts';

/** What edges are told apart by; `src` and `dst` as in the row, `is_turned` when the answering side is `src`. */
export const edgeKeys = {
  cluster: 'LowCardinality(String)',
  src_workload_id: 'UInt64',
  dst_workload_id: 'UInt64',
  is_turned: 'UInt8',
  reporter: "Enum8('unknown' = 0, 'source' = 1, 'destination' = 2)",
  verdict:
    "Enum8('VERDICT_UNKNOWN' = 0, 'FORWARDED' = 1, 'DROPPED' = 2, 'ERROR' = 3, 'AUDIT' = 4, 'REDIRECTED' = 5, 'TRACED' = 6, 'TRANSLATED' = 7)",
  protocol: 'LowCardinality(String)',
  /** Of the side that answers. */
  port: 'UInt16',
  l7_type: 'LowCardinality(String)',
} as const;

const isCount = `kind NOT IN ('drop', 'l7_request', 'l7_response')`;
const isRequest = `kind IN ('l7_request', 'l7_response') AND l7_type != 'TLS'`;
const isAnswer = `kind = 'l7_response' AND l7_type != 'TLS'`;
const isDrop = `kind = 'drop'`;
const turned = (left: string, right: string): string => `if(is_reply = 'yes', ${left}, ${right})`;

/** Numbers that add up, from `flows f`. "To" is towards the side that answers. */
export const edgeSums = {
  counted: `countIf(${isCount})`,
  connections: `sumIf(f.connections, ${isCount})`,
  refused: `countIf(connect_result = 'REFUSED')`,
  unreachable: `countIf(connect_result = 'UNREACHABLE')`,
  no_answer: `countIf(connect_result = 'NO_ANSWER')`,
  local_errors: `countIf(connect_result = 'LOCAL_ERROR')`,
  bytes_to: `sumIf(${turned('f.bytes_to_src', 'f.bytes_to_dst')}, ${isCount})`,
  bytes_from: `sumIf(${turned('f.bytes_to_dst', 'f.bytes_to_src')}, ${isCount})`,
  packets_to: `sumIf(${turned('f.packets_to_src', 'f.packets_to_dst')}, ${isCount})`,
  packets_from: `sumIf(${turned('f.packets_to_dst', 'f.packets_to_src')}, ${isCount})`,
  retransmits: `sumIf(f.retransmits, ${isCount})`,
  zero_windows: `sumIf(f.zero_windows, ${isCount})`,
  resets: `sumIf(f.resets, ${isCount})`,
  icmp_errors: `sumIf(f.icmp_errors, ${isCount})`,
  requests: `countIf(${isRequest})`,
  unanswered: `countIf(${isRequest} AND NOT (${isAnswer}))`,
  errors: `countIf(${isAnswer} AND multiIf(
      l7_type = 'DNS', dns_rcode NOT IN ('NOERROR', 'NXDOMAIN'),
      l7_type IN ('HTTP', 'GRPC'), http_status >= 500 OR grpc_status NOT IN ('', 'OK'),
      l7_error != ''))`,
  drops: `sumIf(f.packets_to_dst + f.packets_to_src, ${isDrop})`,
  drop_bytes: `sumIf(f.bytes_to_dst + f.bytes_to_src, ${isDrop})`,
} as const;

const status = `multiIf(
      l7_type = 'DNS', toString(dns_rcode),
      l7_type = 'GRPC' AND grpc_status != '', toString(grpc_status),
      l7_type IN ('HTTP', 'GRPC'), toString(http_status),
      l7_error = '', 'OK', toString(l7_error))`;

/** Everything else that merges: its type, how flows give it, how rows of a rollup merge. */
export const edgeMerges = {
  latency: {
    type: 'SimpleAggregateFunction(sumMap, Tuple(Array(UInt8), Array(UInt64)))',
    fromFlows: `sumMapIf([${latencyBucket.text}], [toUInt64(1)], ${isAnswer})`,
    merge: 'sumMap',
  },
  statuses: {
    type: 'SimpleAggregateFunction(sumMap, Tuple(Array(String), Array(UInt64)))',
    fromFlows: `sumMapIf([${status}], [toUInt64(1)], ${isAnswer})`,
    merge: 'sumMap',
  },
  /** Reason and place of dropped packets, with a line break between. */
  reasons: {
    type: 'SimpleAggregateFunction(sumMap, Tuple(Array(String), Array(UInt64)))',
    fromFlows: `sumMapIf([concat(drop_reason, '\\n', drop_location)], [f.packets_to_dst + f.packets_to_src], ${isDrop})`,
    merge: 'sumMap',
  },
  src_ips: {
    type: 'SimpleAggregateFunction(groupUniqArrayArray(8), Array(IPv6))',
    fromFlows: 'groupUniqArray(8)(src_ip)',
    merge: 'groupUniqArrayArray(8)',
  },
  dst_ips: {
    type: 'SimpleAggregateFunction(groupUniqArrayArray(8), Array(IPv6))',
    fromFlows: 'groupUniqArray(8)(dst_ip)',
    merge: 'groupUniqArrayArray(8)',
  },
  src_endpoints: {
    type: 'SimpleAggregateFunction(groupUniqArrayArray(8), Array(UInt64))',
    fromFlows: 'groupUniqArray(8)(src_endpoint)',
    merge: 'groupUniqArrayArray(8)',
  },
  dst_endpoints: {
    type: 'SimpleAggregateFunction(groupUniqArrayArray(8), Array(UInt64))',
    fromFlows: 'groupUniqArray(8)(dst_endpoint)',
    merge: 'groupUniqArrayArray(8)',
  },
  first: { type: "SimpleAggregateFunction(min, DateTime64(9, 'UTC'))", fromFlows: 'min(f.time)', merge: 'min' },
  last: { type: "SimpleAggregateFunction(max, DateTime64(9, 'UTC'))", fromFlows: 'max(f.time)', merge: 'max' },
} as const;

/** The key columns of rows made from `flows f`. With the endpoints for workloads it serves graphs of pods. */
export function keyColumns(end: 'workload_id' | 'endpoint'): string {
  return [
    'cluster',
    `src_${end} AS src_key`,
    `dst_${end} AS dst_key`,
    `is_reply = 'yes' AS is_turned`,
    'reporter',
    'verdict',
    'protocol',
    `${turned('src_port', 'dst_port')} AS port`,
    'toString(l7_type) AS l7_type',
  ].join(', ');
}

/** The order in which the accounts of an edge are preferred: the source's, the destination's, one of neither. */
export const reporterRank = `if(reporter = 'unknown', 3, toUInt8(reporter)) AS rank`;

/** Fixed text of this file only. */
export const fixed = (text: string): Sql => ({ pieces: [text], text, params: {} });

export type EdgeColumn = keyof typeof edgeSums | keyof typeof edgeMerges;

const isSum = (name: EdgeColumn): name is keyof typeof edgeSums => Object.hasOwn(edgeSums, name);

export const edgeColumns: readonly EdgeColumn[] = [
  ...(Object.keys(edgeSums) as (keyof typeof edgeSums)[]),
  ...(Object.keys(edgeMerges) as (keyof typeof edgeMerges)[]),
];

/** These aggregates over `flows f`, each under its column's name. */
export function aggregatesOf(columns: readonly EdgeColumn[]): Sql {
  const texts = columns.map((name) => `${isSum(name) ? edgeSums[name] : edgeMerges[name].fromFlows} AS ${name}`);
  return fixed(texts.join(',\n    '));
}

export const edgeAggregates: Sql = aggregatesOf(edgeColumns);

/** The aggregates over rows that are aggregates themselves, from `e`. */
export const mergedAggregates: Sql = fixed(
  [
    ...Object.keys(edgeSums).map((name) => `sum(e.${name}) AS ${name}`),
    ...Object.entries(edgeMerges).map(([name, { merge }]) =>
      merge === 'sumMap' ? `sumMap(e.${name}.1, e.${name}.2) AS ${name}` : `${merge}(e.${name}) AS ${name}`,
    ),
  ].join(',\n    '),
);

export const edgeKeyNames = Object.keys(edgeKeys).join(', ');

/** Without an order in time: all rows are of one bucket. */
const untimed = sql`0`;

/**
 * Rows of edges made from flows; `end` says what `src_key` and `dst_key` are, `at` (of `f.time`) what they are told apart
 * by in time. A question that names the columns it needs is understood sooner by the store.
 */
export function edgesFromFlows(
  where: Sql,
  end: 'workload_id' | 'endpoint',
  at: Sql = untimed,
  columns: readonly EdgeColumn[] = edgeColumns,
): Sql {
  return sql`
    SELECT ${at} AS at, ${fixed(keyColumns(end))},
    ${aggregatesOf(columns)}
    FROM flows AS f
    WHERE ${where}
    GROUP BY at, cluster, src_key, dst_key, is_turned, reporter, verdict, protocol, port, l7_type`;
}

/** As the key columns of a rollup are made of `flows f`. */
export const edgeKeysFromFlows: string = Object.keys(edgeKeys)
  .map((name) => {
    switch (name) {
      case 'is_turned':
        return `is_reply = 'yes' AS is_turned`;
      case 'port':
        return `${turned('src_port', 'dst_port')} AS port`;
      case 'l7_type':
        return 'toString(l7_type) AS l7_type';
      default:
        return name;
    }
  })
  .join(', ');

/** Rows of a rollup in the shape of `edgesFromFlows`, unmerged; `at` is of `e.bucket`. */
export function edgesFromRollup(
  level: Level,
  where: Sql,
  at: Sql = untimed,
  columns: readonly EdgeColumn[] = edgeColumns,
): Sql {
  const named = columns.map((name) => `e.${name} AS ${name}`);
  return sql`
    SELECT ${at} AS at, cluster, src_workload_id AS src_key, dst_workload_id AS dst_key,
    is_turned, reporter, verdict, protocol, port, l7_type,
    ${fixed(named.join(', '))}
    FROM ${fixed(`edges_${suffixes[level]}`)} AS e
    WHERE ${where}`;
}
