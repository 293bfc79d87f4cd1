/**
 * The store goes away under load, and comes back: every row arrives once. A short outage here; one of five minutes at
 * 20,000 rows a second with
 *   PALOMAR_OUTAGE_SECONDS=300 PALOMAR_OUTAGE_ROWS=20000 npx vitest run --project integration bench/outage
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createStoreClient } from '../db/client.ts';
import { startEmbeddedStore, whyNoEngine, type RunningStore } from '../db/embedded/testing.ts';
import { runQuery } from '../db/queries/run.ts';
import { param, sql, type Sql } from '../db/sql.ts';
import { createWriter, type Writer } from '../db/writer.ts';
import { openSpill, type Spill } from '../db/writer/spill.ts';
import { lossesOf } from '../db/writer/tally.ts';
import { createTraffic } from './generate-flows.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const { signal } = new AbortController();
const outageSeconds = Number(process.env['PALOMAR_OUTAGE_SECONDS'] ?? 4);
const rowsPerSecond = Number(process.env['PALOMAR_OUTAGE_ROWS'] ?? 20_000);
const patienceMs = 60_000 + outageSeconds * 4000;
const mostAtOnce = 2000;
const nothingLost = { rowsDropped: 0, rowsRejected: 0, spillRowsDropped: 0, spillRowsUnreadable: 0 };

describe.skipIf(whyNoEngine() !== null)('an outage of the store', () => {
  const directory = mkdtempSync(join(tmpdir(), 'palomar-outage-'));
  const spillDirectory = join(directory, 'spill');
  let store: RunningStore;
  let host = '';
  let appended = 0;

  beforeAll(async () => {
    store = await startEmbeddedStore(join(directory, 'data'));
    ({ host } = new URL(store.url));
  });
  afterAll(async () => {
    await store.stop();
    rmSync(directory, { recursive: true });
  });

  const openTestSpill = (maxBytes = 2 ** 30): Spill => {
    const opened = openSpill({ directory: spillDirectory, maxBytes });
    if (!opened.ok) throw new Error(opened.error);
    return opened.value;
  };
  const startWriter = (spill: Spill | null): Writer => {
    const writer = createWriter({ url: store.url, spill, maxAgeMs: 200 }, { log: quiet, clock: Date });
    writer.start(signal);
    return writer;
  };
  /** Appends for a time, as a reader does that asks before every few rows, and is never held back for long. */
  const feed = async (writer: Writer, seconds: number): Promise<void> => {
    const traffic = createTraffic(appended + 1, BigInt(appended), writer);
    const start = performance.now();
    const rows = seconds * rowsPerSecond;
    for (let done = 0; done < rows;) {
      await writer.ready();
      const due = Math.min(rows, done + mostAtOnce, ((performance.now() - start) / 1000) * rowsPerSecond);
      for (; done < due; done += 1) {
        traffic.append(BigInt(Date.now()) * 1_000_000n);
        appended += 1;
      }
      await sleep(10);
    }
  };
  const drained = async (writer: Writer): Promise<void> => {
    await expect.poll(() => writer.stats.pendingRows, { timeout: patienceMs, interval: 100 }).toBeLessThan(10_000);
    await writer.stop();
  };
  const ask = async (question: Sql): Promise<string> => {
    const client = createStoreClient(store.url);
    try {
      const { rows } = await runQuery(client, question, z.object({ answer: z.string() }), signal);
      return rows[0]?.answer ?? '';
    } finally {
      await client.close();
    }
  };
  const expectEveryRowOnce = async (): Promise<void> => {
    expect(
      await ask(sql`SELECT concat(toString(count()), ' ', toString(uniqExact(id))) AS answer FROM flows LIMIT 1`),
    ).toBe(`${appended} ${appended}`);
    const raw = await ask(sql`
SELECT concat(toString(countIf(kind NOT IN ('drop', 'l7_request', 'l7_response'))), ' ', toString(countIf(kind = 'l7_response'))) AS answer
FROM flows LIMIT 1`);
    const rolled = sql`
SELECT concat(toString(sum(counted)), ' ', toString(sum(requests))) AS answer FROM edges_1d LIMIT 1`;
    expect(await ask(rolled)).toBe(raw);
  };
  const back = async (): Promise<void> => {
    store = await startEmbeddedStore(join(directory, 'data'), { PALOMAR_STORE_LISTEN: host });
  };

  it(
    'loses no row and stores none twice',
    async () => {
      const spill = openTestSpill();
      const writer = startWriter(spill);
      await feed(writer, 1);
      await store.kill();
      await feed(writer, outageSeconds);
      await expect.poll(() => writer.stats.store).toBe('away');
      const onDisk = { rows: spill.rows, bytes: spill.bytes };
      expect(onDisk.rows).toBeGreaterThan((outageSeconds - 2) * rowsPerSecond);
      await back();
      const start = performance.now();
      await feed(writer, 1);
      await drained(writer);
      console.info('outage', {
        outageSeconds,
        rowsPerSecond,
        onDisk,
        drainedMs: Math.round(performance.now() - start),
      });
      expect(lossesOf(writer.stats)).toEqual(nothingLost);
      expect(readdirSync(spillDirectory)).toEqual([]);
      await expectEveryRowOnce();
    },
    patienceMs * 2,
  );

  it('sends after a restart of the collector what waited from before, first', async () => {
    const start = appended;
    const before = startWriter(openTestSpill());
    await feed(before, 0.5);
    await store.kill();
    await feed(before, 1);
    await before.stop();
    const written = before.stats.rowsWritten;
    expect(lossesOf(before.stats)).toEqual(nothingLost);
    const left = openTestSpill();
    expect(left.rows).toBeGreaterThanOrEqual(appended - start - written);
    const after = startWriter(left);
    await feed(after, 0.5);
    await back();
    await drained(after);
    expect(lossesOf(after.stats)).toEqual(nothingLost);
    expect(written + after.stats.rowsWritten).toBe(appended - start);
    await expectEveryRowOnce();
  });

  it('drops the oldest of a full spill folder, and counts exactly what is missing', async () => {
    await store.kill();
    const writer = startWriter(openTestSpill(1_500_000));
    const first = appended + 1;
    await feed(writer, 5);
    const lastFromMs = Date.now();
    const before = appended;
    await feed(writer, 0.1);
    const lastRows = appended - before;
    await back();
    await drained(writer);
    const { spillRowsDropped, rowsWritten } = writer.stats;
    expect(lossesOf(writer.stats)).toEqual({ ...nothingLost, spillRowsDropped });
    expect(spillRowsDropped).toBeGreaterThan(0);
    expect(rowsWritten + spillRowsDropped).toBe(appended - first + 1);
    expect(await ask(sql`SELECT toString(count()) AS answer FROM flows LIMIT 1`)).toBe(
      String(appended - spillRowsDropped),
    );
    // What is kept is the newest.
    const kept = sql`
SELECT toString(count()) AS answer FROM flows WHERE time >= ${param.dateTime64Ms(lastFromMs)} LIMIT 1`;
    expect(await ask(kept)).toBe(String(lastRows));
  });
});
