/**
 * `npm run bench:ui`: the built page in Chromium over the built server and the embedded store, with made-up clusters that
 * came in through the writer. A page of plain text from the same server, and a single box under the same hand, are the
 * baselines of the same run. Prints; judges nothing.
 */
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { z } from 'zod';

import { migrate } from '../db/migrations/migrate.ts';
import { openBrowser } from '../e2e/browser.ts';
import { smallCluster, type ClusterSize } from './generate-flows.ts';
import { insertTraffic, quietLog } from './inserts.ts';
import {
  countFrames,
  firstMapMs,
  firstPaintMs,
  installProbes,
  interactions,
  longTasksAfter,
  now,
  type Frames,
} from './page-probes.ts';
import { startServer } from './server-process.ts';
import { startStore } from './store-process.ts';
import { formatTable, type Measure } from './table.ts';

const argumentsSchema = z.object({
  store: z.string(),
  server: z.string(),
  app: z.string(),
  rounds: z.coerce.number().int().min(1),
});
const spanMs = 15 * 60_000;
const clicks = 30;
const clusters: readonly ClusterSize[] = [
  { workloads: 50, edges: 150 },
  { workloads: 500, edges: 2000 },
  { workloads: 5000, edges: 15_000 },
];

type Ask = <T>(path: string, act: (page: Page) => Promise<T>) => Promise<T>;

/** Gives every question a browser of its own, as cold as a reader's who follows a link. */
function askOf(url: string): Ask {
  return async (path, act) => {
    const browser = await openBrowser();
    try {
      const page = await browser.page();
      await installProbes(page);
      await page.goto(new URL(path, url).href);
      return await act(page);
    } finally {
      await browser.close();
    }
  };
}

async function withCluster<T>(
  { store: storeEntry, server: serverEntry, app }: z.infer<typeof argumentsSchema>,
  size: ClusterSize,
  act: (ask: Ask, map: string) => Promise<T>,
): Promise<T> {
  const store = await startStore(storeEntry);
  try {
    await migrate(store.url, { log: quietLog });
    const toMs = Math.floor(Date.now() / 60_000) * 60_000;
    const range = { fromMs: toMs - spanMs, toMs };
    await insertTraffic(store.url, range, 40 * size.edges, size);
    const server = await startServer(serverEntry, app, store.url);
    try {
      return await act(askOf(server.url), `/?from=${range.fromMs}&to=${range.toMs}`);
    } finally {
      await server.stop();
    }
  } finally {
    await store.stop();
  }
}

async function repeat<T>(rounds: number, act: () => Promise<T>): Promise<T[]> {
  const values: T[] = [];
  for (let round = 0; round < rounds; round += 1) values.push(await act());
  return values;
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

/** Back and forth by hand, a little further than the window is wide. */
async function drag(page: Page): Promise<void> {
  await page.mouse.move(700, 560);
  await page.mouse.down();
  for (let step = 0; step < 180; step += 1) {
    const turn = Math.sin((step / 180) * 4 * Math.PI);
    await page.mouse.move(700 + 400 * turn, 560 + 200 * turn);
  }
  await page.mouse.up();
}

async function dragBox(page: Page): Promise<Frames> {
  await page.setContent('<div id="box" style="position:absolute;width:99px;height:99px;background:teal"></div>');
  await page.evaluate(() => {
    const box = document.getElementById('box');
    addEventListener('mousemove', ({ clientX, clientY }) => {
      if (box !== null) box.style.transform = `translate(${clientX}px, ${clientY}px)`;
    });
  });
  return countFrames(page, () => drag(page));
}

interface Target {
  readonly id: string;
  readonly x: number;
  readonly y: number;
}

/** Cards that the pointer can reach at their middle, where panel, drawer and controls leave them in view. */
async function reachable(page: Page): Promise<readonly Target[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[data-card]')].flatMap((card) => {
      const { x, y, width, height } = card.getBoundingClientRect();
      const middle = { x: x + width / 2, y: y + height / 2 };
      const isOnTop = card.contains(document.elementFromPoint(middle.x, middle.y));
      return isOnTop ? [{ id: card.dataset['card'] ?? '', ...middle }] : [];
    }),
  );
}

