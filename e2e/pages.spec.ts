/** Every page, and what opens over it, with the lab's recorded traffic: nothing for axe to find in either theme, and nothing in the console. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';

import { accessProblems } from './access-problems.ts';
import { pageErrors, type Browser } from './browser.ts';
import { startRecordedLab } from './recorded-lab.ts';
import { eventually, type Stack } from './stack.ts';

let stack: Stack;
let browser: Browser;

beforeAll(async () => {
  const lab = await startRecordedLab();
  ({ stack, browser } = lab);
  return () => lab.stop();
});

async function openPage(path: string): Promise<{ page: Page; problems: readonly string[] }> {
  const page = await browser.page();
  const problems = pageErrors(page);
  await page.goto(`${stack.url}${path}?range=15m&live=false`);
  await page.waitForLoadState('networkidle');
  return { page, problems };
}

test('the recorded lab has something for every page', async () => {
  await eventually(
    60_000,
    async () => {
      const { flows } = await stack.flows({ from: 'now-15m', limit: '500' });
      const has = (of: (flow: (typeof flows)[number]) => boolean): boolean => flows.some(of);
      const isReady =
        has((f) => f.verdict === 'DROPPED') &&
        has((f) => (f.l7?.http ?? null) !== null) &&
        has((f) => (f.l7?.dns ?? null) !== null);
      return isReady ? true : null;
    },
    () => stack.lines.join('\n'),
  );
});

test.each([
  ['/', /^api, /],
  ['/drops', /NETFILTER_DROP/],
  ['/flows', /FORWARDED/],
  ['/http', /GET/],
  ['/dns', /svc\.cluster\.local/],
  ['/explore', /production\/api/],
  ['/status', /flows/],
])('%s is accessible in both themes', async (path, shown) => {
  const { page, problems } = await openPage(path);
  await page.getByRole('button', { name: shown }).or(page.getByText(shown)).first().waitFor();
  expect(await accessProblems(page)).toEqual([]);
  expect(problems).toEqual([]);
  await page.close();
});

test.each([
  ['the keys', '?', 'Keys'],
  ['the commands', 'Control+k', 'Commands'],
])('%s open by key over any page, and close by Esc', async (_name, key, title) => {
  const { page, problems } = await openPage('/flows');
  await page.keyboard.press(key);
  const dialog = page.getByRole('dialog', { name: title });
  await dialog.waitFor();
  expect(await accessProblems(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(problems).toEqual([]);
  await page.close();
});
