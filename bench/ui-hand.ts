/** The map under the hand: frames while it is panned and pointed at, and clicks, each of which has to open what it hit. */
import type { Page } from 'playwright-core';

import { repeat, type Ask } from './ask-page.ts';
import { countFrames, firstMapMs, interactions, longTasksAfter, now, type Frames } from './page-probes.ts';
import type { Measure } from './table.ts';

const clicks = 30;
/** The browser reports no faster interaction. */
const leastReportedMs = 16;

interface Clicked {
  readonly opened: number;
  readonly reported: readonly number[];
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
async function clickCards(page: Page): Promise<Clicked> {
  const opened = new Set<string>();
  while (opened.size < clicks) {
    const next = (await reachable(page)).find(({ id }) => !opened.has(id));
    if (next === undefined) break;
    opened.add(next.id);
    await page.mouse.click(next.x, next.y);
    await page.waitForURL((url) => url.searchParams.get('select') === next.id, { timeout: 5000 });
    await page.waitForTimeout(300);
  }
  return { opened: opened.size, reported: await interactions(page) };
}

/** Of all clicks: the browser does not report those faster than 16 ms, and they count as that long. */
function p95({ opened, reported }: Clicked): number {
  const faster = Array.from({ length: Math.max(0, opened - reported.length) }, () => leastReportedMs);
  const sorted = [...reported, ...faster].sort((a, b) => a - b);
  return sorted[Math.ceil(0.95 * sorted.length) - 1] ?? NaN;
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

/** `map` is the path of a map by workload. */
export async function underTheHand(ask: Ask, map: string, rounds: number): Promise<Measure[]> {
  const boxes = await repeat(rounds, () => ask('/api/v1/health', dragBox));
  const runs = await repeat(rounds, () => ask(map, oneHand));
  const baseline = boxes.map(({ perSecond }) => perSecond);
  const rate = (of: (run: (typeof runs)[number]) => Frames): readonly number[] => runs.map((run) => of(run).perSecond);
  return [
    { name: 'cards on the map', unit: 'cards', values: runs.map(({ cards }) => cards) },
    { name: 'one box under the hand', unit: 'frames/s', values: baseline },
    { name: 'panning the map', unit: 'frames/s', values: rate(({ panned }) => panned), baseline },
    { name: 'panning, longest frame', unit: 'ms', values: runs.map(({ panned }) => panned.worstMs) },
    { name: 'pointing from card to card', unit: 'frames/s', values: rate(({ hovered }) => hovered), baseline },
    { name: 'cards clicked', unit: 'cards', values: runs.map(({ clicked }) => clicked.opened) },
    { name: 'click to paint, p95', unit: 'ms', values: runs.map(({ clicked }) => p95(clicked)) },
    { name: 'tasks over 200 ms after load', unit: 'tasks', values: runs.map(({ longTasks }) => longTasks) },
  ];
}
