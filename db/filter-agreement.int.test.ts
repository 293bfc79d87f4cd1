/** One filter language: the SQL condition and the predicate in memory select the same flows, whatever the filter. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Flow, FlowEndpoint } from '../model/api.ts';
import { aFlow, anEndpoint } from '../model/flow.fixture.ts';
import { evaluateFilter } from '../model/filter/evaluate.ts';
import { parseFilter } from '../model/filter/parse.ts';
import { connectResults, encryptions, flowKinds, reporters, trafficDirections, verdicts } from '../model/words.ts';
import { appendFlow } from './block.fixture.ts';
import { createStoreClient, type StoreClient } from './client.ts';
import { startEmbeddedStore, whyNoEngine, type RunningStore } from './embedded/testing.ts';
import { migrate } from './migrations/migrate.ts';
import { filterSql } from './filter-sql.ts';
import { runQuery } from './queries/run.ts';
import { sql } from './sql.ts';
import { createWriter } from './writer.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const { signal } = new AbortController();

/** Few values, so that tests and flows meet; odd ones, so that they might differ. */
const name = fc.constantFrom('', 'api', 'API', 'api-1', 'a%i', 'a_i', 'a\\i', 'zoë', 'ZOË', "it's");
const address = fc.constantFrom('10.0.0.1', '10.0.0.200', '10.1.0.1', '192.0.2.7', '2001:db8::1', '::ffff', '::');
const label = fc.constantFrom('app=api', 'k8s:app=api', 'k8s:app', 'app=', 'x:y:app=api', 'team=zoë', 'app=a=b');
const port = fc.constantFrom(0, 53, 443, 65_535);

const endpoint: fc.Arbitrary<FlowEndpoint> = fc
  .record({
    ip: address,
    port,
    namespace: name,
    pod: name,
    workload: name,
    workloadKind: name,
    service: name,
    labels: fc.array(label, { maxLength: 2 }),
    identity: fc.constantFrom(0, 1, 4_294_967_295),
    names: fc.array(
      name.filter((text) => text !== ''),
      { maxLength: 2 },
    ),
    process: name,
    unit: name,
    container: name,
  })
  .map((of) => anEndpoint(of));

const flow: fc.Arbitrary<Flow> = fc
  .record({
    connectionId: fc.constantFrom('0', '7', '18446744073709551615'),
    reporter: fc.constantFrom(...reporters),
    kind: fc.constantFrom(...flowKinds),
    verdict: fc.constantFrom(...verdicts),
    dropReason: name,
    socketError: name,
    connectResult: fc.constantFrom(...connectResults),
    encryption: fc.constantFrom(...encryptions),
    encrypted: fc.constantFrom(true, false, null),
    tunnel: fc.constantFrom(null, { type: 'VXLAN', id: 7, isOutside: false }),
    retransmits: fc.constantFrom(0, 2),
    resets: fc.constantFrom(0, 1),
    zeroWindows: fc.constantFrom(0, 1),
    icmpErrors: fc.constantFrom(0, 3),
    srttUs: fc.constantFrom(0, 100, 250),
    direction: fc.constantFrom(...trafficDirections),
    isReply: fc.constantFrom(true, false, null),
    from: endpoint,
    to: endpoint,
    protocol: fc.constantFrom('TCP', 'UDP', 'ICMPv4', 'ICMPv6', 'SCTP'),
    bytesToDst: fc.constantFrom('0', '500', '1000'),
    bytesToSrc: fc.constantFrom('0', '500', '9007199254740991'),
    packetsToDst: fc.constantFrom(0, 3),
    l7: fc.constantFrom('', 'HTTP', 'DNS').chain((type) =>
      fc.record({
        type: fc.constant(type),
        latencyNs: fc.constantFrom('0', '1000000', '2000000'),
        http: fc.record({
          method: fc.constantFrom('GET', 'get', ''),
          host: name,
          path: name,
          status: fc.constantFrom(0, 200, 404, 503),
          protocol: fc.constant(''),
        }),
        dns: fc.record({
          name,
          type: fc.constantFrom('A', ''),
          rcode: fc.constantFrom('NOERROR', 'NXDOMAIN', ''),
          answers: fc.constant<string[]>([]),
          ttl: fc.constant(0),
          cnames: fc.constant<string[]>([]),
        }),
        grpcStatus: name,
        command: name,
        resource: name,
        error: name,
        tlsVersion: name,
        alpn: name,
        sni: name,
      }),
    ),
  })
  .map((of) => aFlow(of));

