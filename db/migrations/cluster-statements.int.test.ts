/**
 * Every statement that cluster mode makes of the migrations and of retention, as the engine parses it. No cluster runs here: what
 * is checked is that each is one the engine knows, that none is left to one node, and that their text does not change unseen.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStoreClient, type StoreClient } from '../client.ts';
import { startEmbeddedStore, whyNoEngine, type RunningStore } from '../embedded/testing.ts';
import { buildDisks, buildFlowPartitions, buildStoredTables } from '../queries/storage.ts';
import { ageStatements, tableAges } from '../retention/ages.ts';
import { alignColumns } from './align-columns.ts';
import { clusterStatements, distributedTables } from './cluster-statements.ts';
import { lockTable } from './lock.ts';
import { ledger, migrations, onEveryNode } from './migrate.ts';
import { runAll, type MigrationClient } from './migration.ts';

const place = { cluster: 'three', database: 'palomar' };

/** Of a store that is empty and stays so. */
async function statements(): Promise<string[]> {
  const said: string[] = [];
  const recording = {
    command: ({ query }: { readonly query: string }) => Promise.resolve(void said.push(query)),
    query: () => Promise.resolve({ json: () => Promise.resolve([]) }),
  } as unknown as MigrationClient;
  const target = onEveryNode(recording, place);
  await runAll(target, [ledger, lockTable]);
  for (const migration of migrations) await migration.run(target);
  await alignColumns(target);
  said.push(...distributedTables(place));
  const ages = tableAges({ rawDays: 7, minuteDays: 8, hourDays: 9, dayDays: 10 });
  said.push(...ages.flatMap((age) => ageStatements(age, '', place.cluster)));
  return said;
}

describe.skipIf(whyNoEngine() !== null)('the statements of cluster mode', () => {
  const directory = mkdtempSync(join(tmpdir(), 'palomar-cluster-'));
  let store: RunningStore;
  let client: StoreClient;

  beforeAll(async () => {
    store = await startEmbeddedStore(directory);
    client = createStoreClient(store.url, { database: 'default' });
  });
  afterAll(async () => {
    await client.close();
    await store.stop();
    rmSync(directory, { recursive: true });
  });

  const parse = async (statement: string): Promise<string> => {
    const answer = await client.query({ query: `EXPLAIN AST ${statement}`, format: 'TabSeparatedRaw' });
    return answer.text();
  };

  it('are all known to the engine, and all go to every node', async () => {
    const all = await statements();
    expect(all.length).toBeGreaterThan(60);
    for (const statement of all) {
      expect(await parse(statement), statement).not.toBe('');
      expect(statement).toMatch(/ON CLUSTER 'three'/);
    }
    expect(all).toMatchSnapshot();
  });

  it('are those of questions about every node, too', async () => {
    for (const { text, params } of [buildStoredTables('three'), buildFlowPartitions('three'), buildDisks('three')]) {
      const answer = await client.query({
        query: `EXPLAIN AST ${text}`,
        query_params: params,
        format: 'TabSeparatedRaw',
      });
      expect(await answer.text()).toContain('clusterAllReplicas');
    }
  });

  it('are told from what the engine does not know', async () => {
    await expect(parse(`CREATE TABLE x ON CLUSTER 'three' (a UInt8) ENGINE Replicated( ORDER BY`)).rejects.toThrow();
  });

  it('make a replicated table of every table, and put a distributed one in front of each that is sharded', async () => {
    const all = await statements();
    const local = all.flatMap(
      (text) => /CREATE TABLE (?:IF NOT EXISTS )?(\w+) ON CLUSTER 'three'\n\(/.exec(text)?.[1] ?? [],
    );
    const fronts = all.flatMap(
      (text) =>
        /CREATE (?:OR REPLACE TABLE|TABLE IF NOT EXISTS) (\w+) ON CLUSTER 'three' AS \w+_local\n/.exec(text)?.[1] ?? [],
    );
    expect(local.filter((name) => !name.endsWith('_local')).sort()).toEqual([
      'endpoints',
      'migration_lock',
      'saved_items',
      'schema_migrations',
      'workloads',
    ]);
    const sharded = local.filter((name) => name.endsWith('_local')).map((name) => name.slice(0, -6));
    expect([...new Set(fronts)].sort()).toEqual([...new Set(sharded)].sort());
    for (const text of all.filter((one) => /ENGINE = (?!Distributed)/.test(one))) {
      expect(text).toMatch(/ENGINE = Replicated\w*MergeTree\('/);
      expect(text).not.toContain('non_replicated');
    }
  });

  it('feed every rollup on the shard that has its flows, by a key that is the same for both directions', async () => {
    const all = await statements();
    const views = all.filter((text) => text.includes('MATERIALIZED VIEW'));
    expect(views.length).toBeGreaterThanOrEqual(10);
    for (const view of views.filter((text) => !text.includes('workloads_of_endpoints'))) {
      expect(view).toMatch(/ TO \w+_local AS/);
      expect([...view.matchAll(/\bFROM (\w+)/g)].map(([, from = '']) => from.endsWith('_local'))).toEqual([true]);
    }
    const pairs = all.filter(
      (text) => /AS (flows|edges_\w+|drops_\w+|routes_\w+|dns_\w+)_local\n/.test(text) && !text.includes('rand()'),
    );
    expect(pairs.length).toBeGreaterThanOrEqual(10);
    for (const text of pairs) {
      expect(text).toContain(
        'cityHash64(least(src_workload_id, dst_workload_id), greatest(src_workload_id, dst_workload_id))',
      );
    }
  });

  it('are none for a form that is not known, and none that moves rows', () => {
    expect(() => clusterStatements('OPTIMIZE TABLE flows', place)).toThrow(
      'no form is known for a cluster of: OPTIMIZE',
    );
    expect(() => clusterStatements('INSERT INTO a SELECT 1', place)).toThrow('a cluster begins empty');
    expect(clusterStatements('OPTIMIZE TABLE flows', null)).toEqual(['OPTIMIZE TABLE flows']);
  });
});
