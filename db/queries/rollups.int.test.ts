/** What the rollups say is what the flows say: every measure, any range, rows that come late among them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dimensions, topMeasures, type MapEdge } from '../../model/api.ts';
import { all, type Filter } from '../../model/filter/ast.ts';
import { parseFilter } from '../../model/filter/parse.ts';
import { connectResults, flowKinds, reporters, ternaries, verdicts } from '../../model/words.ts';
import { appendFlow } from '../block.fixture.ts';
import { createStoreClient, type StoreClient } from '../client.ts';
import { startEmbeddedStore, whyNoEngine, type RunningStore } from '../embedded/testing.ts';
import { migrate } from '../migrations/migrate.ts';
import { createWriter } from '../writer.ts';
import { edgesFromFlows, edgesFromRollup, edgeSums, fixed } from './edge-rows.ts';
import { exchangeTopics, queryExchanges } from './exchanges.ts';
import { queryDrops } from './drops.ts';
import { queryMap } from './map.ts';
import { querySeries } from './series.ts';
import { queryTop } from './top.ts';
import type { Level } from './resolution.ts';
import { runQuery } from './run.ts';
import { sql, type Sql } from '../sql.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const { signal } = new AbortController();
const dayMs = 86_400_000;
const toMs = Math.floor(Date.now() / dayMs) * dayMs;
const fromMs = toMs - 3 * dayMs;

const small = fc.nat(5);
const workload = fc.constantFrom('a', 'b', 'c', 'd');
const flow = fc.record({
  atMs: fc.oneof(fc.integer({ min: fromMs, max: toMs - 1 }), fc.constantFrom(fromMs, toMs - dayMs, toMs - 60_000)),
  src_workload: workload,
  dst_workload: workload,
  dst_namespace: fc.constantFrom('one', 'two'),
  src_pod: fc.constantFrom('', 'p-1', 'p-2'),
  src_port: fc.constant(40_000),
  dst_port: fc.constant(443),
  reporter: fc.constantFrom(...reporters),
  kind: fc.constantFrom(...flowKinds),
  verdict: fc.constantFrom(...verdicts),
  is_reply: fc.constantFrom(...ternaries),
  protocol: fc.constant('TCP'),
  connections: small,
  bytes_to_dst: fc.nat(10_000),
  bytes_to_src: fc.nat(10_000),
  packets_to_dst: small,
  packets_to_src: small,
  connect_result: fc.constantFrom(...connectResults),
  retransmits: small,
  zero_windows: small,
  resets: small,
  icmp_errors: small,
  // An edge lists eight protocols: more would make a choice among them.
  l7_type: fc.constantFrom('', 'HTTP', 'DNS', 'TLS', 'REDIS'),
  latency_ns: fc.nat(2_000_000_000),
  http_method: fc.constantFrom('GET', 'POST'),
  http_path: fc.constantFrom('/', '/items/12345?x=1', '/items/0a1b2c3d4e/x', '/v1/list'),
  http_status: fc.constantFrom(200, 404, 503),
  grpc_status: fc.constantFrom('', 'OK', 'UNAVAILABLE'),
  l7_error: fc.constantFrom('', 'ERR'),
  dns_name: fc.constantFrom('a.example', 'b.example'),
  dns_rcode: fc.constantFrom('NOERROR', 'NXDOMAIN', 'SERVFAIL'),
  drop_reason: fc.constantFrom('NETFILTER_DROP', 'NO_SOCKET'),
  drop_location: fc.constantFrom('nft_do_chain', 'tcp_v4_rcv'),
});
const rowCount = 900;
const batches = 4;

describe.skipIf(whyNoEngine() !== null)('rollups', () => {
  const directory = mkdtempSync(join(tmpdir(), 'palomar-rollups-'));
  let store: RunningStore;
  let client: StoreClient;

  beforeAll(async () => {
    store = await startEmbeddedStore(directory);
    client = createStoreClient(store.url);
    await migrate(store.url, { log: quiet });
    const rows = fc.sample(flow, { numRuns: rowCount, seed: 3 });
    // In no order of time: every batch has rows for buckets that the batches before it filled.
    for (let batch = 0; batch < batches; batch += 1) {
      const writer = createWriter({ url: store.url }, { log: quiet, clock: Date });
      writer.start(signal);
      for (const { atMs, ...of } of rows.filter((_row, i) => i % batches === batch)) {
        // What every collector writes of a drop.
        const row = of.kind === 'drop' ? { ...of, verdict: 'DROPPED', l7_type: '' } : of;
        appendFlow(writer, { ...row, time: BigInt(atMs) * 1_000_000n + BigInt(row.bytes_to_dst) });
      }
      await writer.stop();
      expect(writer.stats).toMatchObject({ rowsDropped: 0, rowsRejected: 0 });
    }
  });
  afterAll(async () => {
    await client.close();
    await store.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const lists = ['latency', 'statuses', 'reasons'] as const;
  async function totals(edges: Sql): Promise<unknown> {
    const sums = Object.keys(edgeSums).map((name) => `toString(sum(${name})) AS ${name}`);
    const maps = lists.map((name) => `toString(sumMap(${name}.1, ${name}.2)) AS ${name}`);
    const query = sql`
SELECT src_key, dst_key, is_turned, reporter, verdict, protocol, port, l7_type,
  ${fixed([...sums, ...maps].join(', '))}, toString(min(first)) AS first, toString(max(last)) AS last
FROM (${edges})
GROUP BY src_key, dst_key, is_turned, reporter, verdict, protocol, port, l7_type
ORDER BY ALL
LIMIT 100000`;
    return (await runQuery(client, query, z.record(z.string(), z.unknown()), signal)).rows;
  }

  it.each<Level>(['minute', 'ten_minutes', 'hour', 'day'])(
    'each %s has every measure as the flows have it',
    async (level) => {
      const raw = await totals(edgesFromFlows(sql`1`, 'workload_id'));
      expect(raw).not.toEqual([]);
      expect(await totals(edgesFromRollup(level, sql`1`))).toEqual(raw);
    },
  );

  it.each([
    [
      'drops_1m',
      `reason, location, protocol, port, toString(sum(packets)), toString(sum(bytes)), toString(min(first))`,
      `drop_reason, drop_location, protocol, if(is_reply = 'yes', src_port, dst_port),
       toString(sum(f.packets_to_dst + f.packets_to_src)), toString(sum(f.bytes_to_dst + f.bytes_to_src)),
       toString(min(f.time))`,
      `kind = 'drop'`,
    ],
    [
      'dns_1m',
      'name, rcode, toString(sum(requests)), toString(sum(unanswered)), toString(arraySum(sumMap(latency.1, latency.2).2))',
      `dns_name, dns_rcode, toString(count()), toString(countIf(kind = 'l7_request')),
       toString(countIf(kind = 'l7_response'))`,
      `l7_type = 'DNS' AND kind IN ('l7_request', 'l7_response')`,
    ],
    [
      'routes_1m',
      'method, route, toString(sum(requests)), toString(sum(unanswered)), toString(sumMap(statuses.1, statuses.2))',
      `http_method, transform(http_path, ['/items/12345?x=1', '/items/0a1b2c3d4e/x'], ['/items/{}', '/items/{}/x'], http_path),
       toString(count()), toString(countIf(kind = 'l7_request')),
       toString(sumMapIf([http_status], [toUInt64(1)], kind = 'l7_response'))`,
      `l7_type IN ('HTTP', 'GRPC') AND kind IN ('l7_request', 'l7_response')`,
    ],
    [
      'dns_1h',
      'name, rcode, toString(sum(requests)), toString(sum(unanswered)), toString(arraySum(sumMap(latency.1, latency.2).2))',
      `dns_name, dns_rcode, toString(count()), toString(countIf(kind = 'l7_request')),
       toString(countIf(kind = 'l7_response'))`,
      `l7_type = 'DNS' AND kind IN ('l7_request', 'l7_response')`,
    ],
    [
      'routes_1h',
      'method, route, toString(sum(requests)), toString(sum(unanswered)), toString(sumMap(statuses.1, statuses.2))',
      `http_method, transform(http_path, ['/items/12345?x=1', '/items/0a1b2c3d4e/x'], ['/items/{}', '/items/{}/x'], http_path),
       toString(count()), toString(countIf(kind = 'l7_request')),
       toString(sumMapIf([http_status], [toUInt64(1)], kind = 'l7_response'))`,
      `l7_type IN ('HTTP', 'GRPC') AND kind IN ('l7_request', 'l7_response')`,
    ],
  ])('%s has what the flows have', async (table, rolled, raw, where) => {
    const ask = async (columns: string, rest: string): Promise<unknown[]> => {
      const answer = await client.query({
        query: `SELECT ${columns} FROM ${rest} GROUP BY ALL ORDER BY ALL`,
        format: 'JSONCompactEachRow',
      });
      return answer.json();
    };
    const expected = await ask(raw, `flows AS f WHERE ${where}`);
    expect(expected).not.toEqual([]);
    expect(await ask(rolled, table)).toEqual(expected);
  });

  it('give the same series and drops as flows, which add up to the map', async () => {
    const texts = ['', 'ns:two', 'from.workload:a', 'verdict:dropped', 'reason:netfilter* not to.workload:b'];
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: fromMs, max: toMs - dayMs }),
        fc.integer({ min: 1, max: dayMs }),
        fc.constantFrom(...texts),
        async (startMs, lengthMs, text) => {
          const range = { fromMs: startMs, toMs: startMs + lengthMs };
          const input = { range, filter: filterOf(text) };
          const series = await querySeries(client, { ...input, points: 40 }, signal);
          const raw = await querySeries(client, { ...input, points: 40, source: 'flows' }, signal);
          expect(series.points).toEqual(raw.points);
          const { edges } = await queryMap(client, { ...input, grouping: 'workload', limit: 1000 }, signal);
          const sum = (values: readonly (number | string)[]): number =>
            values.reduce<number>((s, v) => s + Number(v), 0);
          for (const name of ['connections', 'bytesToSource', 'requests', 'errors', 'drops', 'retransmits'] as const) {
            expect(sum(series.points.map((point) => point[name])), name).toBe(sum(edges.map((edge) => edge[name])));
          }
          const limits = { limit: 500, sinceMs: startMs + lengthMs / 2 };
          const drops = await queryDrops(client, { ...input, ...limits }, signal);
          const rawDrops = await queryDrops(client, { ...input, ...limits, source: 'flows' }, signal);
          expect(drops.groups).toEqual(rawDrops.groups);
          expect(drops.totals.packets).toBe(sum(edges.map((edge) => edge.drops)));
          for (const { trend, packets } of drops.groups) expect(sum(trend)).toBe(packets);
        },
      ),
      { numRuns: 8, seed: 9, examples: [[fromMs, dayMs, '']] },
    );
  });

  it('give the same routes and DNS names as flows, in each order', async () => {
    const texts = ['', 'ns:two', 'from.workload:a', 'reporter:destination', 'http.method:get', 'dns.rcode:nxdomain'];
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: fromMs, max: toMs - dayMs }),
        fc.integer({ min: 1, max: 2 * dayMs }),
        fc.constantFrom(...texts),
        fc.constantFrom(...exchangeTopics),
        fc.constantFrom('requests' as const, 'failing' as const, 'slowest' as const),
        async (startMs, lengthMs, text, topic, order) => {
          const range = { fromMs: startMs, toMs: startMs + lengthMs };
          const input = { topic, range, filter: filterOf(text), order, limit: 1000 };
          const rolled = await queryExchanges(client, input, signal);
          const raw = await queryExchanges(client, { ...input, source: 'flows' }, signal);
          expect(rolled.groups).toEqual(raw.groups);
          expect(rolled.totals).toEqual(raw.totals);
          if (rolled.resolution !== 'flows') seen += rolled.groups.length;
        },
      ),
      {
        numRuns: 20,
        seed: 4,
        examples: [
          [fromMs, 3 * dayMs, '', 'routes', 'slowest'],
          [fromMs, 3 * dayMs, '', 'dns', 'failing'],
        ],
      },
    );
    expect(seen).toBeGreaterThan(50);
  });

  it('give the same breakdowns as flows, which add up to the series', async () => {
    const texts = ['', 'ns:two', 'not to.workload:b protocol:http'];
    let shown = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: fromMs, max: toMs - dayMs }),
        fc.integer({ min: 1, max: 2 * dayMs }),
        fc.constantFrom(...texts),
        fc.constantFrom(...dimensions, 'to.label:app' as const),
        fc.constantFrom(...topMeasures),
        fc.constantFrom(0, 30),
        async (startMs, lengthMs, text, by, measure, points) => {
          const range = { fromMs: startMs, toMs: startMs + lengthMs };
          const input = { range, filter: filterOf(text), by, measure, limit: 100, points };
          const rolled = await queryTop(client, input, signal);
          const raw = await queryTop(client, { ...input, source: 'flows' }, signal);
          expect(rolled.groups).toEqual(raw.groups);
          expect(rolled.total).toEqual(raw.total);
          expect(rolled.total.groups).toBe(rolled.groups.length);
          shown += rolled.groups.length;
          if (measure === 'latency') return;
          const sum = (values: readonly number[]): number => values.reduce((left, right) => left + right, 0);
          expect(sum(rolled.groups.map(({ value }) => value))).toBe(rolled.total.value);
          for (const { value, points: each } of rolled.groups) if (each !== null) expect(sum(each)).toBe(value);
        },
      ),
      { numRuns: 60, seed: 11 },
    );
    expect(shown).toBeGreaterThan(50);
  });

  it('break everything down to what the series say of it', async () => {
    const input = { range: { fromMs, toMs }, filter: all };
    const { points } = await querySeries(client, { ...input, points: 40 }, signal);
    const bytes = points.reduce((sum, p) => sum + Number(p.bytesToDestination) + Number(p.bytesToSource), 0);
    for (const by of ['edge', 'to.ns', 'port', 'protocol', 'node'] as const) {
      const { total } = await queryTop(client, { ...input, by, measure: 'bytes', limit: 1, points: 0 }, signal);
      expect(total.value, by).toBe(bytes);
    }
    const reasons = await queryTop(client, { ...input, by: 'reason', measure: 'drops', limit: 9, points: 0 }, signal);
    expect(reasons.groups.map(({ key }) => key[0]).sort()).toEqual(['NETFILTER_DROP', 'NO_SOCKET']);
    expect(reasons.total.value).toBe(points.reduce((sum, { drops }) => sum + drops, 0));
  });

  it('name the ends of an edge as the map does', async () => {
    const input = { range: { fromMs, toMs }, filter: all, limit: 100 };
    const { edges } = await queryMap(client, { ...input, grouping: 'workload' }, signal);
    const { groups } = await queryTop(client, { ...input, by: 'edge', measure: 'requests', points: 0 }, signal);
    const wanted = edges.filter(({ requests }) => requests > 0);
    expect(new Map(groups.map(({ key, value }) => [key.join(' '), value]))).toEqual(
      new Map(wanted.map(({ source, destination, requests }) => [`${source} ${destination}`, requests])),
    );
  });

  it('give the same map as flows, for any range and filter that they know', async () => {
    const filters = [
      '',
      'ns:two',
      'from.workload:a',
      'verdict:dropped',
      'not to.workload:b protocol:http',
      'reporter:source',
    ];
    let edgesSeen = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: fromMs, max: toMs }),
        fc.integer({ min: fromMs, max: toMs }),
        fc.constantFrom(...filters),
        fc.constantFrom('workload' as const, 'namespace' as const),
        async (one, other, text, grouping) => {
          const range = { fromMs: Math.min(one, other), toMs: Math.max(one, other) };
          const input = { range, filter: filterOf(text), grouping, limit: 1000 };
          const rolled = await queryMap(client, input, signal);
          const raw = await queryMap(client, { ...input, source: 'flows' }, signal);
          expect(rolled.edges.map(comparable)).toEqual(raw.edges.map(comparable));
          expect(rolled.nodes).toEqual(raw.nodes);
          expect(rolled.budget).toEqual(raw.budget);
          edgesSeen += rolled.resolution === 'flows' ? 0 : rolled.edges.length;
        },
      ),
      { numRuns: 40, seed: 5, examples: [[fromMs, toMs, '', 'workload']] },
    );
    expect(edgesSeen).toBeGreaterThan(300);
  });
});

function filterOf(text: string): Filter {
  const parsed = text === '' ? { ok: true as const, value: all } : parseFilter(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

/** Without an order among equals. */
function comparable(edge: MapEdge): unknown {
  const sorted = (items: readonly unknown[]): string[] => items.map((item) => JSON.stringify(item)).sort();
  return {
    ...edge,
    protocols: sorted(edge.protocols),
    statuses: sorted(edge.statuses),
    dropReasons: sorted(edge.dropReasons),
  };
}
