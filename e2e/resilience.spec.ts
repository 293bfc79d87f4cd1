/** Whatever is killed comes back; what was acknowledged is still there; what was not seen is shown as not seen. */
import { setTimeout as sleep } from 'node:timers/promises';

import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { embeddedStoreUrl, eventually, startStack, type Stack } from './stack.ts';

const env = { PALOMAR_CLUSTER: 'default' };
let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ args: ['--lab'], env });
  await newestAfter(Date.now() - 10_000);
});
afterAll(() => stack.remove());

/** Waits until the API has a flow newer than `ms`. */
const newestAfter = (ms: number): Promise<true> =>
  eventually(
    60_000,
    async () => {
      const health = await stack.health().catch(() => null);
      return (health?.newestFlowMs ?? 0) > ms ? true : null;
    },
    () => stack.lines.slice(-10).join('\n'),
  );

async function storedIds(toMs: number): Promise<Set<string>> {
  const client = createClient({ url: await embeddedStoreUrl(stack) });
  try {
    const result = await client.query({
      query: 'SELECT toString(id) AS id FROM flows WHERE time < fromUnixTimestamp64Milli({to: Int64}) LIMIT 1000000',
      query_params: { to: toMs },
      format: 'JSONEachRow',
    });
    const rows = await result.json<{ id: string }>();
    return new Set(rows.map((row) => row.id));
  } finally {
    await client.close();
  }
}

const said = (line: string): Promise<true> =>
  eventually(
    30_000,
    () => Promise.resolve(stack.lines.some((l) => l.includes(line)) ? true : null),
    () => `"${line}" in:\n${stack.lines.join('\n')}`,
  );

test.each([
  ['collector', 'dist/collector/main.js'],
  ['store', 'dist/db/embedded/main.js'],
  ['server', 'dist/server/main.js'],
])('after kill -9 of the %s the map comes back and no stored row is missing', async (name, script) => {
  // A gap lies between reports: there must have been one.
  await eventually(
    10_000,
    async () => ((await stack.map({ from: 'now-5m' })).evidence.coverage.packetsSeen > 0 ? true : null),
    () => 'a report of the probe',
  );
  const cutMs = Date.now() - 1_000;
  const before = await storedIds(cutMs);
  expect(before.size).toBeGreaterThan(0);

  const killedMs = Date.now();
  process.kill(await stack.pidOf(script), 'SIGKILL');
  await said(`${name} is back`);
  await newestAfter(Date.now());

  const after = await storedIds(cutMs);
  const lost = [...before].filter((row) => !after.has(row));
  expect(lost).toEqual([]);
  if (name === 'collector') {
    await eventually(
      10_000,
      async () => {
        const { gaps } = (await stack.map({ from: 'now-5m' })).evidence.coverage;
        return gaps.some((gap) => gap.fromMs < killedMs + 1_000 && gap.toMs > killedMs) ? true : null;
      },
      () => `no gap at ${killedMs}, when the collector was killed`,
    );
  }
  const map = await stack.map({ from: 'now-5m' });
  expect(map.edges.map((edge) => edge.destination)).toContain('default/production/Deployment/api');
});

test('after kill -9 of everything and another start, the rows are there and the time between is a gap', async () => {
  // A gap lies between reports: there must have been one.
  await eventually(
    10_000,
    async () => ((await stack.map({ from: 'now-5m' })).evidence.coverage.packetsSeen > 0 ? true : null),
    () => 'a report of the probe',
  );
  const cutMs = Date.now() - 1_000;
  const before = await storedIds(cutMs);
  const downMs = Date.now();
  process.kill(await stack.pidOf('dist/collector/main.js'), 'SIGKILL');
  process.kill(await stack.pidOf('dist/db/embedded/main.js'), 'SIGKILL');
  process.kill(await stack.pidOf('dist/server/main.js'), 'SIGKILL');
  await stack.stop();
  await sleep(6_000);
  const upMs = Date.now();
  stack = await startStack({ args: ['--lab'], dataDir: stack.dataDir, env });
  await newestAfter(upMs);

  const after = await storedIds(cutMs);
  expect([...before].filter((row) => !after.has(row))).toEqual([]);

  const gap = await eventually(
    30_000,
    async () => {
      const { evidence } = await stack.map({ from: 'now-5m' });
      return evidence.coverage.gaps.find((g) => g.fromMs < upMs && g.toMs > downMs) ?? null;
    },
    () => 'no gap between the two starts in evidence.coverage.gaps',
  );
  expect(gap.toMs - gap.fromMs).toBeGreaterThan(4_000);
});
