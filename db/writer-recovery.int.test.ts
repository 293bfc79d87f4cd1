/** The writer and a store that is killed: every row arrives, and none twice. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { appendFlow } from './block.fixture.ts';
import { createStoreClient } from './client.ts';
import { startEmbeddedStore, whyNoEngine } from './embedded/testing.ts';
import { runQuery } from './queries/run.ts';
import { sql } from './sql.ts';
import { createWriter } from './writer.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const { signal } = new AbortController();

describe.skipIf(whyNoEngine() !== null)('writing while the store is killed', () => {
  const directory = mkdtempSync(join(tmpdir(), 'palomar-recovery-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('stores every row once', async () => {
    let store = await startEmbeddedStore(directory);
    const { host } = new URL(store.url);
    const writer = createWriter({ url: store.url, maxRows: 500, maxAgeMs: 20 }, { log: quiet, clock: Date });
    writer.start(signal);
    let appended = 0;
    const done = new AbortController();
    const feeding = (async () => {
      while (!done.signal.aborted) {
        await writer.ready();
        for (let i = 0; i < 20; i += 1) {
          appended += 1;
          appendFlow(writer, { id: appended, time: BigInt(Date.now()) * 1_000_000n });
        }
        await sleep(10);
      }
    })();
    for (let kill = 0; kill < 3; kill += 1) {
      await sleep(700);
      await store.kill();
      await sleep(200);
      store = await startEmbeddedStore(directory, { PALOMAR_STORE_LISTEN: host });
    }
    done.abort();
    await feeding;
    // The last rows wait for a block that is full or old, and nobody asks for one any more.
    await expect.poll(() => writer.stats.pendingRows, { timeout: 60_000 }).toBeLessThan(1000);
    await writer.stop();
    expect(writer.stats).toMatchObject({ rowsWritten: appended, rowsDropped: 0, rowsRejected: 0, pendingRows: 0 });
    expect(writer.stats.retries).toBeGreaterThan(0);
    const client = createStoreClient(store.url);
    const row = z.object({ rows: z.string(), ids: z.string() });
    const counted = await runQuery(client, sql`SELECT count() AS rows, uniqExact(id) AS ids FROM flows`, row, signal);
    expect(counted.rows).toEqual([{ rows: String(appended), ids: String(appended) }]);
    // A batch that was sent again counts once in what flows add up to, as well.
    const summed = sql`SELECT toString(sum(counted)) AS rows, '' AS ids FROM edges_1d LIMIT 1`;
    expect((await runQuery(client, summed, row, signal)).rows).toEqual([{ rows: String(appended), ids: '' }]);
    await client.close();
    await store.stop();
  });
});
