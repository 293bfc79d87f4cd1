/** Without root there is no live capture: the recording plays, the map is there, and page and terminal say why. */
import { chown } from 'node:fs/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { openBrowser, type Browser } from './browser.ts';
import { eventually, makeDataDir, startStack, withoutPrivileges, type Stack } from './stack.ts';

const recording = 'e2e/lab/recording.plr';
let stack: Stack;
let browser: Browser;

beforeAll(async () => {
  const dataDir = await makeDataDir();
  const { prefix, uid } = withoutPrivileges();
  await chown(dataDir, uid, -1);
  stack = await startStack({ args: ['--replay', recording], dataDir, prefix, env: { HOME: dataDir } });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await stack.remove();
});

test('the recorded map has the names, the exchanges and the dropped egress, at times of today', async () => {
  const map = await eventually(
    30_000,
    async () => {
      const answer = await stack.map({ from: 'now-15m' });
      return answer.edges.some((edge) => edge.drops > 0) ? answer : null;
    },
    () => 'no edge with drops',
  );
  const pairs = map.edges.map((edge) => `${edge.source} -> ${edge.destination}`);
  expect(pairs).toContain('default/production/Deployment/frontend -> default/production/Deployment/api');
  expect(pairs).toContain('default/production/Deployment/api -> default//name/payment.stripe.com');
  const dropped = map.edges.filter((edge) => edge.drops > 0);
  expect(dropped.map((edge) => edge.destination)).toEqual(['default//name/payment.stripe.com']);
});

test('terminal, health and page say that this is a recording and why nothing is captured', async () => {
  expect(stack.lines.join('\n')).toContain('live capture: lacks CAP_NET_ADMIN');
  const health = await stack.health();
  expect(health.capture.mode).toBe('recording');
  expect(health.capture.missing.join('\n')).toContain('live capture: lacks');

  const page = await browser.page();
  await page.goto(`${stack.url}/?range=15m`);
  await page
    .getByRole('button', { name: /\bfrontend\b/ })
    .first()
    .waitFor();
  await page
    .getByText(/recording/i)
    .first()
    .waitFor();
  await page.getByRole('button', { name: /what is missing/i }).click();
  await page
    .getByText(/CAP_NET_ADMIN/)
    .first()
    .waitFor();
});
