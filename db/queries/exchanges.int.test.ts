/** Routes, names and commands on the embedded store, from rows that came in through the writer. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { all } from '../../model/filter/ast.ts';
import { appendFlow, type FlowOf } from '../block.fixture.ts';
import { createStoreClient, type StoreClient } from '../client.ts';
import { startEmbeddedStore, whyNoEngine, type RunningStore } from '../embedded/testing.ts';
import { migrate } from '../migrations/migrate.ts';
import { createWriter } from '../writer.ts';
import { queryExchanges, type ExchangesAnswer, type ExchangesInput } from './exchanges.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const { signal } = new AbortController();
const minuteMs = 60_000;
const toMs = Math.floor(Date.now() / minuteMs) * minuteMs;
const range = { fromMs: toMs - 10 * minuteMs, toMs };

describe.skipIf(whyNoEngine() !== null)('exchanges', () => {
  const directory = mkdtempSync(join(tmpdir(), 'palomar-exchanges-'));
  let store: RunningStore;
  let client: StoreClient;

  beforeAll(async () => {
    store = await startEmbeddedStore(directory);
    client = createStoreClient(store.url);
    await migrate(store.url, { log: quiet });
    const writer = createWriter({ url: store.url }, { log: quiet, clock: Date });
    writer.start(signal);
    const flow = (row: FlowOf): void => {
      const time = BigInt(toMs - 2 * minuteMs) * 1_000_000n;
      appendFlow(writer, { time, kind: 'l7_response', latency_ns: 1_000_000, ...row });
    };
    const http = { l7_type: 'HTTP', http_method: 'GET', http_status: 200 };
    for (const id of [12, 345, 67]) flow({ ...http, http_path: `/items/${id}?page=2` });
    flow({ ...http, http_path: '/items/12', reporter: 'destination' });
    flow({ ...http, http_path: '/items/12', http_status: 503 });
    flow({ ...http, http_path: '/slow', latency_ns: 900_000_000 });
    flow({ ...http, http_path: '/slow', kind: 'l7_request', http_status: 0, latency_ns: 0 });
    flow({
      l7_type: 'GRPC',
      http_method: 'POST',
      http_path: '/shop.Cart/Add',
      http_status: 200,
      grpc_status: 'INTERNAL',
    });

    const dns = { l7_type: 'DNS', dns_type: 'A', dst_workload: 'dns', protocol: 'UDP' };
    flow({ ...dns, dns_name: 'api.example.org', dns_rcode: 'NOERROR' });
    flow({ ...dns, dns_name: 'api.example.org.shop.svc.cluster.local', dns_rcode: 'NXDOMAIN' });
    flow({ ...dns, dns_name: 'api.example.org.svc.cluster.local', dns_rcode: 'NXDOMAIN' });
    flow({ ...dns, dns_name: 'mistyped.example.org', dns_rcode: 'NXDOMAIN' });
    flow({ ...dns, dns_name: 'api.example.orgs', dns_rcode: 'NXDOMAIN' });
    // Another client, which was given no answer to the name without the search domain.
    flow({ ...dns, src_workload: 'other', dns_name: 'api.example.org.svc.cluster.local', dns_rcode: 'NXDOMAIN' });
    flow({ ...dns, dns_name: 'broken.example.org', dns_rcode: 'SERVFAIL' });
    flow({ ...dns, dns_name: 'broken.example.org', kind: 'l7_request', latency_ns: 0 });

    const redis = { l7_type: 'REDIS', l7_command: 'GET', dst_workload: 'cache' };
    flow(redis);
    flow({ ...redis, l7_error: 'MOVED' });
    flow({ l7_type: 'POSTGRESQL', l7_command: 'SELECT', l7_resource: 'orders', dst_workload: 'database' });
    await writer.stop();
    expect(writer.stats).toMatchObject({ rowsDropped: 0, rowsRejected: 0, pendingRows: 0 });
  });
  afterAll(async () => {
    await client.close();
    await store.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const ask = (topic: ExchangesInput['topic'], of: Partial<ExchangesInput> = {}): Promise<ExchangesAnswer> =>
    queryExchanges(client, { topic, range, filter: all, order: 'requests', limit: 100, ...of }, signal);

  it('gathers paths under their route and counts once what both ends report', async () => {
    const { groups, totals, resolution } = await ask('routes');
    expect(resolution).toBe('minute');
    expect(totals).toMatchObject({ groups: 3, requests: 7, unanswered: 1, errors: 2 });
    expect(groups[0]).toMatchObject({
      what: ['GET', '/items/{}'],
      source: { name: 'frontend' },
      destination: { name: 'api' },
      requests: 4,
      errors: 1,
      codes: [
        { code: '200', count: 3 },
        { code: '503', count: 1 },
      ],
    });
  });

  it('puts the slowest or the most failing first, and says what it cut', async () => {
    const slowest = await ask('routes', { order: 'slowest', limit: 1 });
    expect(slowest.groups).toMatchObject([{ what: ['GET', '/slow'], unanswered: 1 }]);
    expect(slowest.groups[0]?.latencyMs?.p95).toBeGreaterThan(800);
    expect(slowest).toMatchObject({ truncated: true, totals: { groups: 3, requests: 7 } });
    const failing = await ask('dns', { order: 'failing' });
    expect(failing.groups[0]).toMatchObject({ what: ['broken.example.org', 'A'], errors: 1 });
  });

  it.each([undefined, 'flows'] as const)('knows what search domains cost, from %s', async (source) => {
    const { groups, totals } = await ask('dns', source === undefined ? {} : { source });
    const needless = groups.filter((group) => group.needless > 0).map(({ what, source: { name } }) => [name, what[0]]);
    expect(needless.sort()).toEqual([
      ['frontend', 'api.example.org.shop.svc.cluster.local'],
      ['frontend', 'api.example.org.svc.cluster.local'],
    ]);
    expect(totals).toMatchObject({ needless: 2, errors: 1, unanswered: 1 });
  });

  it('tells the commands of databases and caches and how they failed', async () => {
    const { groups, resolution } = await ask('commands');
    expect(resolution).toBe('flows');
    expect(groups).toMatchObject([
      { what: ['REDIS', 'GET', ''], requests: 2, errors: 1, codes: [{ code: 'MOVED', count: 1 }] },
      { what: ['POSTGRESQL', 'SELECT', 'orders'], requests: 1, errors: 0, codes: [] },
    ]);
  });
});
