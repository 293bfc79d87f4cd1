/** Full disks, of the store and of the spill folder: told, counted, and over without a restart once there is room. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { appendFlow } from './block.fixture.ts';
import { createStoreClient } from './client.ts';
import { startEmbeddedStore, whyNoEngine, type RunningStore } from './embedded/testing.ts';
import { queryStorage } from './queries/storage.ts';
import { runQuery } from './queries/run.ts';
import { sql } from './sql.ts';
import { createWriter, type Writer } from './writer.ts';
import { openSpill, type Spill } from './writer/spill.ts';
import { lossesOf } from './writer/tally.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const { signal } = new AbortController();
const nothingLost = { rowsDropped: 0, rowsRejected: 0, spillRowsDropped: 0, spillRowsUnreadable: 0 };
const mib = 2 ** 20;

function whyNoMount(): string | null {
  if (whyNoEngine() !== null) return 'no engine';
  if (process.getuid?.() === 0) return null;
  if (process.env['REQUIRE_SERVICES'] === '1') throw new Error('a small file system can be mounted by root only');
  console.warn('skipped: a small file system can be mounted by root only');
  return 'not root';
}

describe.skipIf(whyNoMount() !== null)('a full disk', () => {
  let directory = '';
  let small = '';
  let store: RunningStore;
  let writer: Writer;
  let appended = 0;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'palomar-full-'));
    small = join(directory, 'small');
    mkdirSync(small);
    appended = 0;
  });
  const mount = (size: string): void => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'palomar-full', small]);
  };
  afterEach(async () => {
    await writer.stop();
    await store.stop();
    execFileSync('umount', [small]);
    rmSync(directory, { recursive: true });
  });

  const start = (spill: Spill, maxPendingBytes = 64 * mib): Writer => {
    const started = createWriter(
      { url: store.url, spill, maxAgeMs: 100, maxRows: 2000, maxPendingBytes, maxPauseMs: 500 },
      { log: quiet, clock: Date },
    );
    started.start(signal);
    return started;
  };
  const openTestSpill = (path: string): Spill => {
    const opened = openSpill({ directory: path, maxBytes: 2 ** 30 });
    if (!opened.ok) throw new Error(opened.error);
    return opened.value;
  };
  const feed = (rows: number): void => {
    for (let i = 0; i < rows; i += 1) {
      appended += 1;
      const path = Array.from({ length: 8 }, () => Math.random().toString(36)).join('');
      appendFlow(writer, { id: appended, time: BigInt(Date.now()) * 1_000_000n, http_path: path });
    }
  };
  /** Takes what is free but for `leave` bytes. */
  const fill = (leave: number): string => {
    const path = join(small, 'foreign');
    rmSync(path, { force: true });
    const { bavail, bsize } = statfsSync(small);
    writeFileSync(path, Buffer.alloc(Math.max(0, bavail * bsize - leave)));
    return path;
  };
  const counted = async (): Promise<string[]> => {
    const client = createStoreClient(store.url);
    const row = z.object({ rows: z.string() });
    const flows = await runQuery(client, sql`SELECT uniqExact(id) AS rows FROM flows LIMIT 1`, row, signal);
    const all = await runQuery(client, sql`SELECT count() AS rows FROM flows LIMIT 1`, row, signal);
    const summed = await runQuery(
      client,
      sql`SELECT toString(sum(counted)) AS rows FROM edges_1d LIMIT 1`,
      row,
      signal,
    );
    await client.close();
    return [flows, all, summed].map(({ rows }) => rows[0]?.rows ?? '');
  };

  it('of the store keeps rows waiting, is told as that, and ends when there is room', async () => {
    mount('96m');
    store = await startEmbeddedStore(join(small, 'data'));
    writer = start(openTestSpill(join(directory, 'spill')));
    feed(1000);
    await expect.poll(() => writer.stats.rowsWritten, { timeout: 10_000 }).toBe(appended);
    const foreign = fill(200_000);
    for (let second = 0; second < 3; second += 1) {
      feed(4000);
      await sleep(300);
    }
    await expect.poll(() => writer.stats.store, { timeout: 10_000 }).toBe('full');
    await expect.poll(() => writer.stats.spill?.rows ?? 0, { timeout: 10_000 }).toBeGreaterThan(3000);
    const client = createStoreClient(store.url);
    expect((await queryStorage(client, null, signal)).disk).toMatchObject({ totalBytes: 96 * mib });
    expect((await queryStorage(client, null, signal)).disk?.freeBytes).toBeLessThan(2 * mib);
    await client.close();
    unlinkSync(foreign);
    await expect.poll(() => writer.stats.rowsWritten, { timeout: 30_000 }).toBe(appended);
    expect(writer.stats.store).toBe('ok');
    expect(lossesOf(writer.stats)).toEqual(nothingLost);
    expect(await counted()).toEqual([String(appended), String(appended), String(appended)]);
  });

  it('does not keep the embedded store from starting and answering', async () => {
    mount('96m');
    store = await startEmbeddedStore(join(small, 'data'));
    writer = start(openTestSpill(join(directory, 'spill')));
    feed(1000);
    await expect.poll(() => writer.stats.rowsWritten, { timeout: 10_000 }).toBe(appended);
    const { host } = new URL(store.url);
    for (const leave of [0, 0]) {
      await store.kill();
      fill(leave);
      store = await startEmbeddedStore(join(small, 'data'), { PALOMAR_STORE_LISTEN: host });
      expect(await counted()).toEqual(['1000', '1000', '1000']);
    }
    feed(1000);
    await expect.poll(() => writer.stats.store, { timeout: 10_000 }).toBe('full');
    unlinkSync(join(small, 'foreign'));
    await expect.poll(() => writer.stats.rowsWritten, { timeout: 30_000 }).toBe(appended);
    expect(await counted()).toEqual(['2000', '2000', '2000']);
  });

  it('under the spill folder holds the reader back, is told, and ends when there is room', async () => {
    mount('8m');
    store = await startEmbeddedStore(join(directory, 'data'));
    const { host } = new URL(store.url);
    writer = start(openTestSpill(join(small, 'spill')), 10 * mib);
    feed(1000);
    await expect.poll(() => writer.stats.rowsWritten, { timeout: 10_000 }).toBe(appended);
    await store.kill();
    const foreign = fill(300_000);
    const isHeldBack = async (): Promise<boolean> => {
      const room = writer.ready().then(() => false);
      return Promise.race([room, new Promise<boolean>((resolve) => setTimeout(resolve, 50, true))]);
    };
    const problem = (): string => writer.stats.spill?.problem ?? '';
    for (let turn = 0; turn < 500 && (problem() === '' || !(await isHeldBack())); turn += 1) {
      if (await isHeldBack()) continue;
      feed(500);
    }
    expect(problem()).toContain('ENOSPC');
    expect(await isHeldBack()).toBe(true);
    expect(lossesOf(writer.stats)).toEqual(nothingLost);
    unlinkSync(foreign);
    await expect.poll(() => writer.stats.spill?.problem, { timeout: 10_000 }).toBeNull();
    await writer.ready();
    store = await startEmbeddedStore(join(directory, 'data'), { PALOMAR_STORE_LISTEN: host });
    await expect.poll(() => writer.stats.rowsWritten, { timeout: 30_000 }).toBe(appended);
    expect(lossesOf(writer.stats)).toEqual(nothingLost);
    expect(await counted()).toEqual([String(appended), String(appended), String(appended)]);
  });
});
