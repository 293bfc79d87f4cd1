/** The server on a real socket, with a store that is a plain object. */
import { createServer as createSocket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ServerConfig } from './config.ts';
import { StoreError } from './failure.ts';
import { type Server, createServer } from './server.ts';
import type { Store } from './store.ts';
import { openEvents } from './testing/event-source.ts';
import { aRow, fakeStore } from './testing/fake-store.ts';
import { aRetention } from './testing/test-app.ts';

const config: ServerConfig = {
  storeUrl: 'http://127.0.0.1:8123/palomar',
  storeEmbedded: false,
  storeCluster: null,
  retention: { ages: { rawDays: 14, minuteDays: 30, hourDays: 400, dayDays: 400 }, diskPercent: 85 },
  listen: { host: '127.0.0.1', port: 0 },
  basePath: '',
  appDirectory: null,
  version: 'test',
  allowedHosts: [],
  logLevel: 'silent',
};

const running: Server[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

function makeServer(of: Partial<Store>, settings: Partial<ServerConfig> = {}): Server {
  const server = createServer(
    { ...config, ...settings },
    {
      openStore: () => ({ ...fakeStore(of), close: () => Promise.resolve() }),
      migrate: () => Promise.resolve(),
      retention: {
        start: () => undefined,
        stop: () => Promise.resolve(),
        apply: () => Promise.resolve(),
        state: aRetention,
      },
      clock: { now: () => Date.now() },
      log: pino({ level: 'silent' }),
    },
  );
  running.push(server);
  return server;
}

describe('the server', () => {
  it('gives up the question of a client that went away', async () => {
    let asked: AbortSignal | null = null;
    const server = makeServer({
      map: (_, signal) => {
        asked = signal;
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new StoreError('cancelled', 'given up')));
        });
      },
    });
    const { url } = await server.start(new AbortController().signal);
    const client = new AbortController();
    const answer = fetch(`${url}/api/v1/map`, { signal: client.signal });
    await vi.waitFor(() => expect(asked).not.toBeNull());
    client.abort();
    await expect(answer).rejects.toThrow();
    await vi.waitFor(() => expect(asked?.aborted).toBe(true));
  });

  it('streams the flows that pass the filter of each client', async () => {
    let id = 0;
    const server = makeServer({
      live: (mark) => {
        const rows = mark === null ? [] : [aRow({ id: String(++id), verdict: id % 2 === 0 ? 'DROPPED' : 'FORWARDED' })];
        return Promise.resolve({ rows, mark: String(id), skipped: 0 });
      },
    });
    const { url } = await server.start(new AbortController().signal);
    const all = await openEvents(`${url}/api/v1/live`);
    const dropped = await openEvents(`${url}/api/v1/live?filter=verdict:dropped`);
    const ticks = await openEvents(`${url}/api/v1/live?flows=0`);
    await vi.waitFor(() => expect(dropped.flows().length).toBeGreaterThan(0), { timeout: 8000 });
    expect(all.flows().map((flow) => flow.verdict)).toContain('FORWARDED');
    expect(dropped.flows().every((flow) => flow.verdict === 'DROPPED')).toBe(true);
    expect(ticks.names()).not.toContain('flows');
    expect(ticks.names()).toContain('tick');
    for (const stream of [all, dropped, ticks]) stream.close();
  });

  it('refuses a live filter it does not understand', async () => {
    const { url } = await makeServer({}).start(new AbortController().signal);
    const answer = await fetch(`${url}/api/v1/live?filter=nothing`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: 'bad_filter', position: 0 } });
  });

  it('stops at once with streams and questions open', async () => {
    const server = makeServer({
      map: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new StoreError('cancelled', 'given up')));
        }),
    });
    const { url } = await server.start(new AbortController().signal);
    const stream = await openEvents(`${url}/api/v1/live`);
    const question = fetch(`${url}/api/v1/map`);
    await sleep(100);
    const startedMs = Date.now();
    running.splice(0);
    await server.stop();
    expect(Date.now() - startedMs).toBeLessThan(2000);
    await vi.waitFor(() => expect(stream.isClosed()).toBe(true));
    expect((await question).status).toBe(503);
  });

  it('says when the address is taken', async () => {
    const other = createSocket();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const server = makeServer({}, { listen: { host: '127.0.0.1', port } });
    await expect(server.start(new AbortController().signal)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    other.close();
  });
});
