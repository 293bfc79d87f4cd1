/** Flows leave in Hubble's lines and come back, and files of Hubble's own come in, whatever else is in them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importFiles, parseImportOptions } from '../cli/import.ts';
import { appendFlow, type FlowOf } from '../db/block.fixture.ts';
import { createStoreClient, type StoreClient } from '../db/client.ts';
import { startEmbeddedStore, whyNoEngine, type RunningStore } from '../db/embedded/testing.ts';
import { migrate } from '../db/migrations/migrate.ts';
import { queryFlows } from '../db/queries/flows.ts';
import { createWriter } from '../db/writer.ts';
import { aHubbleFlow, anExportLine } from '../hubble/read-line.fixture.ts';
import type { FlowRow } from '../model/flow-row.ts';
import { all } from '../model/filter/ast.ts';
import { createClickHouseStore } from '../server/clickhouse-store.ts';
import { testApp } from '../server/testing/test-app.ts';
import { createTurns, standardTurns } from '../server/turns.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const { signal } = new AbortController();
const toMs = Math.floor(Date.now() / 60_000) * 60_000;
const range = { fromMs: toMs - 2 * 86_400_000, toMs };
const rowCount = 200;

const port = fc.integer({ min: 1, max: 65_535 });
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
const end = (prefix: 'src' | 'dst'): fc.Arbitrary<FlowOf> =>
  fc
    .oneof(
      fc.record({
        namespace: text,
        pod: text,
        workload: text,
        workload_kind: fc.constantFrom('Deployment', 'DaemonSet', 'Pod'),
        labels: fc.array(text, { maxLength: 3 }),
        identity: fc.nat(0xffff_ffff),
        service: fc.constantFrom('', 'api'),
      }),
      fc.record({ namespace: text, pod: fc.constant(''), workload: fc.constant('api'), workload_kind: fc.constant('Service'), service: fc.constant('api') }), // prettier-ignore
      fc.record({
        namespace: fc.constant(''),
        pod: fc.constant(''),
        workload: text,
        workload_kind: fc.constant('unit'),
      }),
      fc.record({ namespace: fc.constant(''), pod: fc.constant(''), workload: fc.constant('a.example.com'), workload_kind: fc.constant('name'), names: fc.constant(['a.example.com']) }), // prettier-ignore
    )
    .map((of) => Object.fromEntries(Object.entries(of).map(([name, value]) => [`${prefix}_${name}`, value])));

const http = fc.record({
  l7_type: fc.constant('HTTP'),
  http_method: fc.constantFrom('GET', 'POST'),
  http_host: fc.constantFrom('api', 'api.example.com:8080'),
  http_path: fc.webPath({ size: 'small' }).map((path) => `/${path}`),
  http_protocol: fc.constant('HTTP/1.1'),
});
const dns = fc.record({
  l7_type: fc.constant('DNS'),
  dns_name: fc.domain(),
  dns_type: fc.constantFrom('A', 'AAAA'),
});
const latency = fc.bigInt({ min: 0n, max: 10_000_000_000n });
const answered = fc.oneof(
  fc.record({ own: http, more: fc.record({ http_status: fc.integer({ min: 100, max: 599 }), latency_ns: latency }) }),
  fc.record({
    own: dns,
    more: fc.record({
      dns_rcode: fc.constantFrom('NOERROR', 'NXDOMAIN', 'RCODE13'),
      dns_answers: fc.array(fc.ipV4(), { maxLength: 2 }),
      dns_cnames: fc.array(fc.domain(), { maxLength: 1 }),
      dns_ttl: fc.nat(3600),
      latency_ns: latency,
    }),
  }),
);
const event = fc.oneof(
  answered.map(({ own, more }) => ({ ...own, ...more, kind: 'l7_response' })),
  fc.oneof(http, dns).map((own) => ({ ...own, kind: 'l7_request' })),
  fc.record({
    kind: fc.constant('drop'),
    verdict: fc.constant('DROPPED'),
    drop_reason: fc.constantFrom('POLICY_DENIED', 'NO_MAPPING_FOR_NAT_MASQUERADE'),
    drop_location: fc.constantFrom('', 'bpf_lxc.c:1812'),
  }),
  fc.record({ kind: fc.constant('policy_verdict'), allowed_by: fc.constantFrom([], ['NetworkPolicy/shop/web']) }),
  fc.record({ kind: fc.constantFrom('connection_start', 'connection_update', 'datagram'), tcp_flags: fc.nat(0x1ff) }),
);
const flow: fc.Arbitrary<FlowOf> = fc
  .tuple(
    event,
    end('src'),
    end('dst'),
    fc.record({
      src_ip: fc.ipV4(),
      dst_ip: fc.ipV4(),
      src_port: port,
      dst_port: port,
      protocol: fc.constantFrom('TCP', 'UDP', 'SCTP'),
      ...{ interface: fc.constantFrom('', 'lxc0'), trace_id: fc.constantFrom('', '4bf92f3577b34da6') },
      encrypted: fc.constantFrom('unknown', 'yes'),
      tunnel: fc.constantFrom('', 'GENEVE'),
      is_reply: fc.constantFrom('unknown', 'no', 'yes'),
    }),
  )
  .map(([of, from, to, more]) => {
    const isExchange = of.kind === 'l7_request' || of.kind === 'l7_response';
    // Only TCP has flags.
    const flags = 'tcp_flags' in of ? { protocol: 'TCP' } : {};
    return { ...more, ...from, ...to, ...of, ...flags, ...(isExchange ? { is_reply: 'no' } : {}) };
  });

/** What a file of Hubble's does not hold, or tells of each packet alone. */
const notCarried = ['source', 'kind', 'connection_id', 'bytes_to_dst', 'packets_to_dst'] as const;
function carried(row: FlowRow): Partial<FlowRow> {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !notCarried.some((one) => one === name)));
}

