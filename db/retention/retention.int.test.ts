/** Retention against the embedded store: ages that change, and a disk that fills. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createStoreClient, type StoreClient } from '../client.ts';
import { startEmbeddedStore, whyNoEngine, type RunningStore } from '../embedded/testing.ts';
import { migrate } from '../migrations/migrate.ts';
import { queryStorage } from '../queries/storage.ts';
import { createRetention, type Retention } from './retention.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const { signal } = new AbortController();
const ages = { rawDays: 14, minuteDays: 30, hourDays: 400, dayDays: 400 };

describe.skipIf(whyNoEngine() !== null)('retention', () => {
  let directory = '';
  let store: RunningStore;
  let client: StoreClient;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'palomar-retention-'));
  });
  const open = async (data: string): Promise<void> => {
    store = await startEmbeddedStore(data);
    client = createStoreClient(store.url);
    await migrate(store.url, { log: quiet });
  };
  afterEach(async () => {
    await client.close();
    await store.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const retention = (of: { ages?: Partial<typeof ages>; diskPercent?: number } = {}): Retention =>
    createRetention(
      { url: store.url, cluster: null, ages: { ...ages, ...of.ages }, diskPercent: of.diskPercent ?? 0 },
      { log: quiet, clock: Date },
    );
  const ask = async (query: string): Promise<unknown[][]> => {
    const answer = await client.query({ query, format: 'JSONCompactEachRow' });
    return z.array(z.array(z.unknown())).parse(await answer.json());
  };
  const addDay = (daysAgo: number, rows = 1000, payload = `''`): Promise<unknown> =>
    client.command({
      query: `
INSERT INTO flows (time, id, http_path)
SELECT now64(9) - INTERVAL ${daysAgo} DAY, number, ${payload} FROM numbers(${rows})`,
    });
  const daysKept = async (): Promise<unknown> =>
    (
      await ask(
        "SELECT groupArray(toInt32(dateDiff('day', day, today()))) FROM (SELECT DISTINCT toDate(time) AS day FROM flows ORDER BY day)",
      )
    )[0]?.[0];

  it('brings every table to its age, and the second time changes nothing', async () => {
    await open(directory);
    const engines = (): Promise<unknown[][]> =>
      ask('SELECT name, engine_full FROM system.tables WHERE database = currentDatabase() ORDER BY name');
    const before = await engines();
    await retention().apply(signal);
    expect(await engines()).toEqual(before);
    await retention({ ages: { rawDays: 3, minuteDays: 5, hourDays: 50, dayDays: 60 } }).apply(signal);
    const after = await engines();
    const days = Object.fromEntries(
      after.map(([name, engine]) => [String(name), /toIntervalDay\((\d+)\)/.exec(String(engine))?.[1]]),
    );
    expect(days).toMatchObject({
      flows: '3',
      coverage: '3',
      coverage_1h: '60',
      endpoints: '4',
      edges_1m: '5',
      drops_1m: '5',
      routes_1m: '5',
      dns_1m: '5',
      edges_1h: '50',
      edges_1d: '60',
      workloads: '90',
      node_status: '3',
    });
    await retention({ ages: { rawDays: 3, minuteDays: 5, hourDays: 50, dayDays: 60 } }).apply(signal);
    expect(await engines()).toEqual(after);
  });

  it('keeps longer what is there already, and lets go of what is too old by a shorter age', async () => {
    await open(directory);
    for (const daysAgo of [12, 5, 1]) await addDay(daysAgo);
    const ends = (): Promise<unknown[][]> =>
      ask(`SELECT toInt32(dateDiff('day', min_time, delete_ttl_info_max)) FROM system.parts
           WHERE database = currentDatabase() AND table = 'flows' AND active AND rows > 0 ORDER BY min_time`);
    expect(await ends()).toEqual([[14], [14], [14]]);
    await retention({ ages: { rawDays: 30 } }).apply(signal);
    await expect.poll(ends, { timeout: 10_000 }).toEqual([[30], [30], [30]]);
    expect(await daysKept()).toEqual([12, 5, 1]);
    await retention({ ages: { rawDays: 3 } }).apply(signal);
    await expect.poll(daysKept, { timeout: 30_000 }).toEqual([1]);
  });

  it('says that there is nothing to keep yet', async () => {
    await open(directory);
    await client.command({ query: 'DROP TABLE flows' });
    const early = retention();
    await expect(early.apply(signal)).rejects.toThrow('the tables are not there yet');
    expect(early.state().problem).toBe('the tables are not there yet');
  });

  it.skipIf(process.getuid?.() !== 0)('drops the oldest days when the disk fills, and counts them', async () => {
    const small = join(directory, 'small');
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'palomar-retention', small]);
    try {
      await open(small);
      for (const daysAgo of [4, 3, 2, 1, 0]) await addDay(daysAgo, 4000, 'randomPrintableASCII(1000)');
      const full = retention({ diskPercent: 50 });
      await full.apply(signal);
      expect(full.state().dropped.partitions).toBe(0);
      // Someone else fills the disk: what is left for us is less.
      writeFileSync(join(small, 'foreign'), Buffer.alloc(36 * 2 ** 20));
      await full.apply(signal);
      const { dropped } = full.state();
      expect(dropped.partitions).toBeGreaterThan(0);
      expect(dropped.partitions).toBeLessThan(5);
      expect(dropped.rows).toBe(dropped.partitions * 4000);
      expect(await daysKept()).toEqual([4, 3, 2, 1, 0].slice(dropped.partitions));
      const { disk, tables } = await queryStorage(client, null, signal);
      expect(disk?.totalBytes).toBe(64 * 2 ** 20);
      expect(tables.find(({ table }) => table === 'flows')).toMatchObject({ rows: 20_000 - dropped.rows });
      // There is room enough now: the next look drops nothing more.
      await full.apply(signal);
      expect(full.state().dropped).toEqual(dropped);
    } finally {
      await store.stop();
      execFileSync('umount', [small]);
    }
  });
});
