/**
 * `npm run bench:store`: what the embedded store takes and answers. Fills a store of its own with an hour of made-up
 * flows, then asks what the pages ask. Prints; judges nothing.
 */
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createStoreClient, type StoreClient } from '../db/client.ts';
import { queryFlows } from '../db/queries/flows.ts';
import { queryMap } from '../db/queries/map.ts';
import type { Range } from '../db/queries/range.ts';
import { all, type Filter } from '../model/filter/ast.ts';
import { parseFilter } from '../model/filter/parse.ts';
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
const sizeSchema = z.tuple([z.object({ rows: z.coerce.number(), bytes: z.coerce.number(), raw: z.coerce.number() })]);
const scanSchema = z.tuple([z.object({ rows: z.coerce.number() })]);
const mergesSchema = z.tuple([z.object({ merges: z.coerce.number() })]);

function filter(text: string): Filter {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(`the filter ${text} does not parse: ${JSON.stringify(parsed.error)}`);
  return parsed.value;
}

async function rowsOf(client: StoreClient, query: string, range?: Range): Promise<unknown> {
  const bounds = range === undefined ? {} : { query_params: { fromMs: range.fromMs, toMs: range.toMs } };
  const answer = await client.query({ query, format: 'JSONEachRow', ...bounds });
  return answer.json();
}

/** Bytes per row once merging came to rest, or after five seconds. */
async function sizes(client: StoreClient): Promise<readonly Measure[]> {
  const deadline = performance.now() + mergeWithinMs;
  while (performance.now() < deadline) {
    const running = await rowsOf(client, `SELECT count() AS merges FROM system.merges WHERE table = 'flows'`);
    if (mergesSchema.parse(running)[0].merges === 0) break;
    await sleep(200);
  }
  const [{ rows, bytes, raw }] = sizeSchema.parse(
    await rowsOf(
      client,
      `SELECT sum(rows) AS rows, sum(bytes_on_disk) AS bytes, sum(data_uncompressed_bytes) AS raw
       FROM system.parts WHERE active AND database = currentDatabase() AND table = 'flows'`,
    ),
  );
  return [
    { name: 'uncompressed columns (baseline)', unit: 'bytes/row', values: [raw / rows] },
    { name: 'on disk', unit: 'bytes/row', values: [bytes / rows], baseline: [raw / rows] },
  ];
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
    'map of 1 h': async () => (await queryMap(client, edges, signal)).edges.length,
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
      { name: 'insert into flows, acknowledged', unit: 'rows/s', values: inserted.acknowledged, baseline },
      ...(await sizes(client)),
      ...(await measureQueries(client, range)),
    ];
    console.log(`${inserted.rows.toLocaleString('en-US')} rows of one hour in the embedded store\n`);
    console.log(formatTable(measures));
  } finally {
    await client.close();
    await store.stop();
  }
}

// The temporary store goes with the process, however it ends.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
await main();
