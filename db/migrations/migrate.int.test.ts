/** Migrations against the embedded store: from empty, and from the schema and rows of the first release. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { firstTables } from './first-tables.ts';
import { migrate } from './migrate.ts';

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
});
