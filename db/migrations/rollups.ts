/**
 * What flows add up to, per minute, hour and day, kept up by the store as flows come in: edges between workloads for
 * maps, series and comparisons, drops by reason and place, HTTP routes, DNS names. Questions about long ranges read these.
 */
import { z } from 'zod';

import {
  edgeAggregates,
  edgeKeyNames,
  edgeKeys,
  edgeKeysFromFlows,
  edgeMerges,
  edgeSums,
  mergedAggregates,
} from '../queries/edge-rows.ts';
import { latencyBucket } from '../queries/latency.ts';
import { routeOfPath } from '../queries/route-template.ts';
import { runAll, type Migration, type MigrationClient } from './migration.ts';

const deduplication = 'non_replicated_deduplication_window = 1000';

export function table(name: string, columns: readonly string[], key: string, partition: string, days: number): string {
  return `
CREATE TABLE IF NOT EXISTS ${name}
(
  bucket DateTime('UTC') CODEC(Delta, ZSTD(1)),
  ${columns.join(',\n  ')}
)
ENGINE = AggregatingMergeTree
PARTITION BY ${partition}
ORDER BY (bucket, ${key})
TTL bucket + INTERVAL ${days} DAY
SETTINGS ttl_only_drop_parts = 1, ${deduplication}`;
}

const sum = (name: string): string => `${name} SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))`;
const histogram = 'SimpleAggregateFunction(sumMap, Tuple(Array(UInt8), Array(UInt64))) CODEC(ZSTD(1))';
const latencies = `latency ${histogram}`;
const text = 'LowCardinality(String) CODEC(ZSTD(1))';

export const edgeColumns = [
  ...Object.entries(edgeKeys).map(([name, type]) => `${name} ${type} CODEC(ZSTD(1))`),
  ...Object.keys(edgeSums).map(sum),
  ...Object.entries(edgeMerges).map(([name, { type }]) => `${name} ${type} CODEC(ZSTD(1))`),
];
export const edgeOrder =
  'src_workload_id, dst_workload_id, is_turned, reporter, verdict, protocol, port, l7_type, cluster';

/** From the finest to the coarsest: each is fed by the one before. */
const edges = [
  { name: 'edges_1m', start: 'toStartOfMinute', partition: 'toDate(bucket)', days: 30 },
  { name: 'edges_1h', start: 'toStartOfHour', partition: 'toYYYYMM(bucket)', days: 400 },
  { name: 'edges_1d', start: 'toStartOfDay', partition: 'toYYYYMM(bucket)', days: 400 },
] as const;

const fromFlows = `
SELECT toStartOfMinute(f.time) AS bucket, ${edgeKeysFromFlows},
  ${edgeAggregates.text}
FROM flows AS f`;
const byMinute = `GROUP BY bucket, ${edgeKeyNames}`;

function coarser(from: string, start: string): string {
  return `
SELECT ${start}(e.bucket) AS bucket, ${edgeKeyNames},
  ${mergedAggregates.text}
FROM ${from} AS e
GROUP BY bucket, ${edgeKeyNames}`;
}

const isHttp = `l7_type IN ('HTTP', 'GRPC') AND kind IN ('l7_request', 'l7_response')`;
const answered = `kind = 'l7_response'`;
const ends = ['cluster ' + text, 'src_workload_id UInt64 CODEC(ZSTD(1))', 'dst_workload_id UInt64 CODEC(ZSTD(1))'];
const reporter = `reporter ${edgeKeys.reporter} CODEC(ZSTD(1))`;
const times = [
  `first SimpleAggregateFunction(min, DateTime64(9, 'UTC')) CODEC(ZSTD(1))`,
  `last SimpleAggregateFunction(max, DateTime64(9, 'UTC')) CODEC(ZSTD(1))`,
];

interface Topic {
  readonly name: string;
  readonly columns: readonly string[];
  readonly key: string;
  readonly select: string;
  readonly where: string;
}

