/**
 * The console over made-up clusters of 5 to 5,000 services, which came in through the writer: every page at two widths
 * and in both themes. Checks what of "legible" can be checked, and keeps the pictures in PALOMAR_PICTURES when that is set.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startMadeUpConsole, type MadeUpConsole } from '../bench/made-up-console.ts';
import { openBrowser, type Browser } from './browser.ts';
import { cardPlaces, legibilityProblems } from './legible.ts';
import { eventually } from './stack.ts';

const entries = { store: 'dist/db/embedded/main.js', server: 'dist/server/main.js', app: 'out' };
const clusters = [
  { workloads: 5, edges: 8 },
  { workloads: 50, edges: 150 },
  { workloads: 500, edges: 2000, namespaces: 24 },
  { workloads: 5000, edges: 15_000, namespaces: 120 },
];
const windows = [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
];
const otherViews = ['drops', 'flows', 'http', 'dns', 'explore', 'status'];
/** The other views show lists, which differ less than maps. */
const viewsAt = 500;

const folder = process.env['PALOMAR_PICTURES'];
let browser: Browser;

beforeAll(async () => {
  if (folder !== undefined) await mkdir(folder, { recursive: true });
  browser = await openBrowser({ reducedMotion: 'reduce' });
});
afterAll(() => browser.close());

/** In the light and in the dark theme; both take the same room. */
async function picture(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const width = page.viewportSize()?.width ?? 0;
    if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) });
  }
}

/** Resolves to where the cards stand once nothing is on its way any more. */
async function settledMap(page: Page): Promise<Record<string, string>> {
  await page.locator('[data-card]').first().waitFor();
  await page.waitForLoadState('networkidle');
  let places = await cardPlaces(page);
  await eventually(
    30_000,
    async () => {
      const before = places;
      places = await cardPlaces(page);
      const isSame = JSON.stringify(places) === JSON.stringify(before);
      return isSame && Object.keys(places).length > 0 ? true : null;
    },
    () => 'the cards do not come to rest',
  );
  return places;
}

describe.each(clusters)('$workloads services', (size) => {
  let made: MadeUpConsole;
  beforeAll(async () => {
    made = await startMadeUpConsole(entries, size, Math.max(3000, 10 * size.edges));
  });
  afterAll(() => made.stop());

  test.each(windows)('make a map that can be read and stays where it is, $width wide', async (viewport) => {
    const page = await browser.page();
    await page.setViewportSize(viewport);
    await page.goto(`${made.url}/${made.search}`);
    const before = await settledMap(page);
    await picture(page, `map-${size.workloads}`);
    expect(await legibilityProblems(page)).toEqual([]);

    expect(Object.keys(before).length).toBeGreaterThan(2);
    await page.reload();
    expect(await settledMap(page)).toEqual(before);
    await page.getByRole('link', { name: 'Flows' }).click();
    await page.getByRole('grid', { name: 'Flows' }).waitFor();
    await page.getByRole('link', { name: 'Map' }).click();
    expect(await settledMap(page)).toEqual(before);
    await page.close();
  });

  if (size.workloads !== viewsAt) return;
  test.each(windows)('fill every other page, $width wide', async (viewport) => {
    const page = await browser.page();
    await page.setViewportSize(viewport);
    const problems: string[] = [];
    for (const view of otherViews) {
      await page.goto(`${made.url}/${view}${made.search}`);
      await page.waitForLoadState('networkidle');
      await picture(page, `${view}-${size.workloads}`);
      problems.push(...(await legibilityProblems(page)).map((problem) => `${view}: ${problem}`));
    }
    expect(problems).toEqual([]);
    await page.close();
  });
});
