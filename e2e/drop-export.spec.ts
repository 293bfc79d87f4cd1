/**
 * The journey "export last week's drops as CSV and Parquet and find the same count": a week of made-up traffic that came in
 * through the writer, the page by keys alone, and both files and the store counted.
 */
import { readFile } from 'node:fs/promises';

import { createClient } from '@clickhouse/client';
import { parquetMetadata } from 'hyparquet';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { insertTraffic } from '../bench/inserts.ts';
import { accessProblems } from './access-problems.ts';
import { openBrowser, pageErrors, type Browser } from './browser.ts';
import { runPaletteCommand } from './palette-command.ts';
import { embeddedStoreUrl, startStack, type Stack } from './stack.ts';

const dayMs = 24 * 60 * 60_000;
let stack: Stack;
let browser: Browser;
let storeUrl = '';

beforeAll(async () => {
  stack = await startStack({ args: ['--no-probe'] });
  browser = await openBrowser({ acceptDownloads: true });
  storeUrl = await embeddedStoreUrl(stack);
  const toMs = Date.now() - 7 * dayMs - 60_000;
  // Of a cluster this small one edge in eight meets the firewall.
  await insertTraffic(storeUrl, { fromMs: toMs - 5 * dayMs, toMs }, 20_000, { workloads: 5, edges: 8 });
});
afterAll(async () => {
  await browser.close();
  await stack.remove();
});

async function droppedInStore(fromMs: number, toMs: number): Promise<number> {
  const client = createClient({ url: storeUrl });
  const result = await client.query({
    query: `SELECT toUInt32(count()) AS rows
            FROM flows
            WHERE verdict = 'DROPPED'
              AND time >= fromUnixTimestamp64Milli({from: Int64})
              AND time < fromUnixTimestamp64Milli({to: Int64})`,
    query_params: { from: fromMs, to: toMs },
    format: 'JSONEachRow',
  });
  const [row] = z.array(z.object({ rows: z.number() })).parse(await result.json());
  await client.close();
  return row?.rows ?? 0;
}

async function exportAs(page: Page, format: string): Promise<Buffer> {
  const dialog = page.getByRole('dialog', { name: 'Export flows' });
  await dialog.getByRole('combobox', { name: 'Format' }).focus();
  await page.keyboard.type(format);
  const download = page.waitForEvent('download');
  // Not before the rows of this format are counted.
  await dialog.getByRole('button', { name: 'Export', exact: true, disabled: false }).press('Enter');
  const file = await readFile(await (await download).path());
  await dialog.getByText(/^Saved /).waitFor();
  return file;
}

/** Lines less the head; what stands in quotes may hold line ends. */
const csvRows = (file: Buffer): number =>
  file
    .toString('utf8')
    .replaceAll(/"(?:[^"]|"")*"/g, '')
    .trimEnd()
    .split('\n').length - 1;

test('both files hold as many drops as the store has of that week', async () => {
  const page = await browser.page();
  const problems = pageErrors(page);
  await page.goto(`${stack.url}/drops?range=7d`);
  await page.getByText('Dropped packets').first().waitFor();
  await page.keyboard.press('[');
  await page.waitForURL(/from=\d+&to=\d+|to=\d+&from=\d+/);
  await runPaletteCommand(page, 'only what was dropped');
  await page.waitForURL(/filter=verdict/);
  const query = new URL(page.url()).searchParams;
  const expected = await droppedInStore(Number(query.get('from')), Number(query.get('to')));
  expect(expected).toBeGreaterThan(20);

  await page.getByRole('button', { name: 'Export' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Export flows' });
  await dialog.getByText(new RegExp(`${expected.toLocaleString('en-US')} (rows|flows)`)).waitFor();
  expect(await accessProblems(page)).toEqual([]);
  const csv = await exportAs(page, 'CSV');
  const parquet = await exportAs(page, 'Parquet');
  expect(csvRows(csv)).toBe(expected);
  const bytes = new Uint8Array(parquet).buffer;
  expect(Number(parquetMetadata(bytes).num_rows)).toBe(expected);
  expect(problems).toEqual([]);
});
