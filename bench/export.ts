/**
 * `npm run bench:export`: rows a second of an export of all columns in each format, as a client of the API gets them, and how
 * far the server and the store grow meanwhile; beside the store alone reading the same rows and columns for nobody.
 */
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { createStoreClient, type StoreClient } from '../db/client.ts';
import type { Range } from '../db/queries/range.ts';
import { startServer } from './server-process.ts';
import { startStore } from './store-process.ts';
import { formatTable, type Measure } from './table.ts';
import { fillWeek, hourMs } from './week.ts';

const formats = ['parquet', 'arrow', 'csv', 'jsonl'] as const;
const rounds = 3;
const sampleMs = 50;
const MiB = 2 ** 20;

const argumentsSchema = z.object({
  store: z.string(),
  server: z.string(),
  rows: z.coerce.number().int().min(200_000).max(400_000_000),
  hours: z.coerce.number().int().min(1).max(168),
});

function residentBytes(pid: number): number {
  const [, kilobytes = 'NaN'] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

interface Processes {
  readonly server: number;
  readonly store: number;
}

interface Taken {
  readonly rows: number;
  readonly bytes: number;
  readonly ms: number;
  /** Above what they had when it began. */
  readonly grownMiB: Processes;
}

async function take(url: string, format: string, { fromMs, toMs }: Range, pids: Processes): Promise<Taken> {
  const [server, store] = [residentBytes(pids.server), residentBytes(pids.store)];
  const most = { server, store };
  const timer = setInterval(() => {
    most.server = Math.max(most.server, residentBytes(pids.server));
    most.store = Math.max(most.store, residentBytes(pids.store));
  }, sampleMs);
  const start = performance.now();
  const answer = await fetch(`${url}/api/v1/export?format=${format}&from=${fromMs}&to=${toMs}`);
  if (!answer.ok || answer.body === null) throw new Error(`${format}: ${answer.status} ${await answer.text()}`);
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) bytes += chunk.length;
  const ms = performance.now() - start;
  clearInterval(timer);
  const grownMiB = { server: (most.server - server) / MiB, store: (most.store - store) / MiB };
  return { rows: Number(answer.headers.get('x-palomar-rows')), bytes, ms, grownMiB };
}

/** The rows as they lie in the table, without what endpoints are, and written for nobody. */
async function readOnly(client: StoreClient, { fromMs, toMs }: Range): Promise<number> {
  const start = performance.now();
  await client.command({
    query: `SELECT * FROM flows
      WHERE time >= fromUnixTimestamp64Milli({fromMs:Int64}) AND time < fromUnixTimestamp64Milli({toMs:Int64}) FORMAT Null`,
    query_params: { fromMs, toMs },
  });
  return performance.now() - start;
}

async function measure(url: string, client: StoreClient, range: Range, pids: Processes): Promise<void> {
  const taken = new Map<string, Taken[]>(formats.map((format) => [format, []]));
  const readMs: number[] = [];
  await readOnly(client, range);
  for (let round = 0; round < rounds; round += 1) {
    readMs.push(await readOnly(client, range));
    for (const [format, all] of taken) all.push(await take(url, format, range, pids));
  }
  const rows = taken.get('csv')?.[0]?.rows ?? NaN;
  const baseline = readMs.map((ms) => (rows * 1000) / ms);
  const measures: Measure[] = [{ name: 'read for nobody (baseline)', unit: 'rows/s', values: baseline }];
  for (const [format, all] of taken) {
    const rates = all.map((one) => (one.rows * 1000) / one.ms);
    measures.push(
      {
        name: `${format}, ${Math.round((all[0]?.bytes ?? 0) / rows)} bytes/row`,
        unit: 'rows/s',
        values: rates,
        baseline,
      },
      { name: `${format}: growth of the server`, unit: 'MiB', values: all.map((one) => one.grownMiB.server) },
      { name: `${format}: growth of the store`, unit: 'MiB', values: all.map((one) => one.grownMiB.store) },
    );
  }
  console.log(`${rows.toLocaleString('en-US')} rows exported each time\n\n${formatTable(measures)}\n`);
  console.log(`load of the machine at the end: ${(loadavg()[0] ?? NaN).toFixed(1)}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      store: { type: 'string' },
      server: { type: 'string' },
      rows: { type: 'string', default: '6000000' },
      hours: { type: 'string', default: '14' },
    },
  });
  const wanted = argumentsSchema.parse(values);
  const toMs = Math.floor(Date.now() / 60_000) * 60_000;
  const store = await startStore(wanted.store);
  const client = createStoreClient(store.url, { requestTimeoutMs: 600_000 });
  try {
    await fillWeek({ url: store.url, client }, wanted.rows, toMs);
    const server = await startServer(wanted.server, store.url);
    const range = { fromMs: toMs - wanted.hours * hourMs, toMs };
    await measure(server.url, client, range, { server: server.pid, store: store.pid });
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
