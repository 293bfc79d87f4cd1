/** Migrations against the embedded store: from empty, and from the schema and rows of the first release. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { all } from '../../model/filter/ast.ts';
import { parseFilter } from '../../model/filter/parse.ts';
import { createStoreClient, type StoreClient } from '../client.ts';
import { startEmbeddedStore, whyNoEngine, type RunningStore } from '../embedded/testing.ts';
import { endpointId, wideId, workloadId } from '../native/endpoint-id.ts';
import { queryFlows } from '../queries/flows.ts';
import { runQuery } from '../queries/run.ts';
import { sql } from '../sql.ts';
import { alignColumns } from './align-columns.ts';
import { firstTables } from './first-tables.ts';
import { lockTable, withMigrationLock } from './lock.ts';
import { ledger, migrate, migrations } from './migrate.ts';
import { runAll } from './migration.ts';
import { rollups } from './rollups.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const { signal } = new AbortController();

/** What the first release's model had added to its first tables, as far as these tests write it. */
const firstRelease = ['src', 'dst'].flatMap((end) => [
  `${end}_ip IPv6`,
  `${end}_port UInt16`,
  `${end}_pod LowCardinality(String)`,
  `${end}_workload_kind LowCardinality(String)`,
  `${end}_service LowCardinality(String)`,
  `${end}_labels Array(LowCardinality(String))`,
  `${end}_identity UInt32`,
  `${end}_names Array(LowCardinality(String))`,
  `${end}_process LowCardinality(String)`,
  `${end}_unit LowCardinality(String)`,
  `${end}_container LowCardinality(String)`,
]);
const others = ['cluster LowCardinality(String)', 'bytes_to_dst UInt64', `kind Enum8('unknown' = 0, 'drop' = 5)`];

