/**
 * `npm run bench:ui`: the built page in Chromium over the built server and the embedded store, with made-up clusters that
 * came in through the writer. A page of plain text from the same server, and a single box under the same hand, are the
 * baselines of the same run. Prints; judges nothing.
 */
import { get } from 'node:http';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { z } from 'zod';

import { askOf, repeat, type Ask } from './ask-page.ts';
import { smallCluster, type ClusterSize } from './generate-flows.ts';
import { startMadeUpConsole, type Entries, type MadeUpConsole } from './made-up-console.ts';
import { firstMapMs, firstPaintMs } from './page-probes.ts';
import { formatTable, type Measure } from './table.ts';
import { underTheHand } from './ui-hand.ts';
import { watchLive } from './ui-live.ts';

const argumentsSchema = z.object({
  store: z.string(),
  server: z.string(),
  app: z.string(),
  rounds: z.coerce.number().int().min(1),
  minutes: z.coerce.number().min(0.5),
});
const clusters: readonly ClusterSize[] = [
  { workloads: 50, edges: 150 },
  smallCluster,
  { workloads: 5000, edges: 15_000 },
];

async function withCluster<T>(
  entries: Entries,
  size: ClusterSize,
  act: (console: MadeUpConsole) => Promise<T>,
): Promise<T> {
  const console = await startMadeUpConsole(entries, size, 40 * size.edges);
  try {
    return await act(console);
  } finally {
    await console.stop();
  }
}

async function firstPaints(ask: Ask, map: string, services: number, rounds: number): Promise<Measure[]> {
  // The first question of all finds a store that read nothing yet.
  await ask(map, firstMapMs);
  const baseline = await repeat(rounds, () => ask('/api/v1/health', firstPaintMs));
  const values = await repeat(rounds, () => ask(map, firstMapMs));
  const name = `${services.toLocaleString('en-US')} services`;
  return [
    { name: `${name}: a page of text painted`, unit: 'ms', values: baseline },
    { name: `${name}: first map painted`, unit: 'ms', values, baseline },
  ];
}

/** As the server sends them to who takes gzip and nothing else; 1 kB is 1,000 bytes. */
async function scriptKilobytes(page: Page): Promise<number> {
  await firstMapMs(page);
  await page.waitForTimeout(1000);
  const scripts = await page.evaluate(() => {
    const names = performance.getEntriesByType('resource').map(({ name }) => name);
    return [...new Set(names)].filter((name) => new URL(name).pathname.endsWith('.js'));
  });
  const sizes = await Promise.all(scripts.map(gzipBytes));
  return sizes.reduce((sum, bytes) => sum + bytes, 0) / 1000;
}

/** Bytes of the body on the wire. */
function gzipBytes(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(bytes);
        else reject(new Error(`${url}: ${String(response.statusCode)}`));
      });
      response.on('error', reject);
    }).on('error', reject);
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      store: { type: 'string' },
      server: { type: 'string' },
      app: { type: 'string', default: 'out' },
      rounds: { type: 'string', default: '5' },
      minutes: { type: 'string', default: '2' },
    },
  });
  const built = argumentsSchema.parse(values);
  const { rounds } = built;
  const measures: Measure[] = [];
  for (const size of clusters) {
    const paints = ({ url, search }: MadeUpConsole) => firstPaints(askOf(url), `/${search}`, size.workloads, rounds);
    measures.push(...(await withCluster(built, size, paints)));
  }
  await withCluster(built, smallCluster, async (console) => {
    const ask = askOf(console.url);
    measures.push(...(await underTheHand(ask, `/${console.search}&by=workload`, rounds)));
    measures.push({
      name: 'scripts of the map route, gzip',
      unit: 'kB',
      values: [await ask(`/${console.search}`, scriptKilobytes)],
    });
    measures.push(...(await watchLive(console, smallCluster, built.minutes)));
  });
  console.log(formatTable(measures));
}

// Store and server go with the process, however it ends.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
await main();