async function hover(page: Page, targets: readonly Target[]): Promise<void> {
  for (let at = 0; at < 60; at += 1) {
    const target = targets[at % targets.length];
    if (target !== undefined) await page.mouse.move(target.x, target.y, { steps: 3 });
  }
}

/** Opens one card after another; the URL says that it opened, so a click that opens nothing fails the run. */
async function clickCards(page: Page): Promise<number[]> {
  const opened = new Set<string>();
  while (opened.size < clicks) {
    const next = (await reachable(page)).find(({ id }) => !opened.has(id));
    if (next === undefined) break;
    opened.add(next.id);
    await page.mouse.click(next.x, next.y);
    await page.waitForURL((url) => url.searchParams.get('select') === next.id, { timeout: 5000 });
    await page.waitForTimeout(300);
  }
  return interactions(page);
}

function p95(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.ceil(0.95 * values.length) - 1] ?? NaN;
}

async function oneHand(page: Page) {
  await firstMapMs(page);
  await page.waitForTimeout(1000);
  const loadedMs = await now(page);
  const panned = await countFrames(page, () => drag(page));
  const targets = await reachable(page);
  const hovered = await countFrames(page, () => hover(page, targets));
  const clicked = await clickCards(page);
  const cards = await page.locator('[data-card]').count();
  return { panned, hovered, clicked, cards, longTasks: await longTasksAfter(page, loadedMs) };
}

async function underTheHand(ask: Ask, map: string, rounds: number): Promise<Measure[]> {
  const boxes = await repeat(rounds, () => ask('/api/v1/health', dragBox));
  const runs = await repeat(rounds, () => ask(`${map}&by=workload`, oneHand));
  const baseline = boxes.map(({ perSecond }) => perSecond);
  const rate = (of: (run: (typeof runs)[number]) => Frames): readonly number[] => runs.map((run) => of(run).perSecond);
  return [
    { name: 'cards on the map', unit: 'cards', values: runs.map(({ cards }) => cards) },
    { name: 'one box under the hand', unit: 'frames/s', values: baseline },
    { name: 'panning the map', unit: 'frames/s', values: rate(({ panned }) => panned), baseline },
    { name: 'panning, longest frame', unit: 'ms', values: runs.map(({ panned }) => panned.worstMs) },
    { name: 'pointing from card to card', unit: 'frames/s', values: rate(({ hovered }) => hovered), baseline },
    { name: 'clicks of 16 ms or more', unit: 'clicks', values: runs.map(({ clicked }) => clicked.length) },
    { name: 'of them, click to paint, p95', unit: 'ms', values: runs.map(({ clicked }) => p95(clicked)) },
    { name: 'tasks over 200 ms after load', unit: 'tasks', values: runs.map(({ longTasks }) => longTasks) },
  ];
}

/** As the server sends it, whatever the encoding; 1 kB is 1,000 bytes. */
async function scriptKilobytes(page: Page): Promise<number> {
  await firstMapMs(page);
  await page.waitForTimeout(1000);
  return page.evaluate(() => {
    const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    const scripts = entries.filter(({ name }) => new URL(name).pathname.endsWith('.js'));
    return scripts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0) / 1000;
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      store: { type: 'string' },
      server: { type: 'string' },
      app: { type: 'string', default: 'out' },
      rounds: { type: 'string', default: '5' },
    },
  });
  const built = argumentsSchema.parse(values);
  const measures: Measure[] = [];
  for (const size of clusters) {
    const act = (ask: Ask, map: string) => firstPaints(ask, map, size.workloads, built.rounds);
    measures.push(...(await withCluster(built, size, act)));
  }
  await withCluster(built, smallCluster, async (ask, map) => {
    measures.push(...(await underTheHand(ask, map, built.rounds)));
    measures.push({ name: 'scripts of the map route', unit: 'kB', values: [await ask(map, scriptKilobytes)] });
  });
  console.log(formatTable(measures));
}

// Store and server go with the process, however it ends.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
await main();