describe.skipIf(whyNoEngine() !== null)('history in files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'palomar-files-'));
  const stores: RunningStore[] = [];
  const clients: StoreClient[] = [];
  let original: RunningStore;
  let other: RunningStore;

  async function newStore(name: string): Promise<RunningStore> {
    const store = await startEmbeddedStore(join(folder, name));
    await migrate(store.url, { log: quiet });
    stores.push(store);
    return store;
  }

  beforeAll(async () => {
    original = await newStore('original');
    other = await newStore('other');
    const writer = createWriter({ url: original.url }, { log: quiet, clock: Date });
    writer.start(signal);
    fc.sample(flow, { numRuns: rowCount, seed: 7 }).forEach((row, i) => {
      const direction = i % 2 === 0 ? 'EGRESS' : 'INGRESS';
      const time = BigInt(range.fromMs + i * 60_000) * 1_000_000n + 123n;
      const reporter = direction === 'EGRESS' ? 'source' : 'destination';
      appendFlow(writer, { ...row, direction, reporter, id: 2n ** 63n + BigInt(i), time });
    });
    await writer.stop();
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(stores.map((store) => store.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  function clientOf(store: RunningStore): StoreClient {
    const client = createStoreClient(store.url);
    clients.push(client);
    return client;
  }

  async function rowsOf(
    store: RunningStore,
    of: { fromMs: number; toMs: number } = range,
  ): Promise<readonly FlowRow[]> {
    return (await queryFlows(clientOf(store), { range: of, filter: all, limit: 1000, before: null }, signal)).rows;
  }

  async function exported(from: RunningStore): Promise<string> {
    const store = createClickHouseStore(
      { url: from.url, cluster: null, maxRows: 0 },
      { schemaMissing: () => undefined, turns: createTurns(standardTurns), clock: Date, log: quiet },
    );
    const app = testApp({ store, clock: Date });
    try {
      const { fromMs, toMs: end } = range;
      const answer = await app.inject(`/api/v1/export?format=hubble&from=${fromMs}&to=${end}`);
      expect(answer.statusCode).toBe(200);
      return answer.payload;
    } finally {
      await app.close();
      await store.close();
    }
  }

  async function run(store: RunningStore, ...given: string[]): Promise<{ code: number; said: string[] }> {
    const options = parseImportOptions(given, { CLICKHOUSE_URL: store.url });
    if (!options.ok) throw new Error(options.error);
    const said: string[] = [];
    const deps = { say: (line: string) => void said.push(line), progress: () => undefined, signal };
    return { code: await importFiles(options.value, deps), said };
  }

  it('come back from the lines of Hubble as they were, once, and leave as the same lines again', async () => {
    const lines = await exported(original);
    const file = join(folder, 'flows.jsonl');
    writeFileSync(file, lines);
    const answeredCount = lines.split('"RESPONSE"').length - 1;
    expect(answeredCount).toBeGreaterThan(10);
    const added = await run(other, file);
    expect(added).toMatchObject({
      code: 0,
      said: [`${file}: ${rowCount} flows added, 0 were there already`, expect.any(String)],
    });
    expect(added.said[1]).toContain(`${answeredCount} requests went with the answer into one row`);
    const [before, after] = [await rowsOf(original), await rowsOf(other)];
    expect(after.map(carried)).toEqual(before.map(carried));
    expect(new Set(after.map(({ source }) => source))).toEqual(new Set(['import']));
    expect(await exported(other)).toBe(lines);
    for (const store of [other, original]) {
      expect(await run(store, file)).toMatchObject({
        code: 0,
        said: [expect.stringContaining(`0 flows added, ${rowCount} were`), expect.any(String)],
      });
    }
  });

  it("take Hubble's own files, packed too, and say what in them is no flow, and what cannot be kept or read", async () => {
    const at = new Date(range.fromMs - 3_600_000).toISOString();
    const packet = (n: number, of: object = {}): string =>
      anExportLine(aHubbleFlow({ time: at, uuid: `9d6bc5ae-3f0e-4c6f-8a55-${String(n).padStart(12, '0')}`, ...of }));
    const file = join(folder, 'events.log.gz');
    writeFileSync(
      file,
      gzipSync(
        [
          packet(1),
          JSON.stringify({ lost_events: { source: 'HUBBLE_RING_BUFFER', num_events_lost: '1200' } }),
          packet(2, { verdict: 'MAYBE' }),
          JSON.stringify({ node_status: { state_change: 'NODE_UNAVAILABLE', node_names: ['w\u001b[2J'] } }),
          packet(3, { trace_observation_point: 'TO_ENDPOINT' }),
          packet(4).slice(0, 50),
        ].join('\n'),
      ),
    );
    const missing = join(folder, 'missing.csv');
    const cut = join(folder, 'cut.jsonl.gz');
    writeFileSync(cut, gzipSync('x'.repeat(1000)).subarray(0, 20));
    const of = { fromMs: range.fromMs - 7_200_000, toMs: range.fromMs };
    expect(await run(other, '--strict', file)).toEqual({
      code: 2,
      said: [`palomar: ${file}: line 3: verdict: Hubble has no "MAYBE" here`],
    });
    expect(await rowsOf(other, of)).toEqual([]);
    expect(await run(other, file)).toEqual({
      code: 3,
      said: [
        `${file}: 2 flows added, 0 were there already`,
        `${file}: Hubble had lost events while it wrote this: HUBBLE_RING_BUFFER 1,200`,
        `${file}: lines that are no flows: node_status NODE_UNAVAILABLE w·[2J 1`,
        `${file}: not kept, flows have no column for it: source.ID, destination.ID, trace_observation_point`,
        `${file}: 2 lines refused`,
        'palomar: 2 lines refused:',
        `  ${file}:3: verdict: Hubble has no "MAYBE" here`,
        `  ${file}:6: this is no whole JSON object: the line is cut off`,
      ],
    });
    expect(await rowsOf(other, of)).toMatchObject([{ source: 'hubble' }, { source: 'hubble' }]);
    const again = await run(other, missing, cut, folder, file);
    expect(again).toMatchObject({ code: 2 });
    expect(again.said.slice(0, 4)).toEqual([
      `palomar: ${missing}: there is no such file`,
      `palomar: ${cut}: it cannot be unpacked, or is cut off: unexpected end of file`,
      `palomar: ${folder}: this is a directory: name the files in it`,
      `${file}: 0 flows added, 2 were there already`,
    ]);
  });
});
