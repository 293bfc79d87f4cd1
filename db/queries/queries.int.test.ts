/** The queries against the embedded store, on rows that came in through the writer. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coverageColumns } from '../../model/flow-columns.ts';
import { statusColumns } from '../../model/status-columns.ts';
import { parseFilter } from '../../model/filter/parse.ts';
import { all, type Filter } from '../../model/filter/ast.ts';
import type { MapEdge } from '../../model/api.ts';
import { appendFlow, appendRow } from '../block.fixture.ts';
import { createStoreClient, type StoreClient } from '../client.ts';
import { startEmbeddedStore, whyNoEngine, type RunningStore } from '../embedded/testing.ts';
import { migrate, migrations } from '../migrations/migrate.ts';
import { createWriter, type Writer } from '../writer.ts';
import { queryCoverage } from './coverage.ts';
import { queryConnection, queryFlows } from './flows.ts';
import { queryLive } from './live.ts';
import { queryMap } from './map.ts';
import { queryNewestFlowMs, queryStatus, queryVersion } from './status.ts';
import { queryValues } from './values.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const signal = new AbortController().signal;
const toMs = Math.floor(Date.now() / 1000) * 1000;
const fromMs = toMs - 3_600_000;
const range = { fromMs, toMs };
const at = (secondsAgo: number): bigint => BigInt(toMs - secondsAgo * 1000) * 1_000_000n;

function filter(text: string): Filter {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

describe.skipIf(whyNoEngine() !== null)('queries', () => {
  const directory = mkdtempSync(join(tmpdir(), 'palomar-queries-'));
  let store: RunningStore;
  let client: StoreClient;

  async function written(append: (writer: Writer) => void): Promise<void> {
    const writer = createWriter({ url: store.url, maxAgeMs: 50 }, { log: quiet, clock: Date });
    writer.start(signal);
    append(writer);
    await writer.stop();
    expect(writer.stats).toMatchObject({ rowsDropped: 0, rowsRejected: 0, pendingRows: 0 });
  }

  beforeAll(async () => {
    store = await startEmbeddedStore(directory);
    client = createStoreClient(store.url);
    await migrate(store.url, { log: quiet });
    await written((writer) => {
      const flow = (row: Parameters<typeof appendFlow>[1]): void => appendFlow(writer, row);
      const http = { kind: 'l7_response', l7_type: 'HTTP', http_method: 'GET', http_path: '/cart' };
      // Counted at both ends: the source's account is the one that counts.
      flow({
        time: at(60),
        connections: 1,
        bytes_to_dst: 100,
        bytes_to_src: 1000,
        packets_to_dst: 3,
        packets_to_src: 4,
        retransmits: 2,
      });
      flow({
        time: at(60),
        reporter: 'destination',
        connections: 1,
        bytes_to_dst: 100,
        bytes_to_src: 1000,
        packets_to_dst: 3,
        packets_to_src: 4,
      });
      flow({ time: at(50), ...http, http_status: 200, latency_ns: 10_000_000 });
      flow({ time: at(50), ...http, http_status: 200, latency_ns: 10_000_000, reporter: 'destination' });
      flow({ time: at(40), ...http, http_status: 503, latency_ns: 10_000_000 });
      flow({ time: at(30), ...http, kind: 'l7_request' });
      // Only the destination saw this one.
      const toDns = {
        dst_namespace: 'kube-system',
        dst_workload: 'dns',
        dst_pod: 'dns-1',
        dst_ip: '10.0.0.53',
        dst_port: 53,
        protocol: 'UDP',
      };
      flow({ ...toDns, time: at(20), reporter: 'destination', bytes_to_dst: 60, bytes_to_src: 120, connections: 1 });
      flow({
        ...toDns,
        time: at(19),
        kind: 'l7_response',
        l7_type: 'DNS',
        dns_name: 'api.production',
        dns_rcode: 'NOERROR',
        latency_ns: 1_000_000,
      });
      flow({
        ...toDns,
        time: at(18),
        kind: 'l7_response',
        l7_type: 'DNS',
        dns_name: 'nowhere',
        dns_rcode: 'SERVFAIL',
        latency_ns: 3_000_000,
      });
      // Answers from api to frontend that were dropped: the edge is still frontend -> api.
      flow({
        time: at(10),
        kind: 'drop',
        verdict: 'DROPPED',
        is_reply: 'yes',
        drop_reason: 'NETFILTER_DROP',
        drop_location: 'nft_do_chain',
        src_workload: 'api',
        src_pod: 'api-1',
        src_ip: '10.0.0.2',
        src_port: 8080,
        dst_workload: 'frontend',
        dst_pod: 'frontend-1',
        dst_ip: '10.0.0.1',
        dst_port: 40_000,
        bytes_to_dst: 5000,
        packets_to_dst: 5,
      });
      flow({
        time: at(5),
        kind: 'drop',
        verdict: 'DROPPED',
        drop_reason: 'NETFILTER_DROP',
        drop_location: 'nft_do_chain',
        src_workload: 'api',
        src_pod: 'api-1',
        src_ip: '10.0.0.2',
        dst_namespace: '',
        dst_workload: 'payment.stripe.com',
        dst_workload_kind: 'name',
        dst_pod: '',
        dst_ip: '2001:db8::5',
        dst_port: 443,
        ip_version: 6,
        packets_to_dst: 3,
        bytes_to_dst: 240,
        dst_names: ['Payment.Stripe.com'],
        src_labels: ['k8s:app=api', 'tier=back'],
      });
      // Outside of the range.
      flow({ time: at(7200), src_workload: 'old', bytes_to_dst: 1 });
      for (let second = 3000; second > 0; second -= 10) {
        if (second > 1000 && second <= 1600) continue;
        const row = { time: at(second), seconds: 10, cluster: 'default', node: 'node-1', component: 'probe' };
        appendRow(coverageColumns, writer.coverage(), { ...row, counter: 'packets_seen', value: 7 });
        if (second === 500) appendRow(coverageColumns, writer.coverage(), { ...row, counter: 'ring_full', value: 3 });
      }
      // Another day's collector says its reports' lengths exactly: away for 0.4 s, then for 0.1 s.
      for (const [ago, milliseconds] of [
        [90_002, 1000],
        [90_000.6, 1000],
        [89_999.5, 1000],
      ] as const) {
        const row = { time: at(ago), seconds: 1, milliseconds, cluster: 'default', node: 'node-1', component: 'probe' };
        appendRow(coverageColumns, writer.coverage(), { ...row, counter: 'packets_seen', value: 1 });
      }
      for (const [second, mode] of [
        [30, 'off'],
        [10, 'live'],
      ] as const) {
        appendRow(statusColumns, writer.status(), {
          time: at(second),
          cluster: 'default',
          node: 'node-1',
          mode,
          detail: '',
          missing: ['kprobe: none'],
          interface_names: ['eth0'],
          interface_states: ['attached'],
          interface_netns: [''],
          interface_errors: [''],
        });
      }
    });
  });
  afterAll(async () => {
    await client.close();
    await store.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const map = async (text = '', grouping: 'workload' | 'namespace' | 'pod' = 'workload', limit = 5000) =>
    queryMap(client, { range, filter: text === '' ? all : filter(text), grouping, limit }, signal);
  const api = 'default/production/Deployment/api';
  const frontend = 'default/production/Deployment/frontend';
  const edge = (edges: readonly MapEdge[], id: string): MapEdge | undefined => edges.find((one) => one.id === id);

  it('migrates twice without a change', async () => {
    await migrate(store.url, { log: quiet });
    const answer = await client.query({ query: 'SELECT count() AS n FROM schema_migrations', format: 'JSONEachRow' });
    expect(await answer.json()).toEqual([{ n: String(migrations.length) }]);
    expect(await queryVersion(client, signal)).toMatch(/^\d+\./);
  });

  it('counts a conversation once although two nodes report it', async () => {
    const { edges, nodes, truncated, read } = await map();
    expect(edge(edges, `${frontend}>${api}`)).toMatchObject({
      connections: 1,
      bytesToDestination: '100',
      bytesToSource: '1000',
      packets: 7,
      requests: 3,
      unanswered: 1,
      errors: 1,
      retransmits: 2,
      statuses: [
        { status: '200', count: 1 },
        { status: '503', count: 1 },
      ],
      protocols: [{ l4: 'TCP', port: 8080, l7: 'HTTP' }],
      latencyMs: { p50: 10.2, p95: 10.2, p99: 10.2 },
      firstMs: toMs - 60_000,
      lastMs: toMs - 10_000,
    });
    expect(truncated).toBe(false);
    expect(read.rows).toBeGreaterThan(0);
    expect(nodes.find(({ id }) => id === api)).toMatchObject({ addresses: ['10.0.0.2'], pods: ['api-1'] });
    expect(nodes.map(({ name }) => name).sort()).toEqual(['api', 'dns', 'frontend', 'payment.stripe.com']);
  });

  it.each([
    ['workload', 'A', ['api', 'payment.stripe.com']],
    ['workload', '', ['dns', 'frontend', 'api', 'payment.stripe.com']],
    ['label', 'app', ['k8s:app=api']],
    ['name', 'STRIPE', ['Payment.Stripe.com']],
    ['ip', '10.0.0.2', ['10.0.0.2']],
    ['port', '44', ['443']],
    ['reason', 'filter', ['NETFILTER_DROP']],
    ['http.status', '', ['503', '200']],
    ['bytes', '', []],
    ['pod', "' OR 1 --", []],
  ] as const)('knows the values of %s that hold "%s"', async (field, typed, wanted) => {
    const { values } = await queryValues(client, { field, typed, range, limit: 10 }, signal);
    expect(values.map(({ value }) => value).sort()).toEqual([...wanted].sort());
  });

  it('offers first what begins with the letters, then what was seen last', async () => {
    const ask = { field: 'workload', range } as const;
    const { values, truncated } = await queryValues(client, { ...ask, typed: 'e', limit: 1 }, signal);
    expect(values).toHaveLength(1);
    expect(truncated).toBe(true);
    const times = (await queryValues(client, { ...ask, typed: '', limit: 9 }, signal)).values.map((v) => v.lastMs);
    expect(times).toEqual([...times].sort((left, right) => right - left));
  });

  it("takes the destination's account where the source has none", async () => {
    const { edges } = await map();
    expect(edge(edges, `${frontend}>default/kube-system/Deployment/dns`)).toMatchObject({
      connections: 1,
      bytesToDestination: '60',
      requests: 2,
      errors: 1,
      statuses: [
        { status: 'NOERROR', count: 1 },
        { status: 'SERVFAIL', count: 1 },
      ],
      protocols: [{ l4: 'UDP', port: 53, l7: 'DNS' }],
    });
  });

  it('lays dropped answers on the edge of the conversation they belong to', async () => {
    const { edges } = await map();
    const reason = { reason: 'NETFILTER_DROP', location: 'nft_do_chain' };
    expect(edge(edges, `${frontend}>${api}`)).toMatchObject({ drops: 5, dropReasons: [{ ...reason, packets: 5 }] });
    expect(edge(edges, `${api}>default//name/payment.stripe.com`)).toMatchObject({
      drops: 3,
      bytesToDestination: '0',
      latencyMs: null,
      protocols: [{ l4: 'TCP', port: 443, l7: '' }],
    });
    expect(edge(edges, `${api}>${frontend}`)).toBeUndefined();
  });

  it('groups by namespace and by pod', async () => {
    const byNamespace = await map('', 'namespace');
    expect(byNamespace.nodes.map(({ id }) => id).sort()).toEqual([
      'default//name/payment.stripe.com',
      'default/kube-system/Namespace/kube-system',
      'default/production/Namespace/production',
    ]);
    const byPod = await map('', 'pod');
    expect(byPod.nodes.map(({ name }) => name).sort()).toEqual(['api-1', 'dns-1', 'frontend-1', 'payment.stripe.com']);
  });

  it('says when the limit cut the map, and keeps drops and the busiest', async () => {
    const { edges, truncated } = await map('', 'workload', 2);
    expect(truncated).toBe(true);
    expect(edges.map(({ drops }) => drops)).toEqual([5, 3]);
  });

  const flowsOf = async (text: string) =>
    queryFlows(client, { range, filter: filter(text), limit: 100, before: null }, signal);

  it.each([
    ['verdict:dropped', 2],
    ['to.name:payment.stripe.com', 1],
    ['to.name:*.STRIPE.com', 1],
    ['ip:10.0.0.53', 3],
    ['ip:2001:db8::/32', 1],
    ['ip:10.0.0.0/30', 11],
    ['label:app=api', 1],
    ['label:k8s:app', 1],
    ['label:tier=b*k', 1],
    ['http.status:5xx', 1],
    ['http.status:>=200', 3],
    ['latency:>2ms', 4],
    ['port:53', 3],
    ['ns:kube-system', 3],
    ['event:l7', 6],
    ['protocol:dns', 2],
    ['not protocol:tcp', 3],
    ['dns.name:*.production or http.path:/cart', 5],
  ])('the filter %s finds %i flows', async (text, count) => {
    expect((await flowsOf(text)).rows).toHaveLength(count);
  });

  it('pages through flows, newest first, each once', async () => {
    const seen: string[] = [];
    let before: { timeNs: string; id: string } | null = null;
    do {
      const page: Awaited<ReturnType<typeof queryFlows>> = await queryFlows(
        client,
        { range, filter: all, limit: 4, before },
        signal,
      );
      seen.push(...page.rows.map(({ id }) => id));
      const times = page.rows.map(({ time }) => time);
      expect(times).toEqual([...times].sort().reverse());
      before = page.next;
    } while (before !== null);
    expect(new Set(seen).size).toBe(11);
    expect(seen).toHaveLength(11);
  });

  it('finds every row of one connection, oldest first, whoever reported it', async () => {
    await written((writer) => {
      // Before the range of the other tests.
      const row = { connection_id: 2n ** 64n - 1n, src_workload: 'asker' };
      appendFlow(writer, { ...row, time: at(9000), kind: 'connection_end' });
      appendFlow(writer, { ...row, time: at(9010), kind: 'l7_response', l7_type: 'HTTP', reporter: 'destination' });
      appendFlow(writer, { ...row, time: at(9020), connection_id: 7n });
    });
    const input = { range: { fromMs: toMs - 10_000_000, toMs }, connectionId: String(2n ** 64n - 1n) };
    const { rows, truncated } = await queryConnection(client, { ...input, limit: 2 }, signal);
    expect(rows.map(({ kind, reporter }) => [kind, reporter])).toEqual([
      ['l7_response', 'destination'],
      ['connection_end', 'source'],
    ]);
    expect(rows[0]?.src_workload).toBe('asker');
    expect(truncated).toBe(false);
    expect((await queryConnection(client, { ...input, limit: 1 }, signal)).truncated).toBe(true);
  });

  it('answers a flow with every column as it was written', async () => {
    const [row] = (await flowsOf('to.name:payment.stripe.com')).rows;
    expect(row).toMatchObject({
      kind: 'drop',
      verdict: 'DROPPED',
      dst_ip: '2001:db8::5',
      src_ip: '::ffff:10.0.0.2',
      src_labels: ['k8s:app=api', 'tier=back'],
      dst_names: ['Payment.Stripe.com'],
      packets_to_dst: '3',
      time: new Date(toMs - 5000).toISOString().replace('000Z', '000000000Z'),
    });
  });

  it('finds a collector that was away for less than a second', async () => {
    const day = { fromMs: toMs - 90_003_000, toMs: toMs - 89_999_000 };
    const { gaps } = await queryCoverage(client, day, signal);
    expect(gaps).toEqual([{ node: 'node-1', fromMs: toMs - 90_002_000, toMs: toMs - 90_001_600 }]);
  });

  it('tells losses, packets and gaps', async () => {
    const coverage = await queryCoverage(client, range, signal);
    expect(coverage).toMatchObject({ lost: { ring_full: 3 }, packetsSeen: 240 * 7, nodes: ['node-1'] });
    expect(coverage.gaps).toEqual([
      { node: 'node-1', fromMs, toMs: toMs - 3_010_000 },
      { node: 'node-1', fromMs: toMs - 1_610_000, toMs: toMs - 1_010_000 },
    ]);
    const silent = await queryCoverage(client, { fromMs: toMs - 1_500_000, toMs: toMs - 1_100_000 }, signal);
    expect(silent.gaps).toEqual([{ node: 'node-1', fromMs: toMs - 1_500_000, toMs: toMs - 1_100_000 }]);
  });

  it('tells what was lost in hours whose reports are no longer kept', async () => {
    const old = Math.floor((toMs - 20 * 86_400_000) / 3_600_000) * 3_600_000;
    for (const [atMs, value] of [
      [old + 1_000_000, 2],
      [old + 2_000_000, 5],
      [old + 4_000_000, 11],
    ]) {
      await client.command({
        query: `INSERT INTO coverage (time, seconds, cluster, node, component, counter, value)
          VALUES (fromUnixTimestamp64Milli({atMs:Int64}), 10, 'default', 'node-old', 'probe', 'ring_full', {value:UInt64})`,
        query_params: { atMs, value },
      });
    }
    await client.command({ query: 'OPTIMIZE TABLE coverage FINAL' });
    const left = await client.query({
      query: `SELECT count() AS rows FROM coverage WHERE node = 'node-old'`,
      format: 'JSONEachRow',
    });
    expect(await left.json()).toEqual([{ rows: '0' }]);
    const hour = { fromMs: old, toMs: old + 3_600_000 };
    expect(await queryCoverage(client, hour, signal)).toMatchObject({ lost: { ring_full: 7 }, nodes: ['node-old'] });
    const both = { fromMs: old - 60_000, toMs: old + 7_200_000 };
    expect((await queryCoverage(client, both, signal)).lost).toEqual({ ring_full: 18 });
  });

  it('tells the newest status of a node and the newest flow', async () => {
    const [status, ...others] = await queryStatus(client, signal);
    expect(others).toEqual([]);
    expect(status).toMatchObject({
      node: 'node-1',
      mode: 'live',
      timeMs: toMs - 10_000,
      missing: ['kprobe: none'],
      interfaces: [{ name: 'eth0', state: 'attached', netns: '', error: '' }],
    });
    expect(await queryNewestFlowMs(client, signal)).toBe(toMs - 5000);
  });

  it('follows what arrives, each row once, and counts what does not fit', async () => {
    const start = await queryLive(client, null, 10, signal);
    expect(start.rows).toEqual([]);
    await written((writer) => {
      for (let i = 0; i < 3; i += 1) appendFlow(writer, { time: at(3 - i), src_workload: `live-${i}` });
    });
    const first = await queryLive(client, start.mark, 10, signal);
    expect(first.rows.map((row) => row.src_workload)).toEqual(['live-0', 'live-1', 'live-2']);
    expect((await queryLive(client, first.mark, 10, signal)).rows).toEqual([]);
    await written((writer) => {
      for (let i = 0; i < 30; i += 1) appendFlow(writer, { time: at(1), src_workload: `more-${i}` });
    });
    const second = await queryLive(client, first.mark, 10, signal);
    expect([second.rows.length, second.skipped]).toEqual([10, 20]);
    expect((await queryLive(client, second.mark, 10, signal)).rows).toEqual([]);
  });

  it('ends a query when its caller does', async () => {
    const control = new AbortController();
    control.abort();
    await expect(queryFlows(client, { range, filter: all, limit: 1, before: null }, control.signal)).rejects.toThrow();
  });
});
