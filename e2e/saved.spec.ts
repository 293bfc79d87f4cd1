/**
 * The journey "share this view", on the recorded lab: what one person saves and notes, another finds in a browser of their
 * own, opens, and deletes for both.
 */
import { mkdir } from 'node:fs/promises';

import { beforeAll, expect, test } from 'vitest';

import { accessProblems } from './access-problems.ts';
import { openBrowser, pageErrors, type Browser } from './browser.ts';
import { startRecordedLab } from './recorded-lab.ts';
import type { Stack } from './stack.ts';

let stack: Stack;
let one: Browser;
let other: Browser;

beforeAll(async () => {
  const lab = await startRecordedLab();
  ({ stack, browser: one } = lab);
  other = await openBrowser({ viewport: { width: 1024, height: 768 }, colorScheme: 'dark' });
  return async () => {
    await other.close();
    await lab.stop();
  };
});

const menuName = 'Saved views and filters';

test('a view and a filter are saved by one and opened by another', async () => {
  const page = await one.page();
  const problems = pageErrors(page);
  await page.goto(`${stack.url}/drops?range=1h&live=false&filter=ns:production`);
  const menu = page.getByRole('button', { name: menuName });
  await menu.press('Enter');
  const panel = page.getByRole('dialog', { name: menuName });
  await panel.getByText('Nothing is saved yet.').waitFor();
  await panel.getByLabel('Name').fill('Production, dropped');
  await panel.getByLabel('Name').press('Enter');
  await panel.getByRole('link', { name: /Production, dropped/ }).waitFor();
  await panel.getByLabel('What to save').selectOption('filter');
  await panel.getByLabel('Name').fill('Production alone');
  await panel.getByLabel('Name').press('Enter');
  await panel.getByRole('button', { name: /^Production alone/ }).waitFor();
  await mkdir('e2e/results', { recursive: true });
  await page.screenshot({ path: 'e2e/results/saved.png' });
  expect(await accessProblems(page)).toEqual([]);

  const elsewhere = await other.page();
  await elsewhere.goto(`${stack.url}/?range=5m&live=false`);
  await elsewhere.getByRole('button', { name: menuName }).press('Enter');
  const theirs = elsewhere.getByRole('dialog', { name: menuName });
  await theirs.getByRole('link', { name: 'Production, dropped' }).press('Enter');
  await elsewhere.waitForURL(/\/drops/);
  expect(decodeURIComponent(elsewhere.url())).toBe(decodeURIComponent(page.url()));
  await elsewhere.getByRole('heading', { name: 'Dropped packets' }).waitFor();

  await elsewhere.goto(`${stack.url}/flows?range=1h&live=false`);
  await elsewhere.getByRole('grid', { name: 'Flows' }).waitFor();
  await elsewhere.keyboard.press('Control+k');
  const command = elsewhere.getByRole('combobox', { name: 'Command' });
  await command.fill('saved production alone');
  await elsewhere.getByRole('option', { name: /Production alone/ }).waitFor();
  await command.press('Enter');
  await elsewhere.waitForURL(/filter=ns/);
  expect(new URL(elsewhere.url()).pathname).toBe('/flows');
  expect(problems).toEqual([]);
});

test('a problem marked as known is known to others, with its note, until somebody takes that back', async () => {
  const page = await one.page();
  await page.goto(`${stack.url}/drops?range=1h&live=false`);
  const problem = page
    .getByRole('region', { name: 'Dropped packets' })
    .getByRole('button', { name: /loses packets to/ });
  await problem.first().press('Enter');
  await page.getByLabel('Note').fill('the firewall of team B, ticket 12');
  await page.getByRole('button', { name: 'Mark as known' }).press('Enter');
  await page.getByRole('button', { name: 'Not known any more' }).waitFor();
  await page.getByText('known: the firewall of team B, ticket 12').waitFor();

  const elsewhere = await other.page();
  await elsewhere.goto(page.url());
  await elsewhere.getByText('known: the firewall of team B, ticket 12').waitFor();
  expect(await elsewhere.getByLabel('Note').inputValue()).toBe('the firewall of team B, ticket 12');
  await elsewhere.getByRole('button', { name: 'Not known any more' }).press('Enter');
  await elsewhere.getByRole('button', { name: 'Mark as known' }).waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Mark as known' }).waitFor();
  expect(await page.getByText(/^known: /).count()).toBe(0);
});

test('what cannot be saved says why, and stays written', async () => {
  const page = await one.page();
  await page.goto(`${stack.url}/drops?range=1h&live=false`);
  await page.getByRole('button', { name: menuName }).press('Enter');
  const panel = page.getByRole('dialog', { name: menuName });
  await page.route('**/api/v1/saved', (route) =>
    route.request().method() === 'PUT' ? route.abort('connectionrefused') : route.continue(),
  );
  await panel.getByLabel('Name').fill('Kept');
  await panel.getByLabel('Name').press('Enter');
  await panel.getByRole('alert').getByText('The Palomar server does not answer.').waitFor();
  expect(await panel.getByLabel('Name').inputValue()).toBe('Kept');
  await page.unroute('**/api/v1/saved');
  await panel.getByLabel('Name').press('Enter');
  await panel.getByRole('link', { name: /^Kept/ }).waitFor();
  expect(await panel.getByRole('alert').count()).toBe(0);
  await panel.getByRole('button', { name: 'Delete Kept for everyone' }).press('Enter');
  await panel.getByRole('link', { name: /^Kept/ }).waitFor({ state: 'detached' });
});
