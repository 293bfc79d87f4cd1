/**
 * `npm run bench:busy`: what a cheap question costs while eight heavy ones are asked without a pause and sixteen pages
 * follow live, beside the same question with nothing else going on; and when the store is rid of the questions of tabs that
 * were closed.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createStoreClient, type StoreClient } from '../db/client.ts';
import { startServer } from './server-process.ts';
import { startStore } from './store-process.ts';
import { formatTable, type Measure } from './table.ts';
import { fillWeek, hourMs, weekHours } from './week.ts';

const heavyAtOnce = 8;
const viewers = 16;
const times = 40;
const closings = 5;
const pauseMs = 50;

const argumentsSchema = z.object({
  store: z.string(),
  server: z.string(),
  rows: z.coerce.number().int().min(200_000).max(400_000_000),
});

class Refused extends Error {}

type Ask = (signal?: AbortSignal) => Promise<void>;

function asking(url: string, path: string): Ask {
  return async (signal) => {
    const answer = await fetch(`${url}${path}`, signal === undefined ? {} : { signal });
    const body = await answer.text();
    if (!answer.ok) throw new Refused(`${path}: ${answer.status} ${body.slice(0, 300)}`);
  };
}

const rangeOf = (toMs: number, lengthMs: number): string => `from=${toMs - lengthMs}&to=${toMs}`;

/** Of which each is answered from a few thousand rows. */
function cheapOnes(url: string, toMs: number): ReadonlyMap<string, Ask> {
  const quarter = rangeOf(toMs, hourMs / 4);
  return new Map([
    ['drop groups of 15 min', asking(url, `/api/v1/drops?${quarter}`)],
    ['routes of 15 min', asking(url, `/api/v1/routes?${quarter}`)],
    ['newest 100 flows', asking(url, `/api/v1/flows?${quarter}`)],
  ]);
}

/** Questions that no rollup answers, about all there is. */
function heavyOnes(url: string, toMs: number): readonly Ask[] {
  const week = rangeOf(toMs, weekHours * hourMs);
  return Array.from({ length: heavyAtOnce }, (_none, at) => {
    const filter = encodeURIComponent(`http.path:*${at}* or to.port:${8080 + at}`);
    return asking(url, `/api/v1/${at % 2 === 0 ? 'map' : 'series'}?${week}&filter=${filter}`);
  });
}

async function timed(ask: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await ask();
  return performance.now() - start;
}

async function timesOf(ask: Ask): Promise<readonly number[]> {
  const values: number[] = [];
  for (let round = 0; round < times; round += 1) {
    values.push(await timed(ask));
    await sleep(pauseMs);
  }
  return values;
}

const timesOfAll = async (asks: ReadonlyMap<string, Ask>): Promise<ReadonlyMap<string, readonly number[]>> => {
  const found = new Map<string, readonly number[]>();
  for (const [name, ask] of asks) found.set(name, await timesOf(ask));
  return found;
};

interface Load {
  /** How long each heavy question took. */
  readonly took: readonly number[];
  readonly events: () => number;
  readonly refused: () => number;
  end(): Promise<void>;
}

function startLoad(url: string, toMs: number): Load {
  const over = new AbortController();
  const took: number[] = [];
  let events = 0;
  let refused = 0;
  const again = async (ask: Ask): Promise<void> => {
    while (!over.signal.aborted) {
      try {
        took.push(await timed(() => ask(over.signal)));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        refused += 1;
      }
    }
  };
  const follow = async (): Promise<void> => {
    const { body } = await fetch(`${url}/api/v1/live`, { signal: over.signal });
    if (body === null) throw new Error('a live stream without a body');
    for await (const chunk of body) events += String(chunk).length > 0 ? 1 : 0;
  };
  const ended = (error: unknown): void => {
    if (!over.signal.aborted) throw error;
  };
  const running = [
    ...heavyOnes(url, toMs).map((ask) => again(ask).catch(ended)),
    ...Array.from({ length: viewers }, () => follow().catch(ended)),
  ];
  return {
    took,
    events: () => events,
    refused: () => refused,
    async end() {
      over.abort();
      await Promise.all(running);
    },
  };
}

