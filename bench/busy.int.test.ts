/**
 * A server that is asked eight heavy questions while sixteen pages follow live: cheap questions pass by the heavy ones, and a
 * closed tab's question leaves the store. How long that takes, `npm run bench:busy` measures.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createStoreClient, type StoreClient } from '../db/client.ts';
import { startEmbeddedStore, whyNoEngine, type RunningStore } from '../db/embedded/testing.ts';
import { dropsResponseSchema } from '../model/api.ts';
import { openEvents, type EventReader } from '../server/testing/event-source.ts';
import { spawnServer, type ServerProcess } from '../server/testing/server-process.ts';
import { fillHours, hourMs } from './week.ts';

const hours = 12;
const patient = { timeout: 30_000, interval: 50 };
const heavyAtOnce = 8;
const viewers = 16;

describe.skipIf(whyNoEngine() !== null)('a server with much to do', () => {
  const directory = mkdtempSync(join(tmpdir(), 'palomar-busy-'));
  const toMs = Math.floor(Date.now() / 60_000) * 60_000;
  let store: RunningStore;
  let client: StoreClient;
  let server: ServerProcess;
  let url = '';
  let closing: AbortController;
  let pages: EventReader[] = [];

  beforeAll(async () => {
    store = await startEmbeddedStore(directory);
    client = createStoreClient(store.url);
    await fillHours({ url: store.url, client }, { hours, rowsPerHour: 50_000 }, toMs);
    server = await spawnServer({ CLICKHOUSE_URL: store.url, PALOMAR_STORE_EMBEDDED: '1' });
    url = await server.ready;
  }, 180_000);
  afterAll(async () => {
    server.child.kill('SIGTERM');
    await server.exit;
    await client.close();
    await store.stop();
    rmSync(directory, { recursive: true });
  });
  afterEach(() => {
    closing.abort();
    for (const page of pages.splice(0)) page.close();
  });

  /** No rollup knows paths, and each of so many patterns is looked for in every one: alone it takes far more than a second. */
  const slow = Array.from({ length: 120 }, (_none, at) => `http.path:*${at}*${at + 1}*${at + 2}*x`).join(' or ');

  function askHeavy(): readonly Promise<Response | null>[] {
    return Array.from({ length: heavyAtOnce }, () => {
      const search = new URLSearchParams({
        from: String(toMs - hours * hourMs),
        to: String(toMs),
        filter: slow,
      });
      return fetch(`${url}/api/v1/map?${search}`, { signal: closing.signal }).catch((error: unknown) => {
        if (closing.signal.aborted) return null;
        throw error;
      });
    });
  }

  async function questions(state: 'running' | 'waiting'): Promise<number> {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const line = new RegExp(`palomar_server_store_questions\\{weight="heavy",state="${state}"\\} (\\d+)`);
    return Number(line.exec(metrics)?.[1]);
  }

  async function inStore(): Promise<number> {
    const answer = await client.query({
      query: `SELECT toUInt32(count()) AS running FROM system.processes
        WHERE query LIKE '%http_path%' AND query NOT LIKE '%system.processes%'`,
      format: 'JSONEachRow',
    });
    return z.tuple([z.object({ running: z.number() })]).parse(await answer.json())[0].running;
  }

  it('answers a cheap question and its live pages while heavy ones run and wait', async () => {
    closing = new AbortController();
    pages = await Promise.all(Array.from({ length: viewers }, () => openEvents(`${url}/api/v1/live`)));
    void askHeavy();
    await vi.waitFor(async () => expect(await questions('waiting')).toBe(heavyAtOnce - 2), patient);
    const told = pages.map((page) => page.names().length);
    const cheap = await fetch(`${url}/api/v1/drops?from=${toMs - hourMs}&to=${toMs}`);
    expect(dropsResponseSchema.parse(await cheap.json()).groups.length).toBeGreaterThan(0);
    // Not one heavy question had to end for it.
    expect(await questions('waiting')).toBe(heavyAtOnce - 2);
    await vi.waitFor(() => pages.forEach((page, i) => expect(page.names().length).toBeGreaterThan(told[i] ?? 0)), {
      ...patient,
    });
    expect(pages.flatMap((page) => page.problems())).toEqual([]);
    expect(await questions('running')).toBe(2);
  });

  it('is rid of the questions of closed tabs, and so is the store', async () => {
    closing = new AbortController();
    const asked = askHeavy();
    await vi.waitFor(async () => expect(await inStore()).toBe(2), patient);
    closing.abort();
    await expect.poll(inStore, { timeout: 1000, interval: 50 }).toBe(0);
    expect(await Promise.all(asked)).toEqual(Array.from({ length: heavyAtOnce }, () => null));
    await expect.poll(() => questions('waiting'), { timeout: 1000 }).toBe(0);
    expect(await questions('running')).toBe(0);
  });
});