const topics: readonly Topic[] = [
  {
    name: 'drops_1m',
    columns: [
      ...ends,
      'is_turned UInt8 CODEC(ZSTD(1))',
      `reason ${text}`,
      `location ${text}`,
      `protocol ${text}`,
      'port UInt16 CODEC(ZSTD(1))',
      sum('packets'),
      sum('bytes'),
      ...times,
    ],
    key: 'reason, location, src_workload_id, dst_workload_id, is_turned, protocol, port, cluster',
    select: `cluster, src_workload_id, dst_workload_id, is_reply = 'yes' AS is_turned,
  drop_reason AS reason, drop_location AS location, protocol, if(is_reply = 'yes', src_port, dst_port) AS port,
  sum(f.packets_to_dst + f.packets_to_src) AS packets, sum(f.bytes_to_dst + f.bytes_to_src) AS bytes,
  min(f.time) AS first, max(f.time) AS last`,
    where: `kind = 'drop'`,
  },
  {
    name: 'routes_1m',
    columns: [
      ...ends,
      reporter,
      `method ${text}`,
      'route String CODEC(ZSTD(1))',
      sum('requests'),
      sum('unanswered'),
      sum('errors'),
      'statuses SimpleAggregateFunction(sumMap, Tuple(Array(UInt16), Array(UInt64))) CODEC(ZSTD(1))',
      latencies,
    ],
    key: 'src_workload_id, dst_workload_id, reporter, method, route, cluster',
    select: `cluster, src_workload_id, dst_workload_id, reporter, http_method AS method, ${routeOfPath} AS route,
  count() AS requests, countIf(NOT (${answered})) AS unanswered,
  countIf(${answered} AND (http_status >= 500 OR grpc_status NOT IN ('', 'OK'))) AS errors,
  sumMapIf([http_status], [toUInt64(1)], ${answered}) AS statuses,
  sumMapIf([${latencyBucket.text}], [toUInt64(1)], ${answered}) AS latency`,
    where: isHttp,
  },
  {
    name: 'dns_1m',
    columns: [
      ...ends,
      reporter,
      'name String CODEC(ZSTD(1))',
      `type ${text}`,
      `rcode ${text}`,
      sum('requests'),
      sum('unanswered'),
      latencies,
    ],
    key: 'src_workload_id, dst_workload_id, reporter, name, type, rcode, cluster',
    select: `cluster, src_workload_id, dst_workload_id, reporter, dns_name AS name, dns_type AS type, dns_rcode AS rcode,
  count() AS requests, countIf(NOT (${answered})) AS unanswered,
  sumMapIf([${latencyBucket.text}], [toUInt64(1)], ${answered}) AS latency`,
    where: `l7_type = 'DNS' AND kind IN ('l7_request', 'l7_response')`,
  },
];

function topicOf(name: string): Topic {
  const topic = topics.find((one) => one.name === name);
  if (topic === undefined) throw new RangeError(`there is no rollup ${name}`);
  return topic;
}
export const topicColumns = (name: string): readonly string[] => topicOf(name).columns;
/** What its rows are told apart by, besides their bucket. */
export const topicKey = (name: string): string => topicOf(name).key;

export const nameOf = (column: string): string => column.slice(0, column.indexOf(' '));

function topicSelect({ select, where, key }: Topic, and = ''): string {
  return `
SELECT toStartOfMinute(f.time) AS bucket, ${select}
FROM flows AS f
WHERE ${where}${and}
GROUP BY bucket, ${key}`;
}

const daysSchema = z.array(z.object({ day: z.string() }));

/** Fills the rollups from the flows that are there; the coarser ones are fed by the finest. */
async function backfill(client: MigrationClient): Promise<void> {
  const answer = await client.query({
    query: 'SELECT DISTINCT toString(toDate(time)) AS day FROM flows ORDER BY day',
    format: 'JSONEachRow',
  });
  const edgeNames = ['bucket', ...Object.keys({ ...edgeKeys, ...edgeSums, ...edgeMerges })].join(', ');
  for (const { day } of daysSchema.parse(await answer.json())) {
    const insert = async (query: string): Promise<void> => {
      await client.command({ query, query_params: { day } });
    };
    await insert(`INSERT INTO edges_1m (${edgeNames}) ${fromFlows} WHERE toDate(f.time) = {day:Date} ${byMinute}`);
    for (const topic of topics) {
      const names = ['bucket', ...selected(topic)].join(', ');
      await insert(`INSERT INTO ${topic.name} (${names}) ${topicSelect(topic, ' AND toDate(f.time) = {day:Date}')}`);
    }
  }
}

/** In the order of the SELECT, which for every topic is that of its columns. */
function selected({ columns }: Topic): string[] {
  return columns.map(nameOf);
}

export const rollups: Migration = {
  version: 3,
  name: 'rollups',
  async run(client) {
    const views = edges.slice(1).map(({ name, start }, i) => {
      const from = edges[i]?.name ?? '';
      return `CREATE MATERIALIZED VIEW IF NOT EXISTS ${name}_view TO ${name} AS${coarser(from, start)}`;
    });
    const tables = [
      ...edges.map(({ name, partition, days }) => table(name, edgeColumns, edgeOrder, partition, days)),
      ...topics.map(({ name, columns, key }) => table(name, columns, key, 'toDate(bucket)', 30)),
    ];
    const feeds = [...edges, ...topics].map(({ name }) => name);
    await runAll(client, [
      // What a killed run may have filled, it would fill again.
      ...feeds.map((name) => `DROP VIEW IF EXISTS ${name}_view`),
      ...tables,
      ...feeds.map((name) => `TRUNCATE TABLE ${name}`),
      ...views,
    ]);
    await backfill(client);
    await runAll(client, [
      `CREATE MATERIALIZED VIEW IF NOT EXISTS edges_1m_view TO edges_1m AS${fromFlows} ${byMinute}`,
      ...topics.map((topic) => `CREATE MATERIALIZED VIEW ${topic.name}_view TO ${topic.name} AS${topicSelect(topic)}`),
    ]);
  },
};
