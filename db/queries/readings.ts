/**
 * What a question would read at most: the tables it goes to and which stretch of each. How much that is, the store's list of
 * parts tells, without a question to the tables themselves.
 */
import { z } from 'zod';
import type { StoreClient } from '../client.ts';
import { param, sql, type Sql } from '../sql.ts';
import type { Range } from './range.ts';
import { bySource, suffixes, type Piece } from './resolution.ts';
import { runQuery } from './run.ts';
import { tableName } from './storage.ts';

export interface Reading {
  readonly table: string;
  readonly ranges: readonly Range[];
}

/** Of pieces that are read from flows or from the rollups whose names begin so. */
export function readingsOf(rollup: string, pieces: readonly Piece[]): readonly Reading[] {
  return bySource(pieces).map(({ from, ranges }) => ({
    table: from === 'flows' ? from : `${rollup}_${suffixes[from]}`,
    ranges,
  }));
}

/** Rows of a partition of a table, from its first to its last moment. */
export interface StoredRows {
  readonly table: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly rows: number;
}

const mostPartitions = 20_000;

/** In a cluster of one replica of each shard. */
export function buildStoredRows(cluster: string | null): Sql {
  const parts = cluster === null ? sql`system.parts` : sql`cluster(${param.string(cluster)}, system.parts)`;
  return sql`
SELECT ${tableName}, toUnixTimestamp(min(min_time)) AS first, toUnixTimestamp(max(max_time)) AS last, sum(p.rows) AS rows
FROM ${parts} AS p
WHERE database = currentDatabase() AND active AND p.rows > 0 AND min_time > toDateTime(0)
GROUP BY name, partition_id
ORDER BY name, first
LIMIT ${param.uint32(mostPartitions)}`;
}

const rowSchema = z.object({ name: z.string(), first: z.number(), last: z.number(), rows: z.coerce.number() });

export async function queryStoredRows(
  client: StoreClient,
  cluster: string | null,
  signal: AbortSignal,
): Promise<readonly StoredRows[]> {
  const { rows: found } = await runQuery(client, buildStoredRows(cluster), rowSchema, signal);
  return found.map(({ name: table, first, last, rows }) => {
    return { table, fromMs: first * 1000, toMs: (last + 1) * 1000, rows };
  });
}

/** As if the rows of a partition lay evenly between its first and its last. */
export function rowsRead(readings: readonly Reading[], stored: readonly StoredRows[]): number {
  let rows = 0;
  for (const { table, ranges } of readings) {
    for (const partition of stored) {
      if (partition.table === table) rows += ranges.reduce((sum, range) => sum + rowsWithin(partition, range), 0);
    }
  }
  return Math.round(rows);
}

function rowsWithin(partition: StoredRows, { fromMs, toMs }: Range): number {
  const shared = Math.min(toMs, partition.toMs) - Math.max(fromMs, partition.fromMs);
  return shared <= 0 ? 0 : (partition.rows * shared) / (partition.toMs - partition.fromMs);
}