const ends = fc.constantFrom('', 'from.', 'to.');
const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
const text = fc.oneof(name.map(quoted), fc.constantFrom('*', 'api*', '*i', 'a*i', '*a*i*', 'A*', 'z*', '*-*', 'a_*'));
const endText = fc.constantFrom('ns', 'pod', 'workload', 'kind', 'service', 'name', 'process', 'unit', 'container');
const flowText = fc.constantFrom(
  'reason',
  'error',
  'http.method',
  'http.host',
  'http.path',
  'dns.name',
  'dns.rcode',
  'grpc.status',
  'l7.command',
  'l7.resource',
  'l7.error',
  'tls.version',
  'tls.alpn',
  'tls.sni',
);
const term: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(ends, endText, text).map(([end, field, value]) => `${end}${field}:${value}`),
  fc.tuple(flowText, text).map(([field, value]) => `${field}:${value}`),
  fc
    .tuple(ends, fc.constantFrom('10.0.0.1', '10.0.0.0/24', '0.0.0.0/0', '::/0', '2001:db8::/32', '192.0.2.6/31'))
    .map(([end, network]) => `${end}ip:${network}`),
  fc.tuple(ends, fc.constantFrom('53', '0', '>443', '<=53', '50..500')).map(([end, test]) => `${end}port:${test}`),
  fc
    .tuple(ends, fc.constantFrom('app', 'app=api', 'k8s:app=*', 'app=a*', 'app=""', 'team=zoë', 'y:app=api'))
    .map(([end, test]) => `${end}label:${test}`),
  fc.constantFrom('verdict:dropped', 'event:l7', 'event:drop', 'reply:true', 'reply:unknown', 'reporter:source'),
  fc.constantFrom('connect:failed', 'connect:no-answer', 'encrypted:false', 'encrypted:wireguard', 'tunnel:vxlan'),
  fc.constantFrom('retransmits:>0', 'resets:1', 'zero-windows:0', 'icmp-errors:>1', 'rtt-us:>100', 'rtt-us:0'),
  fc.constantFrom('protocol:icmp', 'protocol:http', 'protocol:tcp', 'direction:egress'),
  fc.constantFrom('http.status:5xx', 'http.status:0', 'http.status:<300', 'http.status:>=400', 'latency:>1ms'),
  fc.constantFrom('latency:<2ms', 'bytes:>1kB', 'bytes:0', 'bytes:1000', 'packets:3', 'conn:18446744073709551615'),
);
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3 },
    { weight: 3, arbitrary: term },
    { weight: 1, arbitrary: tie('expression').map((inner) => `not (${inner})`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie('expression'), fc.constantFrom('and', 'or'), tie('expression'))
        .map(([left, word, right]) => `(${left}) ${word} (${right})`),
    },
  ),
}));

/** More, and other ones: see server/filter-agreement.int.test.ts. */
const filterCount = Number(process.env['PALOMAR_AGREEMENT_FILTERS'] ?? 250);
const seed = Number(process.env['PALOMAR_AGREEMENT_SEED'] ?? 7);

