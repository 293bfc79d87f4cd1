/**
 * The journey "watch it live", by keys alone: rows that come in through the writer show up by themselves, wait while the
 * reader is at a row, and stop when the reader stops them.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { createTraffic } from '../bench/generate-flows.ts';
import { quietLog } from '../bench/inserts.ts';
import { createWriter } from '../db/writer.ts';
import { accessProblems } from './access-problems.ts';
import { openBrowser, pageErrors, type Browser } from './browser.ts';
import { embeddedStoreUrl, eventually, startStack, type Stack } from './stack.ts';

const rowsPerSecond = 50;
let stack: Stack;
let browser: Browser;
let streaming: Promise<void>;
const ended = new AbortController();

async function streamFlows(url: string): Promise<void> {
  const writer = createWriter({ url }, { log: quietLog, clock: { now: () => Date.now() } });
  writer.start(new AbortController().signal);
  const traffic = createTraffic(7, 7n << 44n, writer, { workloads: 5, edges: 8 });
  while (!ended.signal.aborted) {
    traffic.append(BigInt(Date.now()) * 1_000_000n);
    await sleep(1000 / rowsPerSecond);
  }
  await writer.stop();
}

beforeAll(async () => {
  stack = await startStack({ args: ['--no-probe'] });
  streaming = streamFlows(await embeddedStoreUrl(stack));
  browser = await openBrowser();
});
afterAll(async () => {
  ended.abort();
  await streaming;
  await browser.close();
  await stack.remove();
});

const rowsOf = (page: Page): Locator => page.getByRole('grid', { name: 'Flows' }).locator('[data-row]');

/** Time, ends and ports tell rows apart. */
const newest = async (page: Page): Promise<string> => (await rowsOf(page).first().textContent()) ?? '';

async function openLive(): Promise<{ page: Page; problems: readonly string[] }> {
  const page = await browser.page();
  const problems = pageErrors(page);
  await page.goto(`${stack.url}/?range=5m`);
  await page.locator('[data-card]').first().waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('f');
  await rowsOf(page).first().waitFor();
  return { page, problems };
}

const changes = (page: Page, before: string): Promise<string> =>
  eventually(
    20_000,
    async () => {
      const now = await newest(page);
      return now === before ? null : now;
    },
    () => `the newest row is still ${before}`,
  );

test('new flows come by themselves, hold still while a row is read, and are let in by a key', async () => {
  const { page, problems } = await openLive();
  await changes(page, await changes(page, await newest(page)));

  await rowsOf(page).first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  const reading = page.locator('[data-row="2"]:focus');
  await reading.waitFor();
  const before = { text: await reading.textContent(), box: await reading.boundingBox(), top: await newest(page) };
  const news = page.getByRole('button', { name: / new$/ });
  await news.waitFor();
  const waiting = Number.parseInt((await news.textContent()) ?? '', 10);
  await eventually(
    20_000,
    async () => (Number.parseInt((await news.textContent()) ?? '', 10) > waiting ? true : null),
    () => `still ${waiting} new`,
  );
  expect({ text: await reading.textContent(), box: await reading.boundingBox(), top: await newest(page) }).toEqual(
    before,
  );
  expect(await accessProblems(page)).toEqual([]);

  await news.press('Enter');
  await changes(page, before.top);
  expect(problems).toEqual([]);
  await page.close();
});

test('the key l stops the stream, and starts it again', async () => {
  const { page, problems } = await openLive();
  const live = page.getByRole('button', { name: 'Live' });
  await page.keyboard.press('l');
  await page.waitForURL(/live=false/);
  expect(await live.getAttribute('aria-pressed')).toBe('false');
  await page.waitForLoadState('networkidle');
  const before = await newest(page);
  // Long enough for several ticks of the stream.
  await page.waitForTimeout(4000);
  expect(await newest(page)).toBe(before);
  await page.keyboard.press('l');
  await changes(page, before);
  expect(problems).toEqual([]);
  await page.close();
});
