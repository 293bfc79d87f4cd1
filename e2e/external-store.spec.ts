/**
 * With CLICKHOUSE_URL set nothing of ours keeps data: another store does, here the embedded one run on its own, because
 * it speaks the same interface as a server. Also: what one start wrote, the next one shows.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { startEmbeddedStore, type RunningStore } from '../db/embedded/testing.ts';
import { eventually, startStack, type Stack } from './stack.ts';

let directory = '';
let store: RunningStore;
let stack: Stack;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'palomar-external-'));
  store = await startEmbeddedStore(directory);
  const url = new URL(store.url);
  url.pathname = '/elsewhere';
  stack = await startStack({ args: ['--replay', 'e2e/lab/recording.plr'], env: { CLICKHOUSE_URL: url.href } });
});
afterAll(async () => {
  await stack.remove();
  await store.stop();
  await rm(directory, { recursive: true, force: true });
});

const edges = (): Promise<string[]> =>
  eventually(
    30_000,
    async () => {
      const { edges: found } = await stack.map({ from: 'now-15m' });
      return found.length > 0 ? found.map((edge) => `${edge.source} -> ${edge.destination}`).sort() : null;
    },
    () => stack.lines.join('\n'),
  );

test('flows go to the database that CLICKHOUSE_URL names and come from there', async () => {
  expect(await edges()).toContain('default/production/Deployment/api -> default//name/payment.stripe.com');
  const health = await stack.health();
  expect(health.store).toMatchObject({ state: 'ok', embedded: false });
  expect(health.store.url).toContain('/elsewhere');
  expect(await readdir(stack.dataDir)).not.toContain('store');
});

test('neither terminal nor health shows the password', async () => {
  const password = decodeURIComponent(new URL(store.url).password);
  expect(password.length).toBeGreaterThan(8);
  expect(stack.lines.join('\n')).not.toContain(password);
  expect(JSON.stringify(await stack.health())).not.toContain(password);
});
