/**
 * `npm run bench:store`: what the embedded store takes and answers. Fills a store of its own with an hour of made-up
 * flows, then asks what the pages ask. Prints; judges nothing.
 */
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createStoreClient, type StoreClient } from '../db/client.ts';
import { filterSql } from '../db/filter-sql.ts';
import { queryDrops } from '../db/queries/drops.ts';
import { queryFlows } from '../db/queries/flows.ts';
import { queryMap } from '../db/queries/map.ts';
import { inRange, type Range } from '../db/queries/range.ts';
import { runQuery } from '../db/queries/run.ts';
import { querySeries } from '../db/queries/series.ts';
import { sql } from '../db/sql.ts';
import { all } from '../model/filter/ast.ts';
import { filter } from './filter.ts';
import { measureInserts } from './inserts.ts';
import { startStore } from './store-process.ts';
import { formatTable, type Measure } from './table.ts';

const insertWithinMs = 28_000;
const queryWithinMs = 12_000;
const insertRounds = 5;
const queryRounds = 9;
const mergeWithinMs = 5000;
const hourMs = 3_600_000;
const signal = new AbortController().signal;

const argumentsSchema = z.object({ store: z.string(), rows: z.coerce.number().int().min(100_000).max(20_000_000) });
const columnsSchema = z.array(z.object({ name: z.string(), bytes: z.coerce.number() }));
const sizeSchema = z.array(z.object({ table: z.string(), rows: z.coerce.number(), bytes: z.coerce.number() }));
const scanSchema = z.tuple([z.object({ rows: z.coerce.number() })]);
const mergesSchema = z.tuple([z.object({ merges: z.coerce.number() })]);

async function rowsOf(client: StoreClient, query: string, range?: Range): Promise<unknown> {
  const bounds = range === undefined ? {} : { query_params: { fromMs: range.fromMs, toMs: range.toMs } };
  const answer = await client.query({ query, format: 'JSONEachRow', ...bounds });
  return answer.json();
}

/** The label of one workload, asked of rows that refer to endpoints and of rows that repeat them. */
const label = 'tier=1';
const wideLabel = `
SELECT count() AS rows
FROM flows_wide
WHERE time >= fromUnixTimestamp64Milli({fromMs:Int64})
  AND time < fromUnixTimestamp64Milli({toMs:Int64})
  AND arrayExists(x -> x = 'k8s:${label}', src_labels)`;

async function countLabelled(client: StoreClient, range: Range): Promise<number> {
  const query = sql`
SELECT count() AS rows
FROM flows
WHERE ${inRange(range)} AND ${filterSql(filter(`from.label:${label}`))}
LIMIT 1`;
  const { rows } = await runQuery(client, query, z.object({ rows: z.coerce.number() }), signal);
  return rows[0]?.rows ?? 0;
}

/** Bytes per row once merging came to rest, or after a while. */
async function sizes(client: StoreClient): Promise<readonly Measure[]> {
  const deadline = performance.now() + mergeWithinMs;
  while (performance.now() < deadline) {
    const running = await rowsOf(client, 'SELECT count() AS merges FROM system.merges');
    if (mergesSchema.parse(running)[0].merges === 0) break;
    await sleep(200);
  }
  const parts = sizeSchema.parse(
    await rowsOf(
      client,
      `SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes
       FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table ORDER BY table`,
    ),
  );
  const rowsOfFlows = parts.find(({ table }) => table === 'flows')?.rows ?? 0;
  const wide = parts.find(({ table }) => table === 'flows_wide');
  const baseline = wide === undefined ? [] : [wide.bytes / wide.rows];
  // Per row of flows, whatever the table: what a flow costs there.
  const each = parts
    .filter(({ table }) => table !== 'flows_wide')
    .map(({ table, rows, bytes }) => ({
      name: `on disk, ${table} (${rows} rows), for each flow`,
      unit: 'bytes/row',
      values: [bytes / rowsOfFlows],
      baseline,
    }));
  return [
    { name: 'on disk, endpoints repeated in every row (baseline)', unit: 'bytes/row', values: baseline },
    ...each,
  ];
}

