/** The journey "is DNS the problem", on the recorded lab: whether lookups fail, for whom, and what can be ruled out. */
import { mkdir } from 'node:fs/promises';

import { beforeAll, expect, test } from 'vitest';

import { dnsResponseSchema } from '../model/api.ts';
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

const missing = 'inventory.production.svc.cluster.local';

test('the recorded lab asks for a name that does not exist, and every lookup is answered', async () => {
  const found = await eventually(
    60_000,
    async () => {
      const response = await fetch(`${stack.url}/api/v1/dns?from=now-5m&filter=ns:production`);
      const { names } = dnsResponseSchema.parse(await response.json());
      const gone = names.filter(({ name, notFound }) => name.startsWith(missing) && notFound > 0);
      return gone.length > 0 && names.length > gone.length ? gone : null;
    },
    () => `no NXDOMAIN for ${missing} yet`,
  );
  for (const { notFound, requests } of found) expect(notFound).toBe(requests);
});

test('the DNS view tells NXDOMAIN from failures and leads to the lookups themselves', async () => {
  const page = await browser.page();
  const problems = pageErrors(page);
  await page.goto(`${stack.url}/dns?range=5m&live=false&filter=ns:production`);
  await page.getByText(/DNS answers: .*lookups/).waitFor();
  await page
    .getByText(/NXDOMAIN/)
    .first()
    .waitFor();

  const table = page.getByRole('table', { name: 'names' });
  const row = table.getByRole('row').filter({ hasText: missing }).first();
  expect(await row.textContent()).toContain('100 %');
  await row.getByRole('button').press('Enter');
  const panel = page.getByRole('complementary', { name: new RegExp(missing) });
  await panel.getByText('NXDOMAIN').waitFor();
  await panel.getByRole('img', { name: /Latency over time/ }).waitFor();
  const flows = page.getByRole('grid', { name: 'Flows' });
  await flows.getByRole('row').filter({ hasText: missing }).first().waitFor();

  await mkdir('e2e/results', { recursive: true });
  await page.screenshot({ path: 'e2e/results/dns-problem.png' });
  expect(await accessProblems(page)).toEqual([]);
  expect(problems).toEqual([]);
});

test('an empty answer says why it is empty', async () => {
  const page = await browser.page();
  await page.goto(`${stack.url}/dns?range=5m&live=false&filter=dns.name:nobody.asks.for.this`);
  await page.getByText('No names in this range').waitFor();
  expect(await accessProblems(page)).toEqual([]);
});
