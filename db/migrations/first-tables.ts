/** The tables of the first release. Columns beyond the sorting keys come from the model by `align-columns.ts`. */
import { runAll, type Migration } from './migration.ts';

/**
 * A retried batch carries the token of its first attempt; the store remembers this many and does not count it twice.
 */
const deduplication = 'non_replicated_deduplication_window = 1000';

/**
 * Five-minute buckets come first, so that a time range reads only itself; inside a bucket the rows of one pair of
 * workloads lie together, which is what the map groups by, most filters select, and compression likes.
 */
const flows = `
CREATE TABLE IF NOT EXISTS flows
(
  time DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  ingested DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
  id UInt64 CODEC(Delta, ZSTD(1)),
  src_namespace LowCardinality(String) CODEC(ZSTD(1)),
  src_workload LowCardinality(String) CODEC(ZSTD(1)),
  dst_namespace LowCardinality(String) CODEC(ZSTD(1)),
  dst_workload LowCardinality(String) CODEC(ZSTD(1)),
  INDEX arrival ingested TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (toStartOfFiveMinutes(time), src_namespace, src_workload, dst_namespace, dst_workload, time)
TTL toDateTime(time) + INTERVAL 14 DAY
SETTINGS ttl_only_drop_parts = 1, ${deduplication}`;

const coverage = `
CREATE TABLE IF NOT EXISTS coverage
(
  time DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  cluster LowCardinality(String) CODEC(ZSTD(1)),
  node LowCardinality(String) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (toStartOfFiveMinutes(time), cluster, node, time)
TTL toDateTime(time) + INTERVAL 14 DAY
SETTINGS ttl_only_drop_parts = 1, ${deduplication}`;

const nodeStatus = `
CREATE TABLE IF NOT EXISTS node_status
(
  time DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
  cluster LowCardinality(String) CODEC(ZSTD(1)),
  node LowCardinality(String) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (cluster, node, time)
TTL toDateTime(time) + INTERVAL 3 DAY
SETTINGS ttl_only_drop_parts = 1, ${deduplication}`;

export const firstTables: Migration = {
  version: 1,
  name: 'first-tables',
  run: (client) => runAll(client, [flows, coverage, nodeStatus]),
};