const runningSchema = z.tuple([z.object({ running: z.coerce.number() })]);

/** Questions that the store works on, this one and the live ones apart. */
async function runningIn(client: StoreClient): Promise<number> {
  const answer = await client.query({
    query: `SELECT count() AS running FROM system.processes
      WHERE query NOT LIKE '%system.processes%' AND query LIKE '%FROM flows%' AND query NOT LIKE '%ingested%'`,
    format: 'JSONEachRow',
  });
  return runningSchema.parse(await answer.json())[0].running;
}

/** From closing eight tabs until the store works for none of them. */
async function closing(url: string, client: StoreClient, toMs: number): Promise<number> {
  const closed = new AbortController();
  const asked = heavyOnes(url, toMs).map((ask) => ask(closed.signal).catch(() => undefined));
  while ((await runningIn(client)) < 2) await sleep(20);
  await sleep(300);
  const took = await timed(async () => {
    closed.abort();
    while ((await runningIn(client)) > 0) await sleep(5);
  });
  await Promise.all(asked);
  return took;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

function compared(name: string, idle: readonly number[], busy: readonly number[]): readonly Measure[] {
  const [idle95, busy95] = [[percentile(idle, 0.95)], [percentile(busy, 0.95)]];
  return [
    { name: `${name}, alone (baseline)`, unit: 'ms', values: idle },
    { name: `${name}, under load`, unit: 'ms', values: busy, baseline: idle },
    { name: `${name}, alone, p95 (baseline)`, unit: 'ms', values: idle95 },
    { name: `${name}, under load, p95`, unit: 'ms', values: busy95, baseline: idle95 },
  ];
}

async function measure(url: string, client: StoreClient, toMs: number): Promise<void> {
  const cheap = cheapOnes(url, toMs);
  for (const ask of cheap.values()) await ask();
  const [first] = heavyOnes(url, toMs);
  const heavyAlone = first === undefined ? NaN : await timed(first);
  const idle = await timesOfAll(cheap);
  const load = startLoad(url, toMs);
  await sleep(2000);
  const busy = await timesOfAll(cheap);
  await load.end();
  const closed: number[] = [];
  for (let round = 0; round < closings; round += 1) closed.push(await closing(url, client, toMs));
  const measures: Measure[] = [...idle].flatMap(([name, values]) => compared(name, values, busy.get(name) ?? []));
  const { took } = load;
  measures.push(
    { name: 'a heavy question, alone', unit: 'ms', values: [heavyAlone] },
    { name: `a heavy question, of ${heavyAtOnce} at once`, unit: 'ms', values: took.length === 0 ? [NaN] : took },
    { name: `${heavyAtOnce} tabs closed: until the store is rid of them`, unit: 'ms', values: closed },
  );
  console.log(`${formatTable(measures)}\n\nload of the machine at the end: ${(loadavg()[0] ?? NaN).toFixed(1)}`);
  console.log(`${load.events()} events came to ${viewers} live pages meanwhile`);
  console.log(`${took.length} heavy questions were answered, ${load.refused()} refused or broken off`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      store: { type: 'string' },
      server: { type: 'string' },
      rows: { type: 'string', default: '6000000' },
    },
  });
  const wanted = argumentsSchema.parse(values);
  const toMs = Math.floor(Date.now() / 60_000) * 60_000;
  const store = await startStore(wanted.store);
  const client = createStoreClient(store.url);
  try {
    const { rows } = await fillWeek({ url: store.url, client }, wanted.rows, toMs);
    const server = await startServer(wanted.server, store.url);
    console.log(`${rows.toLocaleString('en-US')} rows of 7 days\n`);
    await measure(server.url, client, toMs);
    await server.stop();
  } finally {
    await client.close();
    await store.stop();
  }
}

// The temporary store goes with the process, however it ends.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
await main();
