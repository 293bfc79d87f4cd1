/** The server as a process over the embedded store, asked over HTTP as anyone would. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { appendFlow, appendRow } from '../db/block.fixture.ts';
import { type RunningStore, startEmbeddedStore, whyNoEngine } from '../db/embedded/testing.ts';
import { type Writer, createWriter } from '../db/writer.ts';
import { errorSchema, flowsResponseSchema, healthSchema, mapResponseSchema } from '../model/api.ts';
import { coverageColumns } from '../model/flow-columns.ts';
import { statusColumns } from '../model/status-columns.ts';
import { openEvents } from './testing/event-source.ts';
import { type ServerProcess, spawnServer } from './testing/server-process.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const ago = (seconds: number): bigint => BigInt(Date.now() - seconds * 1000) * 1_000_000n;
const patient = { timeout: 20_000, interval: 200 };

const processes: ServerProcess[] = [];
async function start(environment: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const server = await spawnServer(environment);
  processes.push(server);
  return server;
}
afterEach(async () => {
  for (const server of processes.splice(0)) {
    if (server.child.exitCode === null) server.child.kill('SIGTERM');
    await server.exit;
  }
});

async function get<T>(url: string, schema: z.ZodType<T>): Promise<T> {
  const answer = await fetch(url);
  return schema.parse(await answer.json());
}

describe('the server process', () => {
  it.each([
    [{}, 'CLICKHOUSE_URL: is not set'],
    [{ CLICKHOUSE_URL: 'http://127.0.0.1:1/x', PALOMAR_LISTEN: '192.0.2.1:0' }, '192.0.2.1:0 cannot be listened on'],
  ])('refuses %j in one line with exit 2', async (environment, line) => {
    const server = await start(environment);
    await expect(server.ready).rejects.toThrow('exit 2');
    expect(server.said()).toContain(line);
    expect(server.said().trim().split('\n')).toHaveLength(1);
  });

  it('refuses a port in use with exit 2', async () => {
    const first = await start({ CLICKHOUSE_URL: 'http://127.0.0.1:1/x', PALOMAR_LOG_LEVEL: 'error' });
    const { host } = new URL(await first.ready);
    const settings = { CLICKHOUSE_URL: 'http://127.0.0.1:1/x', PALOMAR_LISTEN: host, PALOMAR_LOG_LEVEL: 'error' };
    const second = await start(settings);
    await expect(second.ready).rejects.toThrow('exit 2');
    expect(second.said().trim()).toBe(
      `palomar server: ${host} is in use: stop what listens there, or set PALOMAR_LISTEN to another address`,
    );
  });

  it('starts without a store, says so, and leaves when its parent does', async () => {
    const server = await start({ CLICKHOUSE_URL: 'http://u:secret@127.0.0.1:1/x' });
    const url = await server.ready;
    const health = await get(`${url}/api/v1/health`, healthSchema);
    expect(health).toMatchObject({ status: 'down', store: { state: 'down', url: 'http://127.0.0.1:1/x' } });
    const answer = await fetch(`${url}/api/v1/map`);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('2');
    expect(errorSchema.parse(await answer.json()).error.code).toBe('store_unavailable');
    expect(server.said()).not.toContain('secret');
    const startedMs = Date.now();
    server.child.disconnect();
    expect(await server.exit).toBe(0);
    expect(Date.now() - startedMs).toBeLessThan(4000);
  });
});

describe.skipIf(whyNoEngine() !== null)('the server over the embedded store', () => {
  const directory = mkdtempSync(join(tmpdir(), 'palomar-server-'));
  let store: RunningStore;

  async function write(append: (writer: Writer) => void): Promise<void> {
    const writer = createWriter({ url: store.url, maxAgeMs: 50 }, { log: quiet, clock: Date });
    writer.start(new AbortController().signal);
    append(writer);
    await writer.stop();
    expect(writer.stats).toMatchObject({ rowsDropped: 0, rowsRejected: 0, pendingRows: 0 });
  }

  beforeAll(async () => {
    store = await startEmbeddedStore(directory);
  });
  afterAll(async () => {
    await store.stop();
    rmSync(directory, { recursive: true });
  });

  const outside = {
    src_workload: 'api',
    src_pod: 'api-1',
    dst_namespace: '',
    dst_workload: 'payment.stripe.com',
    dst_workload_kind: 'name',
    dst_pod: '',
    dst_names: ['payment.stripe.com'],
    dst_ip: '203.0.113.9',
    dst_port: 443,
  };

  it('makes the tables, then answers map, flows and health from what the writer wrote', async () => {
    const server = await start({ CLICKHOUSE_URL: store.url, PALOMAR_STORE_EMBEDDED: '1', PALOMAR_VERSION: '9.9.9' });
    const url = await server.ready;
    await vi.waitFor(async () => {
      const { store: found } = await get(`${url}/api/v1/health`, healthSchema);
      expect(found).toMatchObject({ state: 'ok', embedded: true });
    }, patient);
    await write((writer) => {
      const http = {
        l7_type: 'HTTP',
        http_method: 'GET',
        http_host: 'api',
        http_path: '/orders/1',
        http_protocol: 'HTTP/1.1',
      };
      appendFlow(writer, { time: ago(60), connections: 1, bytes_to_dst: 5_000_000_000, packets_to_dst: 9 });
      appendFlow(writer, {
        time: ago(59),
        kind: 'l7_response',
        ...http,
        http_status: 200,
        latency_ns: 4_000_000,
      });
      appendFlow(writer, {
        time: ago(58),
        kind: 'l7_response',
        ...http,
        http_status: 503,
        latency_ns: 8_000_000,
      });
      const drop = { kind: 'drop', verdict: 'DROPPED', drop_reason: 'NETFILTER_DROP', drop_location: 'nft_do_chain' };
      appendFlow(writer, { time: ago(57), ...outside, ...drop, packets_to_dst: 3, tcp_flags: 2 });
      const report = { time: ago(1), seconds: 1, cluster: 'default', node: 'node-1', component: 'probe' };
      appendRow(coverageColumns, writer.coverage(), { ...report, counter: 'packets_seen', value: 99 });
      appendRow(coverageColumns, writer.coverage(), { ...report, counter: 'ring_full', value: 2 });
      appendRow(statusColumns, writer.status(), { time: ago(0), cluster: 'default', node: 'node-1', mode: 'live' });
    });

    const map = await get(`${url}/api/v1/map?from=now-5m`, mapResponseSchema);
    const edge = (to: string) => map.edges.find(({ destination }) => destination.endsWith(to));
    expect(edge('/api')).toMatchObject({
      source: 'default/production/Deployment/frontend',
      bytesToDestination: '5000000000',
      requests: 2,
      errors: 1,
      drops: 0,
    });
    expect(edge('/payment.stripe.com')).toMatchObject({
      drops: 3,
      dropReasons: [{ reason: 'NETFILTER_DROP', location: 'nft_do_chain', packets: 3 }],
    });
    expect(map.evidence).toMatchObject({
      truncated: false,
      coverage: { packetsSeen: 99, lost: { ring_full: 2 }, nodes: ['node-1'] },
    });

    const search = new URLSearchParams({ from: 'now-5m', filter: 'verdict:dropped to.name:*.stripe.com' });
    const dropped = await get(`${url}/api/v1/flows?${search}`, flowsResponseSchema);
    expect(dropped.flows).toMatchObject([{ verdict: 'DROPPED', summary: 'TCP Flags: SYN', to: { ip: '203.0.113.9' } }]);

    const first = await get(`${url}/api/v1/flows?from=now-5m&limit=3`, flowsResponseSchema);
    const second = await get(
      `${url}/api/v1/flows?from=now-5m&limit=3&cursor=${first.cursor ?? ''}`,
      flowsResponseSchema,
    );
    expect(first.flows.map(({ kind }) => kind)).toEqual(['drop', 'l7_response', 'l7_response']);
    expect(second.flows.map(({ kind }) => kind)).toEqual(['connection_update']);
    expect(second.cursor).toBeNull();
    expect(first.flows[1]?.summary).toBe('HTTP/1.1 503 8ms (GET http://api/orders/1)');

    const health = await get(`${url}/api/v1/health`, healthSchema);
    expect(health).toMatchObject({ status: 'ok', version: '9.9.9', capture: { state: 'ok', mode: 'live' } });
    expect(health.newestFlowMs).toBeGreaterThan(Date.now() - 120_000);
  });

  it('refuses a question by what the store would read for it, and answers it where that is allowed', async () => {
    await write((writer) => {
      for (let at = 0; at < 50; at += 1) appendFlow(writer, { time: ago(600 + at) });
    });
    const asked = '/api/v1/map?from=now-1h&filter=not%20to.port:1';
    const narrow = await start({ CLICKHOUSE_URL: store.url, PALOMAR_QUERY_MAX_ROWS: '10', PALOMAR_LOG_LEVEL: 'error' });
    const refused = await fetch(`${await narrow.ready}${asked}`);
    const { error } = errorSchema.parse(await refused.json());
    expect([refused.status, error.code]).toEqual([422, 'too_expensive']);
    expect(error.message).toContain('PALOMAR_QUERY_MAX_ROWS');
    expect(error.refusal?.limit).toBe(10);
    expect(error.refusal?.rows).toBeGreaterThanOrEqual(50);
    const links = error.refusal?.offers.map(({ href }) => href) ?? [];
    expect(links.length).toBeGreaterThan(0);
    for (const href of links) expect((await fetch(`${await narrow.ready}${href}`)).status).toBe(200);
    const wide = await start({ CLICKHOUSE_URL: store.url, PALOMAR_LOG_LEVEL: 'error' });
    expect((await fetch(`${await wide.ready}${asked}`)).status).toBe(200);
  });

  it('streams what arrives, through an outage of the store', async () => {
    const server = await start({ CLICKHOUSE_URL: store.url, PALOMAR_LOG_LEVEL: 'error' });
    const url = await server.ready;
    const live = await openEvents(`${url}/api/v1/live?filter=to.name:*.stripe.com`);
    await vi.waitFor(() => expect(live.names()).toContain('tick'), patient);
    await write((writer) => {
      appendFlow(writer, { time: ago(0), ...outside, dst_port: 1 });
      appendFlow(writer, { time: ago(0) });
    });
    await vi.waitFor(() => expect(live.flows().map(({ to }) => to.port)).toEqual([1]), patient);

    const { port } = new URL(store.url);
    await store.kill();
    await vi.waitFor(() => expect(live.problems()).not.toEqual([]), patient);
    expect(await get(`${url}/api/v1/health`, healthSchema)).toMatchObject({ status: 'down' });

    store = await startEmbeddedStore(directory, { PALOMAR_STORE_LISTEN: `127.0.0.1:${port}` });
    await write((writer) => appendFlow(writer, { time: ago(0), ...outside, dst_port: 2 }));
    await vi.waitFor(() => expect(live.flows().map(({ to }) => to.port)).toEqual([1, 2]), patient);

    const startedMs = Date.now();
    server.child.kill('SIGTERM');
    expect(await server.exit).toBe(0);
    expect(Date.now() - startedMs).toBeLessThan(4000);
    await vi.waitFor(() => expect(live.isClosed()).toBe(true));
  });
});
