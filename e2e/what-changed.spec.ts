/**
 * The journey "what changed since yesterday": the recorded lab, and a yesterday imported beside it that differs in four
 * named ways. From the choice of what to compare with to the edge that drops, and back, by keys alone.
 */
import { mkdir } from 'node:fs/promises';

import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';

import { accessProblems } from './access-problems.ts';
import { pageErrors, type Browser } from './browser.ts';
import { startRecordedLab } from './recorded-lab.ts';
import { eventually, type Stack } from './stack.ts';
import { importYesterday } from './yesterday.ts';

let stack: Stack;
let browser: Browser;
let range: { readonly fromMs: number; readonly toMs: number };

beforeAll(async () => {
  const lab = await startRecordedLab();
  ({ stack, browser } = lab);
  // All of the recording, and not more of it later: the exported yesterday has to be of the same traffic.
  let before = -1;
  await eventually(
    60_000,
    async () => {
      const { edges } = await stack.map({ from: 'now-1h' });
      const requests = edges.reduce((sum, edge) => sum + edge.requests, 0);
      const isSettled = requests > 1000 && requests === before;
      before = requests;
      return isSettled ? true : null;
    },
    () => `the recording is not in yet: ${before} requests`,
  );
  const toMs = Date.now();
  range = { fromMs: toMs - 600_000, toMs };
  expect(await importYesterday(stack, 'now-1h')).toBeGreaterThan(1000);
  return () => lab.stop();
});

const fixed = (): string => `from=${range.fromMs}&to=${range.toMs}&live=false`;
const listed = (page: Page, section: string) =>
  page.getByRole('complementary', { name: 'What changed' }).getByRole('list', { name: section, exact: true });

test('the map is compared with yesterday, chosen by keys beside the range, and says what changed', async () => {
  const page = await browser.page();
  const problems = pageErrors(page);
  await page.goto(`${stack.url}/?${fixed()}`);
  await page.getByRole('button', { name: 'Compare', exact: true }).press('Enter');
  await page.getByRole('button', { name: 'The same time yesterday' }).press('Enter');
  await page.waitForURL(/against=yesterday/);

  await listed(page, 'New drops').getByText('api → payment.stripe.com:443').waitFor();
  await listed(page, 'New drops')
    .getByText(/NETFILTER_DROP: \d+ packets dropped, none before/)
    .waitFor();
  await listed(page, 'New').getByText('frontend → payment.stripe.com').waitFor();
  await listed(page, 'Gone').getByText('api → cache').waitFor();
  await listed(page, 'Gone').getByText('frontend → postgres').waitFor();
  await listed(page, 'Changed').getByText('frontend → api').waitFor();
  // What was imported brings no account of what was watched then.
  await page.getByText(/No node reported then/).waitFor();

  await page.getByRole('button', { name: /^cache, StatefulSet in production, gone/ }).waitFor();
  const gone = page.getByRole('button', { name: /^api → cache, .*gone/ });
  expect(await gone.getAttribute('data-state')).not.toBeNull();
  await page.getByRole('button', { name: /^frontend → payment\.stripe\.com, .*new/ }).waitFor({ state: 'attached' });
  expect(await accessProblems(page)).toEqual([]);
  await mkdir('e2e/results', { recursive: true });
  await page.screenshot({ path: 'e2e/results/what-changed.png' });
  expect(problems).toEqual([]);
});

test('a change leads to its edge with before and now, and Esc leads back to the list', async () => {
  const page = await browser.page();
  await page.goto(`${stack.url}/?${fixed()}&against=yesterday`);
  const drop = listed(page, 'New drops').getByRole('button').first();
  await drop.press('Enter');
  await page.waitForURL(/select=/);
  const compared = page.getByRole('region', { name: 'Compared' });
  await compared.getByText('Changed since yesterday').waitFor();
  await compared.getByRole('row', { name: /^drops 0 \d+ from none$/ }).waitFor();
  await page.getByText('api cannot reach payment.stripe.com:443').waitFor();
  expect(await accessProblems(page)).toEqual([]);

  const reopened = await browser.page();
  await reopened.goto(page.url());
  await reopened.getByRole('region', { name: 'Compared' }).getByText('Changed since yesterday').waitFor();

  await page.keyboard.press('Escape');
  await listed(page, 'New drops').waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByText('New: not there yesterday').waitFor();
});

test('what is gone is told with what it had, and yesterday is one step away', async () => {
  const page = await browser.page();
  await page.goto(`${stack.url}/?${fixed()}&against=yesterday`);
  await listed(page, 'Gone')
    .getByRole('button', { name: /api → cache/ })
    .press('Enter');
  const compared = page.getByRole('region', { name: 'Compared' });
  await compared.getByText('Gone: it was there yesterday').waitFor();
  await compared.getByRole('button', { name: 'Show yesterday' }).press('Enter');
  await page.waitForURL(new RegExp(`from=${range.fromMs - 86_400_000}`));
  await page.getByRole('button', { name: /^cache, StatefulSet in production, / }).waitFor();
});

test('two ranges in which the same was said have no changes, and the page says so', async () => {
  const page = await browser.page();
  const search = new URLSearchParams(`${fixed()}&against=yesterday`);
  search.set('filter', 'to.workload:dns');
  await page.goto(`${stack.url}/?${search.toString()}`);
  await page.getByText('Nothing changed').waitFor();
});
