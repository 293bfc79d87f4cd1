/** What the tables take on the store's disk, how far back they reach, and how much is free. */
import { z } from 'zod';
import type { StoreClient } from '../client.ts';
import { param, sql, type Sql } from '../sql.ts';
import { runQuery } from './run.ts';

export interface Partition {
  readonly id: string;
  readonly bytes: number;
  readonly rows: number;
}

export interface StoredTable {
  readonly table: string;
  readonly rows: number;
  readonly bytes: number;
  /** Null when the table is empty, or not kept by time. */
  readonly oldestMs: number | null;
}

export interface Disk {
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Taken by our tables. */
  readonly usedBytes: number;
  /** The same with what was dropped and is not removed yet. */
  readonly occupiedBytes: number;
}

export interface Storage {
  /** The fullest disk that holds our tables; null when the store does not tell, as of an object storage. */
  readonly disk: Disk | null;
  readonly tables: readonly StoredTable[];
}

/** What is looked at to see whether the oldest flows have to go. */
export interface FlowStorage {
  readonly disk: Disk | null;
  /** Oldest first. In a cluster those of all shards together. */
  readonly flowPartitions: readonly Partition[];
}

/** Rows of a system table: of this server, or of every one of a cluster. */
function systemRows(table: 'parts' | 'disks', cluster: string | null): Sql {
  const from = table === 'parts' ? sql`system.parts` : sql`system.disks`;
  return cluster === null ? from : sql`clusterAllReplicas(${param.string(cluster)}, ${from})`;
}

const maxTables = 100;
const maxPartitions = 2000;
const maxDisks = 1000;

/** A table's name without what cluster mode puts behind that of its local part. */
export const tableName = sql`if(endsWith(table, '_local'), substring(table, 1, length(table) - 6), table) AS name`;

export function buildStoredTables(cluster: string | null): Sql {
  return sql`
SELECT ${tableName}, sum(p.rows) AS rows, sum(bytes_on_disk) AS bytes,
  toUnixTimestamp(minIf(min_time, p.rows > 0)) AS oldest
FROM ${systemRows('parts', cluster)} AS p
WHERE database = currentDatabase() AND active
GROUP BY name
ORDER BY name
LIMIT ${param.uint32(maxTables)}`;
}

export function buildFlowPartitions(cluster: string | null): Sql {
  return sql`
SELECT partition_id AS id, sum(p.rows) AS rows, sum(bytes_on_disk) AS bytes
FROM ${systemRows('parts', cluster)} AS p
WHERE database = currentDatabase() AND table IN ('flows', 'flows_local') AND active AND p.rows > 0
GROUP BY id
ORDER BY id
LIMIT ${param.uint32(maxPartitions)}`;
}

/** An object storage has no size, and tells none. */
export function buildDisks(cluster: string | null): Sql {
  return sql`
SELECT d.total_space AS total, d.free_space AS free, p.used AS used, p.occupied AS occupied
FROM (SELECT hostName() AS host, name, total_space, free_space FROM ${systemRows('disks', cluster)}) AS d
LEFT JOIN
(
  SELECT hostName() AS host, disk_name, sumIf(bytes_on_disk, active) AS used, sum(bytes_on_disk) AS occupied
  FROM ${systemRows('parts', cluster)}
  WHERE database = currentDatabase()
  GROUP BY host, disk_name
) AS p ON p.host = d.host AND p.disk_name = d.name
WHERE total > 0 AND total < 1e18 AND (p.occupied > 0 OR d.name = 'default')
ORDER BY free / total
LIMIT ${param.uint32(maxDisks)}`;
}

const number = z.string().transform(Number);
const tableRow = z.object({ name: z.string(), rows: number, bytes: number, oldest: z.number() });
const partitionRow = z.object({ id: z.string(), rows: number, bytes: number });
const diskRow = z.object({ total: number, free: number, used: number, occupied: number });

export async function queryStorage(client: StoreClient, cluster: string | null, signal: AbortSignal): Promise<Storage> {
  const [disk, tables] = await Promise.all([
    queryDisk(client, cluster, signal),
    runQuery(client, buildStoredTables(cluster), tableRow, signal),
  ]);
  return {
    disk,
    tables: tables.rows.map(({ name: table, rows, bytes, oldest }) => ({
      table,
      rows,
      bytes,
      oldestMs: oldest === 0 ? null : oldest * 1000,
    })),
  };
}

export async function queryFlowStorage(
  client: StoreClient,
  cluster: string | null,
  signal: AbortSignal,
): Promise<FlowStorage> {
  const [disk, partitions] = await Promise.all([
    queryDisk(client, cluster, signal),
    runQuery(client, buildFlowPartitions(cluster), partitionRow, signal),
  ]);
  return { disk, flowPartitions: partitions.rows };
}

async function queryDisk(client: StoreClient, cluster: string | null, signal: AbortSignal): Promise<Disk | null> {
  const { rows } = await runQuery(client, buildDisks(cluster), diskRow, signal);
  const [fullest] = rows;
  if (fullest === undefined) return null;
  const { total: totalBytes, free: freeBytes, used: usedBytes, occupied: occupiedBytes } = fullest;
  return { totalBytes, freeBytes, usedBytes, occupiedBytes };
}
