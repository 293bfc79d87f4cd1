/** The journey "who called this failing route": from the finding to the callers, their flows and the conversation, by keys, on the recorded lab. */
import { mkdir } from 'node:fs/promises';

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

const failing = '/api/v1/reports/daily';

test('the recorded lab has a route that always fails', async () => {
  const flows = await eventually(
    60_000,
    async () => {
      const answer = await stack.flows({ from: 'now-5m', filter: `http.path:${failing} http.status:5xx` });
      return answer.flows.length >= 2 ? answer.flows : null;
    },
    () => `no failing request to ${failing} yet`,
  );
  expect(new Set(flows.map((flow) => flow.from.workload))).toEqual(new Set(['frontend']));
});

test('the HTTP view names it, and by keys alone its caller, flows and conversation are found', async () => {
  const page = await browser.page();
  const problems = pageErrors(page);
  await page.goto(`${stack.url}/?range=5m&live=false`);
  await page
    .getByRole('button', { name: /\bfrontend\b/ })
    .first()
    .waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await page
    .getByText(/of requests fail/)
    .first()
    .waitFor();
  await page.getByText(new RegExp(`frontend → api, GET ${failing}`)).waitFor();

  await page.getByRole('button', { name: 'Failed', exact: true }).press('Enter');
  await page.waitForURL(/order=failing/);
  const row = page.getByRole('table', { name: 'routes' }).getByRole('button', { name: new RegExp(failing) });
  await row.press('Enter');
  const panel = page.getByRole('complementary', { name: `GET ${failing}` });
  await panel.getByText('frontend → api').waitFor();
  await panel.getByText('100 %').first().waitFor();
  await panel.getByRole('img', { name: /Requests over time/ }).waitFor();
  expect(new URL(page.url()).searchParams.get('row')).toContain(failing);

  await mkdir('e2e/results', { recursive: true });
  await page.screenshot({ path: 'e2e/results/failing-route.png' });
  expect(await accessProblems(page)).toEqual([]);

  const flow = page.getByRole('grid', { name: 'Flows' }).getByRole('row').filter({ hasText: failing }).first();
  await flow.press('Enter');
  await page.getByRole('button', { name: 'Conversation', exact: true }).press('Enter');
  await page
    .getByRole('button', { name: new RegExp(`500 GET ${failing}`) })
    .first()
    .waitFor();
  expect(await accessProblems(page)).toEqual([]);

  const reopened = await browser.page();
  await reopened.goto(page.url());
  await reopened.getByRole('complementary', { name: `GET ${failing}` }).waitFor();
  expect(problems).toEqual([]);
});

test('Explore breaks the same failures down by who asks whom', async () => {
  const page = await browser.page();
  await page.goto(`${stack.url}/explore?range=5m&live=false&measure=errors&dimension=edge`);
  const table = page.getByRole('table', { name: /Errors by Client and server/ });
  await table.getByRole('row', { name: /production\/frontend → production\/api/ }).waitFor();
  expect(await accessProblems(page)).toEqual([]);
});