describe.skipIf(whyNoEngine() !== null)('migrations', () => {
  let directory = '';
  let store: RunningStore;
  let client: StoreClient;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'palomar-migrate-'));
    store = await startEmbeddedStore(directory);
    client = createStoreClient(store.url);
  });
  afterEach(async () => {
    await client.close();
    await store.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const nowMs = Date.now();
  const range = { fromMs: nowMs - 3 * 86_400_000, toMs: nowMs + 1000 };
  const facts = {
    namespace: 'shop',
    pod: 'zoë-1',
    workload: 'zoë',
    workloadKind: 'Deployment',
    service: 'zoë',
    labels: ['k8s:app=zoë', 'k8s:tier=1'],
    identity: 10_001,
    names: ['a.example'],
    process: 'server',
    unit: '',
    container: 'abc',
  };

  async function createFirstRelease(): Promise<void> {
    const setup = createStoreClient(store.url, { database: 'default' });
    await setup.command({ query: 'CREATE DATABASE palomar' });
    await setup.close();
    await firstTables.run(client);
    await client.command({
      query: `ALTER TABLE flows ${[...firstRelease, ...others].map((column) => `ADD COLUMN ${column}`).join(', ')}`,
    });
    await client.command({
      query: `
CREATE TABLE schema_migrations (version UInt32, name String, applied DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = ReplacingMergeTree ORDER BY version`,
    });
    await client.command({ query: `INSERT INTO schema_migrations (version, name) VALUES (1, 'first-tables')` });
  }

  const row = (id: number, ms: number): Record<string, unknown> => ({
    id,
    time: new Date(ms).toISOString().replace('Z', ''),
    cluster: 'c',
    kind: 'drop',
    bytes_to_dst: id * 10,
    src_ip: '::ffff:10.0.0.1',
    src_port: 40_000,
    ...Object.fromEntries(
      Object.entries({ ...facts, workload_kind: facts.workloadKind, workloadKind: undefined }).map(([name, value]) => [
        `src_${name}`,
        value,
      ]),
    ),
    dst_ip: '::ffff:192.0.2.7',
    dst_port: 443,
    dst_workload: '192.0.2.7',
    dst_workload_kind: 'address',
  });

  it('turns the rows of the first release into rows that refer to endpoints', async () => {
    await createFirstRelease();
    await client.insert({
      table: 'flows',
      values: [row(1, nowMs - 2 * 86_400_000), row(2, nowMs - 1000), row(3, nowMs - 500)],
      format: 'JSONEachRow',
      clickhouse_settings: { input_format_skip_unknown_fields: 1 },
    });
    await migrate(store.url, { log: quiet });

    const { rows } = await queryFlows(client, { range, filter: all, limit: 10, before: null }, signal);
    expect(rows.map(({ id, bytes_to_dst }) => [id, bytes_to_dst])).toEqual([
      ['3', '30'],
      ['2', '20'],
      ['1', '10'],
    ]);
    const { workloadKind, ...same } = facts;
    const source = Object.fromEntries(Object.entries(same).map(([name, value]) => [`src_${name}`, value]));
    expect(rows[0]).toMatchObject({ ...source, src_workload_kind: workloadKind, src_ip: '::ffff:10.0.0.1' });
    expect(rows[0]).toMatchObject({ kind: 'drop', dst_workload: '192.0.2.7', dst_workload_kind: 'address' });
    const filter = parseFilter('from.label:app=zoë from.name:A.example to.kind:address');
    if (!filter.ok) throw new Error(JSON.stringify(filter.error));
    const found = await queryFlows(client, { range, filter: filter.value, limit: 10, before: null }, signal);
    expect(found.rows).toHaveLength(3);

    // The collector of this release gives the same endpoint the same ids.
    const ids = z.object({ endpoint: z.string(), workload: z.string() });
    const stored = await runQuery(
      client,
      sql`SELECT DISTINCT src_endpoint AS endpoint, src_workload_id AS workload FROM flows LIMIT 5`,
      ids,
      signal,
    );
    expect(stored.rows).toEqual([
      { endpoint: String(wideId(endpointId('c', facts))), workload: String(wideId(workloadId('c', facts))) },
    ]);
    const workloads = await runQuery(
      client,
      sql`SELECT DISTINCT kind, name FROM workloads ORDER BY kind LIMIT 9`,
      z.object({ kind: z.string(), name: z.string() }),
      signal,
    );
    expect(workloads.rows).toEqual([
      { kind: 'Deployment', name: 'zoë' },
      { kind: 'address', name: '192.0.2.7' },
    ]);
  });

  it('begins anew when it was killed before the new table took the place of the old', async () => {
    await createFirstRelease();
    await client.insert({
      table: 'flows',
      values: [{ id: 7, time: new Date(nowMs - 5000).toISOString().replace('Z', '') }],
      format: 'JSONEachRow',
    });
    await client.command({ query: 'CREATE TABLE flows_next AS flows' });
    await client.command({ query: 'INSERT INTO flows_next SELECT * FROM flows' });
    await migrate(store.url, { log: quiet });
    const { rows } = await queryFlows(client, { range, filter: all, limit: 10, before: null }, signal);
    expect(rows.map(({ id }) => id)).toEqual(['7']);
  });

  it('changes nothing the second time', async () => {
    const tables = sql`SELECT name, create_table_query AS text FROM system.tables WHERE database = 'palomar' ORDER BY name LIMIT 99`;
    const schema = z.object({ name: z.string(), text: z.string() });
    await migrate(store.url, { log: quiet });
    const first = await runQuery(client, tables, schema, signal);
    await migrate(store.url, { log: quiet });
    const second = await runQuery(client, tables, schema, signal);
    expect(second.rows).toEqual(first.rows);
    expect(first.rows.map(({ name }) => name)).toContain('workloads');
    expect(first.rows.map(({ name }) => name)).not.toContain('flows_of_first_release');
  });

  const summed = async (): Promise<string> => {
    const row = z.object({ counted: z.string() });
    const { rows } = await runQuery(
      client,
      sql`SELECT toString(sum(counted)) AS counted FROM edges_1d LIMIT 1`,
      row,
      signal,
    );
    return rows[0]?.counted ?? '';
  };
  const afterSecondRelease = migrations.slice(2);
  /** What stood before the rollups came, with flows of several days. */
  async function createSecondRelease(flows: number): Promise<void> {
    const setup = createStoreClient(store.url, { database: 'default' });
    await setup.command({ query: 'CREATE DATABASE palomar' });
    await setup.close();
    await runAll(client, [ledger]);
    for (const migration of migrations.slice(0, 2)) {
      await migration.run(client);
      await client.insert({
        table: 'schema_migrations',
        values: [{ version: migration.version, name: migration.name }],
        columns: ['version', 'name'],
        format: 'JSONEachRow',
      });
    }
    await alignColumns(client);
    await client.command({
      query: `
INSERT INTO flows (time, id, src_workload_id, dst_workload_id, kind, connections)
SELECT now64(9) - INTERVAL number % 5 DAY, number, number % 100, number % 7, 'connection_update', 1 FROM numbers(${flows})`,
    });
  }

  it('fills the rollups from the flows of the second release', async () => {
    await createSecondRelease(10_000);
    await migrate(store.url, { log: quiet });
    expect(await summed()).toBe('10000');
  });

  it('fills the coarser rollups from those of the third release, and goes on with what comes', async () => {
    await createSecondRelease(1000);
    await rollups.run(client);
    await client.insert({
      table: 'schema_migrations',
      values: [{ version: 3, name: 'rollups' }],
      format: 'JSONEachRow',
    });
    await migrate(store.url, { log: quiet });
    await client.command({
      query: `INSERT INTO flows (time, id, src_workload_id, dst_workload_id, kind, connections)
SELECT now64(9), number, 1, 2, 'connection_update', 1 FROM numbers(10)`,
    });
    const sums = await runQuery(
      client,
      sql`SELECT toString(sum(connections)) AS connections FROM edges_10m LIMIT 1`,
      z.object({ connections: z.string() }),
      signal,
    );
    expect(sums.rows).toEqual([{ connections: '1010' }]);
  });

  it('is done once when several processes begin at the same time', async () => {
    await createSecondRelease(50_000);
    const done: unknown[] = [];
    const log = { ...quiet, info: (facts: object, message: string) => void done.push([message, facts]) };
    await Promise.all(Array.from({ length: 4 }, () => migrate(store.url, { log })));
    expect(await summed()).toBe('50000');
    expect(done.filter((said) => JSON.stringify(said).includes('migrated the store'))).toEqual(
      afterSecondRelease.map(({ version, name }) => ['migrated the store', { version, name }]),
    );
  });

  it('is done once from nothing as well, with a database that none has made yet', async () => {
    await Promise.all(Array.from({ length: 4 }, () => migrate(store.url, { log: quiet })));
    const versions = await runQuery(
      client,
      sql`SELECT toString(version) AS version, toString(count()) AS times FROM schema_migrations GROUP BY version ORDER BY version LIMIT 99`,
      z.object({ version: z.string(), times: z.string() }),
      signal,
    );
    expect(versions.rows).toEqual(migrations.map(({ version }) => ({ version: String(version), times: '1' })));
  });

  it('goes on where a process was killed that had begun, once that one is taken for gone', async () => {
    await createSecondRelease(1000);
    await runAll(client, [lockTable]);
    await client.insert({ table: 'migration_lock', values: [{ holder: 'killed' }], format: 'JSONEachRow' });
    const said: string[] = [];
    const log = { ...quiet, info: (_: object, message: string) => void said.push(message) };
    await migrate(store.url, { log }, { leaseMs: 1500 });
    expect(said).toEqual([
      'another process changes the schema, waiting for it',
      ...afterSecondRelease.map(() => 'migrated the store'),
    ]);
    expect(await summed()).toBe('1000');
  });

  it('stops before its next change when its claim may be taken for dead', async () => {
    await migrate(store.url, { log: quiet });
    const lock = { leaseMs: 300, isCluster: false };
    const renewalFails = {
      query: client.query.bind(client),
      insert: (params: Parameters<StoreClient['insert']>[0]) =>
        isAway ? Promise.reject(new Error('away')) : client.insert(params),
    } as unknown as StoreClient;
    let isAway = false;
    const work = async (check: () => void): Promise<void> => {
      check();
      isAway = true;
      await sleep(250);
      try {
        check();
      } finally {
        isAway = false;
      }
    };
    const held = withMigrationLock(renewalFails, lock, { log: quiet, random: Math.random }, work);
    await expect(held).rejects.toThrow('lost the claim on the schema');
  });

  it('does not wait for a claim of its own that it could not take back', async () => {
    await migrate(store.url, { log: quiet });
    const lock = { leaseMs: 60_000, isCluster: false };
    let isAway = false;
    const cutOff = {
      query: client.query.bind(client),
      insert: (params: Parameters<StoreClient['insert']>[0]) =>
        isAway ? Promise.reject(new Error('away')) : client.insert(params),
    } as unknown as StoreClient;
    const said: string[] = [];
    const log = { ...quiet, warn: (_: object, message: string) => void said.push(message) };
    await withMigrationLock(cutOff, lock, { log, random: Math.random }, () => {
      isAway = true;
      return Promise.resolve();
    });
    expect(said).toEqual(['cannot take back the claim on the schema: others wait until it is old']);
    let isRun = false;
    await withMigrationLock(client, lock, { log: quiet, random: Math.random }, () => {
      isRun = true;
      return Promise.resolve();
    });
    expect(isRun).toBe(true);
  });
});
