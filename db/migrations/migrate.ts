/**
 * Forward-only, numbered migrations, run by one process at a time. Running them again changes nothing more, because each
 * looks at what is there, and the record of what ran keeps one row per version.
 */
import { z } from 'zod';
import { createStoreClient, databaseOf } from '../client.ts';
import { localTable, onCluster } from '../cluster.ts';
import type { Log } from '../log.ts';
import { alignColumns, areColumnsAligned } from './align-columns.ts';
import { clusterStatements, distributedTables, type ClusterPlace } from './cluster-statements.ts';
import { coarserRollups } from './coarser-rollups.ts';
import { coverageByHour } from './coverage-by-hour.ts';
import { endpointsByReference } from './endpoints-by-reference.ts';
import { firstTables } from './first-tables.ts';
import { consistent, lockTable, withMigrationLock, type CheckHeld } from './lock.ts';
import { runAll, type Migration, type MigrationClient } from './migration.ts';
import { rollups } from './rollups.ts';
import { savedItems } from './saved-items.ts';

export const migrations: readonly Migration[] = [
  firstTables,
  endpointsByReference,
  rollups,
  coarserRollups,
  savedItems,
  coverageByHour,
];

/** A migration may rewrite a day of flows in one statement. */
const longestStepMs = 3_600_000;

export const ledger = `
CREATE TABLE IF NOT EXISTS schema_migrations
(
  version UInt32,
  name String,
  applied DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
ORDER BY version`;

const versionsSchema = z.array(z.object({ version: z.number() }));
const databasesSchema = z.array(z.object({ name: z.string() }));

export interface MigrateOptions {
  /** CLICKHOUSE_CLUSTER; null: one server. */
  readonly cluster?: string | null;
  /** After so long without a word a process that was changing the schema is taken for gone. */
  readonly leaseMs?: number;
}

/** Creates or updates the database that the URL names. Throws what the store answers; call again to retry. */
export async function migrate(url: string, deps: { readonly log: Log }, options: MigrateOptions = {}): Promise<void> {
  const { cluster = null, leaseMs = 20_000 } = options;
  const place = cluster === null ? null : { cluster, database: databaseOf(url) };
  await createDatabase(url, cluster);
  const client = createStoreClient(url, { requestTimeoutMs: longestStepMs });
  try {
    await runAll(onEveryNode(client, place), [ledger, lockTable]);
    if (!(await isBehind(onEveryNode(client, place)))) return;
    const lock = { leaseMs, isCluster: cluster !== null };
    await withMigrationLock(client, lock, { log: deps.log, random: Math.random }, async (check) => {
      const target = onEveryNode(client, place, check);
      for (const migration of await pending(target)) {
        await migration.run(target);
        check();
        await client.insert({
          table: 'schema_migrations',
          values: [{ version: migration.version, name: migration.name }],
          columns: ['version', 'name'],
          format: 'JSONEachRow',
          ...(place === null ? {} : { clickhouse_settings: consistent }),
        });
        deps.log.info({ version: migration.version, name: migration.name }, 'migrated the store');
      }
      await alignColumns(target);
      // A process that was killed between a table and what stands in front of it has left the two unlike.
      if (place !== null) for (const query of distributedTables(place)) await client.command({ query });
    });
  } finally {
    await client.close();
  }
}

/** Runs a command in the form that the place needs. `check` throws when nothing may be changed any more. */
export function onEveryNode(
  client: MigrationClient,
  place: ClusterPlace | null,
  check: CheckHeld = () => undefined,
): MigrationClient {
  return {
    query: (params) => client.query(place === null ? params : atEveryNode(params, place)),
    async command(params) {
      const [first = '', ...rest] = clusterStatements(params.query, place);
      check();
      let result = await client.command({ ...params, query: first });
      for (const query of rest) {
        check();
        result = await client.command({ ...params, query });
      }
      return result;
    },
  };
}

/** Columns are asked of the tables that hold rows, and what was written at another node is to be seen. */
function atEveryNode<T extends { readonly query_params?: Record<string, unknown> }>(
  params: T,
  { cluster }: ClusterPlace,
): T {
  const table = params.query_params?.['table'];
  return {
    ...params,
    ...(typeof table === 'string'
      ? { query_params: { ...params.query_params, table: localTable(table, cluster) } }
      : {}),
    clickhouse_settings: consistent,
  };
}

async function pending(client: MigrationClient): Promise<readonly Migration[]> {
  const done = await appliedVersions(client);
  const newest = Math.max(0, ...done);
  const known = migrations.length;
  if (newest > known) {
    throw new Error(`the store has schema version ${newest}, this Palomar knows ${known}: update Palomar`);
  }
  return migrations.filter(({ version }) => !done.has(version));
}

/** Most starts find everything in place, and need no turn. */
async function isBehind(client: MigrationClient): Promise<boolean> {
  return (await pending(client)).length > 0 || !(await areColumnsAligned(client));
}

/** Asks before it creates: on a managed server the database may be there and the right to create one not. */
async function createDatabase(url: string, cluster: string | null): Promise<void> {
  const name = databaseOf(url);
  const client = createStoreClient(url, { database: 'default' });
  try {
    const answer = await client.query({
      query: 'SELECT name FROM system.databases WHERE name = {name:String}',
      query_params: { name },
      format: 'JSONEachRow',
    });
    const found = databasesSchema.parse(await answer.json());
    if (found.length > 0) return;
    await client.command({
      query: `CREATE DATABASE IF NOT EXISTS {name:Identifier}${onCluster(cluster)}`,
      query_params: { name },
    });
  } finally {
    await client.close();
  }
}

async function appliedVersions(client: MigrationClient): Promise<Set<number>> {
  const answer = await client.query({ query: 'SELECT version FROM schema_migrations', format: 'JSONEachRow' });
  return new Set(versionsSchema.parse(await answer.json()).map(({ version }) => version));
}
