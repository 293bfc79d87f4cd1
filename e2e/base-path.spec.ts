/**
 * Palomar below `/palomar` of another host, behind nginx that hands the path on or cuts the base off: the same build, the
 * main journey in Chromium and in Firefox, and no request that leaves the base path.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { pageErrors } from './browser.ts';
import { openFirefox, type Firefox } from './firefox.ts';
import { startRecordedLab, type RecordedLab } from './recorded-lab.ts';
import { startReverseProxy, type ReverseProxy } from './reverse-proxy.ts';
import { eventually } from './stack.ts';

let lab: RecordedLab;
let proxy: ReverseProxy;

beforeAll(async () => {
  lab = await startRecordedLab(['--base-path', '/palomar']);
  const { origin, pathname } = new URL(lab.stack.url);
  expect(pathname).toBe('/palomar');
  proxy = await startReverseProxy(origin);
  await eventually(
    60_000,
    async () => {
      const { edges } = await lab.stack.map({ from: 'now-15m' });
      return edges.some((edge) => edge.drops > 0) ? true : null;
    },
    () => lab.stack.lines.join('\n'),
  );
});
afterAll(async () => {
  await proxy.stop();
  await lab.stop();
});

const dropped = /api.*payment\.stripe\.com/;

describe.each(['uncut', 'cut'] as const)('behind a proxy that leaves the path %s', (way) => {
  test('the main journey stays below the base path, in every request and every address', async () => {
    const { origin } = new URL(proxy[way]);
    const page = await lab.browser.page();
    const problems = pageErrors(page);
    const asked = new Set<string>();
    page.on('request', (request) => {
      if (request.url().startsWith('http')) asked.add(request.url());
    });
    await page.goto(`${proxy[way]}?range=15m`);
    await page.getByRole('button', { name: dropped }).first().press('Enter');
    await page.getByText('NETFILTER_DROP').first().waitFor();
    await page.getByRole('link', { name: 'Drops' }).press('Enter');
    await page.waitForURL(/\/palomar\/drops\?/);
    await page.getByText('NETFILTER_DROP').first().waitFor();
    await page.reload();
    await page.getByText('NETFILTER_DROP').first().waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await page.waitForURL(/\/palomar\/?\?/);
    await page.getByRole('button', { name: /^api, / }).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).press('Enter');
    await page.getByText(/rows, about/).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Export', exact: true }).press('Enter');
    await download;
    await page.goto(`${proxy[way]}/nowhere`);
    await page.getByRole('link', { name: 'Go to the map' }).click();
    await page.getByRole('button', { name: /^api, / }).waitFor();

    const strays = [...asked].filter((url) => !/^\/palomar(\/|$)/.test(new URL(url).pathname));
    expect(strays).toEqual([]);
    for (const url of asked) expect(new URL(url).origin).toBe(origin);
    expect([...asked].some((url) => url.includes('/palomar/api/v1/live'))).toBe(true);
    // The page that is nowhere is a 404.
    expect(problems.filter((problem) => !problem.includes('404'))).toEqual([]);
    await page.close();
  });
});

describe('in Firefox, behind the proxy', () => {
  let firefox: Firefox;
  beforeAll(async () => {
    firefox = await openFirefox();
  });
  afterAll(() => firefox.close());

  const hasText = (text: string): string => `document.body.innerText.includes(${JSON.stringify(text)})`;

  test('the dropped edge is on the map, and by keys it opens, leads to its flows, and survives a reload', async () => {
    await firefox.goto(`${proxy.uncut}?range=15m`);
    for (const name of ['frontend', 'api', 'postgres', 'payment.stripe.com']) {
      await firefox.waitFor(`document.querySelector('[data-card][aria-label^="${name}"]')`);
    }
    const edge = `[...document.querySelectorAll('button[aria-label], [role=button][aria-label]')].find((button) =>
      /api.*payment\\.stripe\\.com/.test(button.ariaLabel) && /dropped/.test(button.ariaLabel))`;
    await firefox.waitFor(edge);
    await firefox.evaluate(`(${edge}.focus(), true)`, z.boolean());
    await firefox.press('Enter');
    await firefox.waitFor(`new URL(location.href).searchParams.get('select')?.includes('stripe')`);
    await firefox.waitFor(hasText('NETFILTER_DROP'));
    await firefox.waitFor(`document.querySelector('[role=grid][aria-label=Flows] [data-row]')`);

    await firefox.press('g', 'd');
    await firefox.waitFor(`location.pathname === '/palomar/drops'`);
    await firefox.waitFor(hasText('NETFILTER_DROP'));
    await firefox.goto(await firefox.evaluate('location.href', z.string()));
    await firefox.waitFor(hasText('NETFILTER_DROP'));
    await firefox.press('g', 'f');
    await firefox.waitFor(`document.querySelectorAll('[role=grid][aria-label=Flows] [data-row]').length > 5`);
    expect(firefox.errors).toEqual([]);
  });
});
