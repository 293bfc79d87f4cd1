/**
 * Forward-only, numbered migrations. Running them again changes nothing more, because each looks at what is there, and
 * the record of what ran keeps one row per version.
 */
import { z } from 'zod';
import { createStoreClient, databaseOf, type StoreClient } from '../client.ts';
import type { Log } from '../log.ts';
import { alignColumns } from './align-columns.ts';
import { endpointsByReference } from './endpoints-by-reference.ts';
import { firstTables } from './first-tables.ts';
import type { Migration } from './migration.ts';
import { rollups } from './rollups.ts';

const migrations: readonly Migration[] = [firstTables, endpointsByReference, rollups];

/** A migration may rewrite a day of flows in one statement. */
const longestStepMs = 3_600_000;

const ledger = `
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

/** Creates or updates the database that the URL names. Throws what the store answers; call again to retry. */
export async function migrate(url: string, deps: { readonly log: Log }): Promise<void> {
  await createDatabase(url);
  const client = createStoreClient(url, { requestTimeoutMs: longestStepMs });
  try {
    await client.command({ query: ledger });
    const done = await appliedVersions(client);
    const newest = Math.max(0, ...done);
    const known = migrations.length;
    if (newest > known) {
      throw new Error(`the store has schema version ${newest}, this Palomar knows ${known}: update Palomar`);
    }
    for (const migration of migrations.filter(({ version }) => !done.has(version))) {
      await migration.run(client);
      await client.insert({
        table: 'schema_migrations',
        values: [{ version: migration.version, name: migration.name }],
        columns: ['version', 'name'],
        format: 'JSONEachRow',
      });
      deps.log.info({ version: migration.version, name: migration.name }, 'migrated the store');
    }
    await alignColumns(client);
  } finally {
    await client.close();
  }
}

/** Asks before it creates: on a managed server the database may be there and the right to create one not. */
async function createDatabase(url: string): Promise<void> {
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
    await client.command({ query: 'CREATE DATABASE IF NOT EXISTS {name:Identifier}', query_params: { name } });
  } finally {
    await client.close();
  }
}

async function appliedVersions(client: StoreClient): Promise<Set<number>> {
  const answer = await client.query({ query: 'SELECT version FROM schema_migrations', format: 'JSONEachRow' });
  return new Set(versionsSchema.parse(await answer.json()).map(({ version }) => version));
}
