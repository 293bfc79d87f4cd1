/**
 * Flows refer to their endpoints instead of repeating what these are: `endpoints` holds that once, `workloads` what a
 * graph needs of it for as long as its rollups last. Rows of the first release are converted, a day at a time, into a
 * table of their own that then takes the place of the old one.
 */
import { z } from 'zod';

import { idsSql } from './ids-sql.ts';
import { alignment, storedColumns } from './align-columns.ts';
import { runAll, type Migration, type MigrationClient } from './migration.ts';

const deduplication = 'non_replicated_deduplication_window = 1000';

/** Repeated rows of an endpoint become one, the latest, whose age decides. */
const endpoints = `
CREATE TABLE IF NOT EXISTS endpoints
(
  id UInt64,
  workload_id UInt64 CODEC(ZSTD(1)),
  seen DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  cluster LowCardinality(String) CODEC(ZSTD(1)),
  namespace LowCardinality(String) CODEC(ZSTD(1)),
  pod LowCardinality(String) CODEC(ZSTD(1)),
  workload LowCardinality(String) CODEC(ZSTD(1)),
  workload_kind LowCardinality(String) CODEC(ZSTD(1)),
  service LowCardinality(String) CODEC(ZSTD(1)),
  labels Array(LowCardinality(String)) CODEC(ZSTD(1)),
  identity UInt32 CODEC(ZSTD(1)),
  names Array(LowCardinality(String)) CODEC(ZSTD(1)),
  process LowCardinality(String) CODEC(ZSTD(1)),
  unit LowCardinality(String) CODEC(ZSTD(1)),
  container LowCardinality(String) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(seen)
ORDER BY id
TTL toDateTime(seen) + INTERVAL 15 DAY
SETTINGS ${deduplication}`;

const workloads = `
CREATE TABLE IF NOT EXISTS workloads
(
  id UInt64,
  seen DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  cluster LowCardinality(String),
  namespace LowCardinality(String),
  kind LowCardinality(String),
  name String
)
ENGINE = ReplacingMergeTree(seen)
ORDER BY id
TTL toDateTime(seen) + INTERVAL 430 DAY
SETTINGS ${deduplication}`;

const workloadsOfEndpoints = `
CREATE MATERIALIZED VIEW IF NOT EXISTS workloads_of_endpoints TO workloads AS
SELECT workload_id AS id, max(endpoints.seen) AS seen, cluster, namespace, workload_kind AS kind, workload AS name
FROM endpoints
GROUP BY workload_id, cluster, namespace, workload_kind, workload`;

/**
 * Five-minute buckets come first, so that a time range reads only itself; inside a bucket the rows of one pair of
 * workloads lie together, which is what the map groups by and most filters select, and in them those of one connection,
 * which is what compression likes.
 */
const flows = `
CREATE TABLE flows_next
(
  time DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  ingested DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
  id UInt64 CODEC(Delta, ZSTD(1)),
  src_workload_id UInt64 CODEC(ZSTD(1)),
  dst_workload_id UInt64 CODEC(ZSTD(1)),
  src_endpoint UInt64 CODEC(ZSTD(1)),
  dst_endpoint UInt64 CODEC(ZSTD(1)),
  connection_id UInt64 CODEC(Delta, ZSTD(1)),
  INDEX arrival ingested TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (toStartOfFiveMinutes(time), src_workload_id, dst_workload_id, connection_id, time)
TTL toDateTime(time) + INTERVAL 14 DAY
SETTINGS ttl_only_drop_parts = 1, ${deduplication}`;

const text = 'LowCardinality(String)';
/** What a row of the first release said of each end. */
const attributes: Readonly<Record<string, string>> = {
  namespace: text,
  pod: text,
  workload: text,
  workload_kind: text,
  service: text,
  labels: `Array(${text})`,
  identity: 'UInt32',
  names: `Array(${text})`,
  process: text,
  unit: text,
  container: text,
};

const daysSchema = z.array(z.object({ day: z.string() }));

async function convertDay(client: MigrationClient, day: string, columns: readonly string[]): Promise<void> {
  const [from, to] = [idsSql('src'), idsSql('dst')];
  const names = Object.keys(attributes);
  for (const prefix of ['src', 'dst'] as const) {
    const { endpoint, workload } = idsSql(prefix);
    await client.command({
      query: `
INSERT INTO endpoints (id, workload_id, seen, cluster, ${names.join(', ')})
SELECT ${endpoint} AS id, ${workload} AS workload_id, max(time), cluster,
  ${names.map((name) => `${prefix}_${name}`).join(', ')}
FROM flows
WHERE toDate(time) = {day:Date}
GROUP BY ALL`,
      query_params: { day },
    });
  }
  await client.command({
    query: `
INSERT INTO flows_next (${columns.join(', ')}, src_endpoint, dst_endpoint, src_workload_id, dst_workload_id)
SELECT ${columns.join(', ')}, ${from.endpoint}, ${to.endpoint}, ${from.workload}, ${to.workload}
FROM flows
WHERE toDate(time) = {day:Date}`,
    query_params: { day },
  });
}

async function convert(client: MigrationClient): Promise<void> {
  const missing = ['src', 'dst'].flatMap((prefix) =>
    Object.entries(attributes).map(([name, type]) => `ADD COLUMN IF NOT EXISTS ${prefix}_${name} ${type}`),
  );
  await runAll(client, [`ALTER TABLE flows ${missing.join(', ')}`, 'DROP TABLE IF EXISTS flows_next', flows]);
  const clauses = alignment('flows', await storedColumns(client, 'flows_next'));
  if (clauses.length > 0) await client.command({ query: `ALTER TABLE flows_next ${clauses.join(', ')}` });
  const before = await storedColumns(client, 'flows');
  const shared = [...(await storedColumns(client, 'flows_next')).keys()].filter((name) => before.has(name));
  const answer = await client.query({
    query: 'SELECT DISTINCT toString(toDate(time)) AS day FROM flows ORDER BY day',
    format: 'JSONEachRow',
  });
  for (const { day } of daysSchema.parse(await answer.json())) await convertDay(client, day, shared);
  await client.command({ query: 'RENAME TABLE flows TO flows_of_first_release, flows_next TO flows' });
}

export const endpointsByReference: Migration = {
  version: 2,
  name: 'endpoints-by-reference',
  async run(client) {
    await runAll(client, [endpoints, workloads, workloadsOfEndpoints]);
    if (!(await storedColumns(client, 'flows')).has('src_endpoint')) await convert(client);
    await client.command({ query: 'DROP TABLE IF EXISTS flows_of_first_release' });
  },
};
