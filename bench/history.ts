/**
 * `npm run bench:history`: what questions about an hour, a day and a week cost once a store holds a week
 * of made-up traffic.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { createStoreClient, type StoreClient } from '../db/client.ts';
import { queryDrops } from '../db/queries/drops.ts';
import { queryExchanges } from '../db/queries/exchanges.ts';
import { queryFlows } from '../db/queries/flows.ts';
import { queryMap } from '../db/queries/map.ts';
import type { Range } from '../db/queries/range.ts';
import { querySeries } from '../db/queries/series.ts';
import { queryTop } from '../db/queries/top.ts';
import { all } from '../model/filter/ast.ts';
import { filter } from './filter.ts';
import { startStore } from './store-process.ts';
import { formatTable, type Measure } from './table.ts';
import { fillWeek, hourMs, weekHours } from './week.ts';

const rounds = 9;
const signal = new AbortController().signal;

const argumentsSchema = z.object({
  store: z.string(),
  rows: z
    .string()
    .transform((text) => text.split(',').map(Number))
    .pipe(z.array(z.number().int().min(200_000).max(400_000_000)).min(1)),
});

type Ask = () => Promise<number>;

/** By name; each resolves to how much it was answered with: an empty answer would be quick for no merit. */
function questions(client: StoreClient, toMs: number): ReadonlyMap<string, Ask> {
  const last = (count: number): Range => ({ fromMs: toMs - count * hourMs - 17_000, toMs: toMs - 17_000 });
  const map = (range: Range, source?: 'flows'): Ask => {
    const input = { range, filter: all, grouping: 'workload', limit: 1500 } as const;
    return async () =>
      (await queryMap(client, source === undefined ? input : { ...input, source }, signal)).edges.length;
  };
  const drops = (range: Range): Ask => {
    const input = { range, filter: all, limit: 200, sinceMs: null };
    return async () => (await queryDrops(client, input, signal)).groups.length;
  };
  const flows = (range: Range, text: string): Ask => {
    const input = { range, filter: filter(text), limit: 100, before: null };
    return async () => (await queryFlows(client, input, signal)).rows.length;
  };
  const series = (range: Range): Ask => {
    const input = { range, filter: all, points: 120 };
    return async () => (await querySeries(client, input, signal)).points.length;
  };
  return new Map<string, Ask>([
    ['map 1 h, from flows alone (baseline)', map(last(1), 'flows')],
    ['map 1 h', map(last(1))],
    ['map 24 h', map(last(24))],
    ['map 7 d', map(last(weekHours))],
    [
      'map 24 h of one namespace',
      async () => {
        const input = { range: last(24), filter: filter('ns:shop'), grouping: 'workload', limit: 1500 } as const;
        return (await queryMap(client, input, signal)).edges.length;
      },
    ],
    ['series 24 h', series(last(24))],
    ['drop groups 24 h', drops(last(24))],
    ['drop groups 7 d', drops(last(weekHours))],
    ['newest 100 flows', flows(last(24), '')],
    ['newest 100 drops of a namespace', flows(last(24), 'verdict:dropped ns:shop')],
    ['text in paths, 24 h', flows(last(24), 'http.path:*/orders/1999*')],
    [
      'routes 24 h',
      async () => {
        const input = { topic: 'routes', range: last(24), filter: all, order: 'requests', limit: 200 } as const;
        return (await queryExchanges(client, input, signal)).groups.length;
      },
    ],
    [
      'top 20 workloads by bytes, 24 h',
      async () => {
        const input = {
          range: last(24),
          filter: all,
          by: 'to.workload',
          measure: 'bytes',
          limit: 20,
          points: 60,
        } as const;
        return (await queryTop(client, input, signal)).groups.length;
      },
    ],
  ]);
}

async function measure(client: StoreClient, rows: number, toMs: number): Promise<readonly Measure[]> {
  const asked = [...questions(client, toMs)].map(([name, ask]) => ({
    name,
    ask,
    answered: 0,
    cold: NaN,
    warm: [] as number[],
  }));
  for (const question of asked) {
    // What a store that was just opened would have to read.
    for (const cache of ['MARK CACHE', 'UNCOMPRESSED CACHE', 'QUERY CACHE'])
      await client.command({ query: `SYSTEM DROP ${cache}` });
    const start = performance.now();
    question.answered = await question.ask();
    question.cold = performance.now() - start;
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const question of asked) {
      const start = performance.now();
      await question.ask();
      question.warm.push(performance.now() - start);
    }
  }
  const baseline = asked[0]?.warm ?? [];
  const millions = `${(rows / 1e6).toFixed(0)} M`;
  return asked.flatMap(({ name, answered, cold, warm }, at) => [
    { name: `${millions}: ${name}: ${answered}`, unit: 'ms', values: warm, ...(at === 0 ? {} : { baseline }) },
    { name: `${millions}: ${name}, cold`, unit: 'ms', values: [cold] },
  ]);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { store: { type: 'string' }, rows: { type: 'string', default: '6000000,60000000' } },
  });
  const { store: entry, rows: sizes } = argumentsSchema.parse(values);
  const toMs = Math.floor(Date.now() / 60_000) * 60_000;
  for (const rows of sizes) {
    const store = await startStore(entry);
    const client = createStoreClient(store.url);
    try {
      const week = await fillWeek({ url: store.url, client }, rows, toMs);
      const measures = await measure(client, rows, toMs);
      const [held, rate] = [week.rows, Math.round(week.rowsPerSecond)].map((count) => count.toLocaleString('en-US'));
      console.log(`${held ?? ''} rows of 7 days; repeated at ${rate ?? ''} rows/s\n`);
      console.log(`${formatTable(measures)}\n`);
    } finally {
      await client.close();
      await store.stop();
    }
  }
}

// The temporary store goes with the process, however it ends.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
await main();
