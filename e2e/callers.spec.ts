/**
 * The journeys "which services talk to production/api" and "share this view", by keys alone, on the recorded lab: the
 * callers are those of the API's map, and the link that was copied shows another browser the same.
 */
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';

import { accessProblems } from './access-problems.ts';
import { openBrowser, pageErrors, type Browser } from './browser.ts';
import { cardPlaces } from './legible.ts';
import { runPaletteCommand } from './palette-command.ts';
import { startRecordedLab } from './recorded-lab.ts';
import { eventually, type Stack } from './stack.ts';

let stack: Stack;
let browser: Browser;

beforeAll(async () => {
  const lab = await startRecordedLab();
  ({ stack, browser } = lab);
  return () => lab.stop();
});

const api = 'default/production/Deployment/api';

test('the recorded lab has callers of api', async () => {
  await eventually(
    60_000,
    async () => {
      const { edges } = await stack.map({ from: 'now-15m' });
      return edges.some((edge) => edge.destination === api) ? true : null;
    },
    () => stack.lines.join('\n'),
  );
});

async function openApi(page: Page): Promise<void> {
  await page.goto(`${stack.url}/?range=15m&live=false`);
  await page.getByRole('button', { name: /^api, / }).waitFor();
  await runPaletteCommand(page, 'production/api select');
  await page.getByRole('complementary', { name: 'api' }).waitFor();
}

test('the panel of api lists exactly the services that talk to it, and leads to what one of them said', async () => {
  const page = await browser.page();
  const problems = pageErrors(page);
  await openApi(page);
  const { edges, nodes } = await stack.map({ from: 'now-15m' });
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  const callers = edges.filter((edge) => edge.destination === api).map((edge) => names.get(edge.source) ?? edge.source);

  const panel = page.getByRole('complementary', { name: 'api' });
  const list = panel.getByRole('group', { name: 'Called by' });
  const shown = await list.getByRole('button').allTextContents();
  expect(shown.length).toBe(callers.length);
  for (const caller of callers) expect(shown.some((text) => text.includes(caller))).toBe(true);
  expect(await accessProblems(page)).toEqual([]);

  await list.getByRole('button', { name: /frontend/ }).press('Enter');
  await page.getByRole('complementary', { name: /frontend.*api/ }).waitFor();
  await page.getByRole('grid', { name: 'Flows' }).getByRole('row').filter({ hasText: 'frontend' }).first().waitFor();
  await page.keyboard.press('Escape');
  await page.waitForURL((url) => !url.searchParams.has('select'));
  expect(problems).toEqual([]);
  await page.close();
});

test('the link copied by a key shows someone else the same map, also when time has gone on', async () => {
  await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await browser.page();
  await openApi(page);
  await runPaletteCommand(page, 'only failed');
  await page.waitForURL(/filter=connect/);
  await runPaletteCommand(page, 'clear');
  await page.waitForURL((url) => !url.searchParams.has('filter'));
  await page.keyboard.press('y');
  await page.getByText('Link copied').waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const { searchParams } = new URL(link);
  expect(searchParams.get('select')).toBe(api);
  expect(Number(searchParams.get('to')) - Number(searchParams.get('from'))).toBe(15 * 60_000);

  const readers = [await openBrowser(), await openBrowser()];
  const seen: { places: Record<string, string>; panel: string }[] = [];
  for (const reader of readers) {
    const theirs = await reader.page();
    await theirs.goto(link);
    const panel = theirs.getByRole('complementary', { name: 'api' });
    await panel.waitFor();
    await theirs.waitForLoadState('networkidle');
    seen.push({ places: await cardPlaces(theirs), panel: (await panel.textContent()) ?? '' });
    // What arrives from now on belongs to later than the link.
    await theirs.waitForTimeout(2000);
    await reader.close();
  }
  expect(Object.keys(seen[0]?.places ?? {}).length).toBeGreaterThan(3);
  expect(seen[1]).toEqual(seen[0]);
  await page.close();
});