describe.skipIf(whyNoEngine() !== null)('a filter in SQL and in memory', () => {
  const directory = mkdtempSync(join(tmpdir(), 'palomar-filter-'));
  const flows = fc.sample(flow, { numRuns: 600, seed }).map((one, i) => ({ ...one, id: String(i + 1) }));
  let store: RunningStore;
  let client: StoreClient;

  beforeAll(async () => {
    store = await startEmbeddedStore(directory);
    client = createStoreClient(store.url);
    await migrate(store.url, { log: quiet });
    const writer = createWriter({ url: store.url }, { log: quiet, clock: Date });
    writer.start(signal);
    for (const one of flows) appendFlow(writer, columnsOf(one));
    await writer.stop();
    expect(writer.stats.rowsWritten).toBe(flows.length);
  });
  afterAll(async () => {
    await client.close();
    await store.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('selects the same flows', async () => {
    await fc.assert(
      fc.asyncProperty(expression, async (written) => {
        const parsed = parseFilter(written);
        if (!parsed.ok) throw new Error(`${written}: ${JSON.stringify(parsed.error)}`);
        const query = sql`SELECT toString(id) AS id FROM flows WHERE ${filterSql(parsed.value)} ORDER BY flows.id`;
        const { rows } = await runQuery(client, query, z.object({ id: z.string() }), signal);
        const passes = evaluateFilter(parsed.value);
        expect(rows.map(({ id }) => id)).toEqual(flows.filter(passes).map(({ id }) => id));
      }),
      { numRuns: filterCount, seed },
    );
  });
});

function endColumns(prefix: 'src' | 'dst', end: FlowEndpoint): Record<string, string | number | string[]> {
  const columns = Object.entries(end).map(([key, value]) => [
    `${prefix}_${key === 'workloadKind' ? 'workload_kind' : key}`,
    value,
  ]);
  return Object.fromEntries(columns) as Record<string, string | number | string[]>;
}

function columnsOf(one: Flow): Parameters<typeof appendFlow>[1] {
  return {
    id: BigInt(one.id),
    time: BigInt(Date.now()) * 1_000_000n,
    connection_id: BigInt(one.connectionId),
    reporter: one.reporter,
    kind: one.kind,
    verdict: one.verdict,
    drop_reason: one.dropReason,
    socket_error: one.socketError,
    connect_result: one.connectResult,
    encryption: one.encryption,
    encrypted: one.encrypted === null ? 'unknown' : one.encrypted ? 'yes' : 'no',
    tunnel: one.tunnel?.type ?? '',
    retransmits: one.retransmits,
    resets: one.resets,
    zero_windows: one.zeroWindows,
    icmp_errors: one.icmpErrors,
    srtt_us: one.srttUs,
    grpc_status: one.l7?.grpcStatus ?? '',
    l7_command: one.l7?.command ?? '',
    l7_resource: one.l7?.resource ?? '',
    l7_error: one.l7?.error ?? '',
    tls_version: one.l7?.tlsVersion ?? '',
    tls_alpn: one.l7?.alpn ?? '',
    direction: one.direction,
    is_reply: one.isReply === null ? 'unknown' : one.isReply ? 'yes' : 'no',
    ...endColumns('src', one.from),
    ...endColumns('dst', one.to),
    protocol: one.protocol,
    bytes_to_dst: BigInt(one.bytesToDst),
    bytes_to_src: BigInt(one.bytesToSrc),
    packets_to_dst: one.packetsToDst,
    l7_type: one.l7?.type ?? '',
    latency_ns: BigInt(one.l7?.latencyNs ?? 0),
    http_method: one.l7?.http?.method ?? '',
    http_host: one.l7?.http?.host ?? '',
    http_path: one.l7?.http?.path ?? '',
    http_status: one.l7?.http?.status ?? 0,
    dns_name: one.l7?.dns?.name ?? '',
    dns_type: one.l7?.dns?.type ?? '',
    dns_rcode: one.l7?.dns?.rcode ?? '',
    tls_sni: one.l7?.sni ?? '',
  };
}
