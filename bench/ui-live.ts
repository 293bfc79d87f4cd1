/**
 * The pages that stay open: the map and the flows, live, while rows keep coming in through the writer at a steady rate.
 * Reads what their scripts hold after a collection, and whether the flows still draw every frame.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CDPSession, Page } from 'playwright-core';

import { openBrowser } from '../e2e/browser.ts';
import { createWriter } from '../db/writer.ts';
import { createTraffic, type ClusterSize } from './generate-flows.ts';
import { quietLog } from './inserts.ts';
import type { MadeUpConsole } from './made-up-console.ts';
import { countFrames, firstMapMs, installProbes } from './page-probes.ts';
import { median, type Measure } from './table.ts';

const flowsPerSecond = 1000;
const sampleEveryMs = 10_000;
/** Caches of the page fill first. */
const settleMs = 20_000;
const framesForMs = 5000;

/** Appends what is due until the signal; resolves to how many rows the store acknowledged. */
async function streamFlows(url: string, size: ClusterSize, signal: AbortSignal): Promise<number> {
  const writer = createWriter({ url }, { log: quietLog, clock: { now: () => Date.now() } });
  writer.start(new AbortController().signal);
  const traffic = createTraffic(7, 7n << 44n, writer, size);
  const startedMs = performance.now();
  let appended = 0;
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - startedMs) * flowsPerSecond) / 1000);
    const nowNs = BigInt(Date.now()) * 1_000_000n;
    for (; appended < due; appended += 1) traffic.append(nowNs);
    await sleep(20);
  }
  await writer.stop();
  const { rowsDropped, rowsRejected, rowsWritten } = writer.stats;
  if (rowsDropped + rowsRejected > 0) throw new Error(`${rowsDropped + rowsRejected} rows did not reach the store`);
  return rowsWritten;
}

/** What the page's scripts hold once what nobody can reach is gone. */
async function heldMegabytes(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  return (metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? NaN) / 1e6;
}

interface Watched {
  readonly heldMb: readonly number[];
  readonly framesPerSecond: number;
}

async function watchPage(url: string, arrived: (page: Page) => Promise<unknown>, untilMs: number): Promise<Watched> {
  const browser = await openBrowser();
  try {
    const page = await browser.page();
    await installProbes(page);
    await page.goto(url);
    await arrived(page);
    const session = await browser.context.newCDPSession(page);
    await session.send('Performance.enable');
    await sleep(settleMs);
    const { perSecond } = await countFrames(page, () => sleep(framesForMs));
    const heldMb: number[] = [];
    do {
      heldMb.push(await heldMegabytes(session));
      await sleep(sampleEveryMs);
    } while (performance.now() < untilMs);
    return { heldMb, framesPerSecond: perSecond };
  } finally {
    await browser.close();
  }
}

function inTable(name: string, { heldMb, framesPerSecond }: Watched, minutes: number): Measure[] {
  const third = Math.max(1, Math.floor(heldMb.length / 3));
  const [first, last] = [heldMb.slice(0, third), heldMb.slice(-third)];
  return [
    { name: `${name}: heap after collection, first third of ${minutes} min`, unit: 'MB', values: first },
    {
      name: `${name}: heap after collection, last third`,
      unit: 'MB',
      values: last,
      baseline: last.map(() => median(first)),
    },
    { name: `${name}: drawn`, unit: 'frames/s', values: [framesPerSecond] },
  ];
}

export async function watchLive(target: MadeUpConsole, size: ClusterSize, minutes: number): Promise<Measure[]> {
  const untilMs = performance.now() + minutes * 60_000;
  const ended = new AbortController();
  const streaming = streamFlows(target.storeUrl, size, ended.signal);
  try {
    const [map, flows] = await Promise.all([
      watchPage(`${target.url}/?range=5m&by=workload`, firstMapMs, untilMs),
      watchPage(`${target.url}/flows?range=5m`, (page) => page.getByRole('grid', { name: 'Flows' }).waitFor(), untilMs),
    ]);
    const seconds = (performance.now() - untilMs) / 1000 + minutes * 60;
    ended.abort();
    return [
      { name: 'live: rows acknowledged', unit: 'rows/s', values: [(await streaming) / seconds] },
      ...inTable('live map', map, minutes),
      ...inTable('live flows', flows, minutes),
    ];
  } finally {
    ended.abort();
    await streaming;
  }
}