async function largestColumns(client: StoreClient): Promise<string> {
  const columns = columnsSchema.parse(
    await rowsOf(
      client,
      `SELECT column AS name, sum(column_data_compressed_bytes) / sum(rows) AS bytes
       FROM system.parts_columns WHERE active AND database = currentDatabase() AND table = 'flows'
       GROUP BY column ORDER BY bytes DESC LIMIT 16`,
    ),
  );
  return columns.map(({ name, bytes }) => `${name} ${bytes.toFixed(2)}`).join(', ');
}

/** One column of the same rows, read from end to end. */
const scan = `
SELECT count() AS rows
FROM flows
WHERE time >= fromUnixTimestamp64Milli({fromMs:Int64})
  AND time < fromUnixTimestamp64Milli({toMs:Int64})
  AND bytes_to_dst < 1000000000`;

async function measureQueries(client: StoreClient, range: Range): Promise<readonly Measure[]> {
  const page = { range, limit: 100, before: null };
  const dropped = filter('verdict:DROPPED');
  const edges = { range, filter: all, grouping: 'workload', limit: 5000 } as const;
  // Each tells how many rows or edges it was answered with: an empty answer would be quick for no merit.
  const questions = {
    'count() over the same rows (baseline)': async () => scanSchema.parse(await rowsOf(client, scan, range))[0].rows,
    'label, endpoints repeated in every row': async () =>
      scanSchema.parse(await rowsOf(client, wideLabel, range))[0].rows,
    'label, endpoints by reference': async () => countLabelled(client, range),
    'map of 1 h, from flows alone': async () =>
      (await queryMap(client, { ...edges, source: 'flows' }, signal)).edges.length,
    'map of 1 h': async () => (await queryMap(client, edges, signal)).edges.length,
    'series of 1 h': async () => (await querySeries(client, { range, filter: all, points: 60 }, signal)).points.length,
    'drop groups of 1 h': async () =>
      (await queryDrops(client, { range, filter: all, limit: 200, sinceMs: null }, signal)).groups.length,
    'newest flows': async () => (await queryFlows(client, { ...page, filter: all }, signal)).rows.length,
    'newest dropped': async () => (await queryFlows(client, { ...page, filter: dropped }, signal)).rows.length,
  };
  const asked = Object.entries(questions).map(([name, ask]) => ({ name, ask, answered: 0, values: [] as number[] }));
  const deadline = performance.now() + queryWithinMs;
  // The first round fills the caches and is not counted.
  for (let round = 0; round <= queryRounds && (round < 4 || performance.now() < deadline); round += 1) {
    for (const question of asked) {
      const start = performance.now();
      question.answered = await question.ask();
      if (round > 0) question.values.push(performance.now() - start);
    }
  }
  const baseline = asked[0]?.values ?? [];
  return asked.map(({ name, answered, values }, at) => ({
    name: `${name}: ${answered}`,
    unit: 'ms',
    values,
    ...(at === 0 ? {} : { baseline }),
  }));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { store: { type: 'string' }, rows: { type: 'string', default: '1000000' } },
  });
  const { store: entry, rows } = argumentsSchema.parse(values);
  const toMs = Math.floor(Date.now() / 1000) * 1000;
  const range = { fromMs: toMs - hourMs, toMs };
  const store = await startStore(entry);
  const client = createStoreClient(store.url);
  try {
    const { url } = store;
    const inserted = await measureInserts({ url, range, rows, rounds: insertRounds, withinMs: insertWithinMs });
    const { forgotten: baseline } = inserted;
    const measures: Measure[] = [
      { name: 'insert into a Null table (baseline)', unit: 'rows/s', values: baseline },
      { name: 'rows made and encoded, not sent', unit: 'rows/s', values: inserted.encoded, baseline },
      { name: 'insert into rows that repeat their endpoints', unit: 'rows/s', values: inserted.wide, baseline },
      { name: 'insert into flows, acknowledged', unit: 'rows/s', values: inserted.acknowledged, baseline },
      ...(await sizes(client)),
      ...(await measureQueries(client, range)),
    ];
    console.log(`${inserted.rows.toLocaleString('en-US')} rows of one hour in the embedded store\n`);
    console.log(formatTable(measures));
    console.log(`\nLargest columns of flows, bytes/row: ${await largestColumns(client)}`);
  } finally {
    await client.close();
    await store.stop();
  }
}

// The temporary store goes with the process, however it ends.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
await main();
