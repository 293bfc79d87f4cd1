/** The map beside being looked at: listed, as a matrix, arranged by hand and by keys, and saved, on the recorded lab. */
import { mkdir, readFile } from 'node:fs/promises';

import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { accessProblems } from './access-problems.ts';
import { pageErrors, type Browser } from './browser.ts';
import { startRecordedLab } from './recorded-lab.ts';
import { eventually, type Stack } from './stack.ts';

let stack: Stack;
let browser: Browser;

beforeAll(async () => {
  const lab = await startRecordedLab();
  ({ stack, browser } = lab);
  await eventually(
    60_000,
    async () => ((await stack.map({ from: 'now-15m' })).edges.some(({ drops }) => drops > 0) ? true : null),
    () => 'no drop in the recorded lab yet',
  );
  await mkdir('e2e/results', { recursive: true });
  return () => lab.stop();
});

const card = (page: Page, name: string) => page.getByRole('button', { name: new RegExp(`^${name}, `) }).first();

test('the list ranks every edge, is searched, and opens one, in a URL that reopens it', async () => {
  const page = await browser.page();
  const problems = pageErrors(page);
  await page.goto(`${stack.url}/?range=15m&live=false`);
  await page.getByRole('button', { name: 'List', exact: true }).press('Enter');
  await page.waitForURL(/as=list/);
  const list = page.getByRole('table', { name: 'Edges, ranked' });
  await list.getByRole('row').nth(1).getByText('production/api → payment.stripe.com').waitFor();
  expect(await list.getByRole('row').count()).toBe(1 + (await stack.map({ from: 'now-15m' })).edges.length);
  await page.getByRole('searchbox').fill('api postgres');
  await list.getByRole('button', { name: 'production/api → production/postgres' }).press('Enter');
  await page.getByRole('complementary', { name: 'api to postgres' }).waitFor();
  expect(await accessProblems(page)).toEqual([]);
  await page.screenshot({ path: 'e2e/results/map-list.png' });
  const reopened = await browser.page();
  await reopened.goto(page.url());
  await reopened.getByRole('table', { name: 'Edges, ranked' }).waitFor();
  await reopened.getByRole('complementary', { name: 'api to postgres' }).waitFor();
  expect(problems).toEqual([]);
});

test('the matrix has a cell per edge, walked by arrows', async () => {
  const page = await browser.page();
  await page.goto(`${stack.url}/?range=15m&live=false&as=matrix`);
  const dropped = page.getByRole('button', { name: /^production\/api → payment\.stripe\.com, .*dropped$/ });
  await dropped.press('Enter');
  await page.getByText('api cannot reach payment.stripe.com:443').waitFor();
  expect(await accessProblems(page)).toEqual([]);
  await dropped.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await page.getByRole('complementary', { name: 'api to postgres' }).waitFor();
  await page.screenshot({ path: 'e2e/results/map-matrix.png' });
});

test('a card stays where it was put, through a reload and another range, until positions are reset', async () => {
  const page = await browser.page();
  await page.goto(`${stack.url}/?range=15m&live=false`);
  const placeOf = async (): Promise<string> =>
    card(page, 'dns').evaluate((element) => `${element.style.left} ${element.style.top}`);
  await card(page, 'dns').waitFor();
  const before = await placeOf();
  const box = (await card(page, 'dns').boundingBox()) ?? expect.fail('dns is not on the page');
  await page.mouse.move(box.x + 60, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + 60, box.y + 90, { steps: 5 });
  await page.mouse.up();
  await page.getByRole('button', { name: /^dns, .*pinned$/ }).waitFor();
  const put = await placeOf();
  expect(put).not.toBe(before);
  expect(page.url()).not.toContain('select=');

  await page.goto(`${stack.url}/?range=1h&live=false`);
  await card(page, 'dns').waitFor();
  expect(await placeOf()).toBe(put);
  expect(await accessProblems(page)).toEqual([]);
  await page.getByRole('button', { name: 'Reset positions' }).press('Enter');
  await page.getByRole('button', { name: 'Reset positions' }).waitFor({ state: 'detached' });
  expect(await placeOf()).toBe(before);
});

test('the map is saved as PNG, as SVG that needs nothing else, and as JSON with every place', async () => {
  const page = await browser.page();
  await page.goto(`${stack.url}/?range=15m&live=false`);
  await card(page, 'api').waitFor();
  const save = async (label: string): Promise<Buffer> => {
    await page.getByRole('button', { name: 'Save the map' }).press('Enter');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: label }).press('Enter'),
    ]);
    const path = `e2e/results/${download.suggestedFilename()}`;
    await download.saveAs(path);
    return readFile(path);
  };
  const png = await save('Picture, PNG');
  expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  expect(png.readUInt32BE(16)).toBeGreaterThan(1000);

  const svg = (await save('Drawing, SVG')).toString();
  expect(svg).toContain('>payme');
  expect(svg).not.toMatch(/href|url\(|class=|var\(|oklch|light-dark/);

  const json = z
    .object({
      query: z.object({ grouping: z.literal('workload') }),
      nodes: z.array(z.object({ name: z.string(), position: z.object({ x: z.number(), y: z.number() }) })),
      edges: z.array(z.object({ id: z.string(), path: z.array(z.tuple([z.number(), z.number()])).min(2) })),
    })
    .parse(JSON.parse((await save('Cards, edges and places, JSON')).toString()));
  const drawn = await stack.map({ from: 'now-15m' });
  expect(json.edges.map(({ id }) => id).sort()).toEqual(drawn.edges.map(({ id }) => id).sort());
  expect(json.nodes.map(({ name }) => name).sort()).toEqual(drawn.nodes.map(({ name }) => name).sort());
});

test('the range is walked slice by slice with keys, and another range ends the walk', async () => {
  const page = await browser.page();
  const toMs = Date.now();
  const fromMs = toMs - 600_000;
  await page.goto(`${stack.url}/?from=${fromMs}&to=${toMs}&live=false`);
  await card(page, 'api').waitFor();
  const asked = (from: number) =>
    page.waitForRequest((request) => request.url().includes('/api/v1/map') && request.url().includes(`from=${from}&`));
  const [first] = await Promise.all([
    asked(fromMs),
    page.getByRole('button', { name: 'Replay', exact: true }).press('Enter'),
  ]);
  expect(new URL(first.url()).searchParams.get('to')).toBe(String(fromMs + 20_000));
  const slider = page.getByRole('slider', { name: 'Slice of the range' });
  await Promise.all([asked(fromMs + 20_000), slider.press('ArrowRight')]);
  expect(await slider.getAttribute('aria-valuetext')).toMatch(/, 2 of 30$/);
  await Promise.all([asked(fromMs + 580_000), slider.press('End')]);
  await page.getByRole('button', { name: 'Play' }).press('Enter');
  await page.locator('input[aria-valuetext$=", 3 of 30"]').waitFor();
  await page.getByRole('button', { name: 'Pause' }).press('Enter');
  expect(await accessProblems(page)).toEqual([]);
  await page.keyboard.press('[');
  await slider.waitFor({ state: 'detached' });
});
