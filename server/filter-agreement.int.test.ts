/**
 * A filter means the same in the store and on the flows this server renders: random rows and filters over every field,
 * texts awkward in SQL and LIKE among them. db/ has the like for filters as people write them. 80,000 pairs of a flow and a
 * filter here; a million of both with
 *   PALOMAR_AGREEMENT_FILTERS=1000 PALOMAR_AGREEMENT_SEED=2 npx vitest run --project integration filter-agreement
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendFlow } from '../db/block.fixture.ts';
import { type StoreClient, createStoreClient } from '../db/client.ts';
import { type RunningStore, startEmbeddedStore, whyNoEngine } from '../db/embedded/testing.ts';
import { migrate } from '../db/migrations/migrate.ts';
import { queryFlows } from '../db/queries/flows.ts';
import { createWriter } from '../db/writer.ts';
import type { Flow } from '../model/api.ts';
import { all } from '../model/filter/ast.ts';
import { evaluateFilter } from '../model/filter/evaluate.ts';
import { fields } from '../model/filter/fields.ts';
import { type Pools, anyFilter } from '../model/filter/filter.fixture.ts';
import { printFilter } from '../model/filter/print.ts';
import { flowKinds, l7Types, reporters, ternaries, trafficDirections, verdicts } from '../model/words.ts';
import { renderFlow } from './render-flow.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Few enough to meet, and each awkward somewhere: in SQL, in LIKE, in a literal, in letter case. */
const texts = [
  '',
  'a',
  'A',
  'ab',
  'aB',
  'a_b',
  'a%b',
  '%',
  '_',
  "'",
  '"',
  '\\',
  '\\N',
  '\\%',
  'é',
  'É',
  'a\nb',
  'a\tb',
  '😀',
  '\0',
  '--',
  '{p0}',
];
const addresses = ['10.0.0.1', '10.0.0.2', '10.128.0.1', '192.0.2.1', 'fd00::1', 'fd00::ffff', '2001:db8::1', '::1'];
const labels = ['k8s:app=a', 'app=a', 'k8s:app=A_b', 'k8s:app=', 'app', 'k8s:a:b=c=d', 'k8s:é="'];

const pools: Pools = {
  text: fc.constantFrom(...texts),
  number: fc.oneof(fc.constantFrom(0, 1, 2, 80, 443, 500, 503), fc.nat()),
  address: fc.constantFrom(...addresses),
  labelKey: fc.constantFrom('app', 'k8s:app', 'a:b', 'b', 'k8s:a:b', 'é', "'"),
  id: fc.constantFrom(1n, 2n, (1n << 64n) - 1n),
};

const { text, number } = pools;
const small = number.map((n) => n % 1000);
const oneEnd = fc.record({
  ip: pools.address,
  port: number.map((n) => n % 65_536),
  identity: small,
  labels: fc.subarray(labels),
  names: fc.subarray(texts.filter((t) => t !== '')),
  namespace: text,
  pod: text,
  workload: text,
  workload_kind: text,
  service: text,
  process: text,
  unit: text,
  container: text,
});
const oneFlow = fc.record({
  connection_id: pools.id,
  cluster: text,
  node: text,
  reporter: fc.constantFrom(...reporters),
  kind: fc.constantFrom(...flowKinds),
  verdict: fc.constantFrom(...verdicts),
  drop_reason: text,
  drop_location: text,
  direction: fc.constantFrom(...trafficDirections),
  is_reply: fc.constantFrom(...ternaries),
  protocol: fc.constantFrom('TCP', 'UDP', 'ICMPv4', 'ICMPv6', 'SCTP', 'IP-47'),
  bytes_to_dst: number,
  bytes_to_src: number,
  packets_to_dst: small,
  packets_to_src: small,
  tls_sni: text,
  interface: text,
});
/** A row holds only the layer 7 columns of what it speaks. */
const oneLayer7 = fc.constantFrom(...l7Types).chain((l7_type) => {
  const isHttp = l7_type === 'HTTP' || l7_type === 'GRPC';
  return fc.record({
    l7_type: fc.constant(l7_type),
    ...(l7_type === '' ? {} : { latency_ns: small }),
    ...(isHttp ? { http_method: text, http_host: text, http_path: text, http_status: small } : {}),
    ...(l7_type === 'DNS' ? { dns_name: text, dns_type: text, dns_rcode: text } : {}),
  });
});

const prefixed = (end: 'src' | 'dst', columns: object): object =>
  Object.fromEntries(Object.entries(columns).map(([name, value]: [string, unknown]) => [`${end}_${name}`, value]));

const rowCount = 400;
const filterCount = Number(process.env['PALOMAR_AGREEMENT_FILTERS'] ?? 200);
const seed = Number(process.env['PALOMAR_AGREEMENT_SEED'] ?? 1);

describe.skipIf(whyNoEngine() !== null)('a filter', () => {
  const directory = mkdtempSync(join(tmpdir(), 'palomar-filter-'));
  const nowMs = Date.now();
  const range = { fromMs: nowMs - 60_000, toMs: nowMs + 60_000 };
  const { signal } = new AbortController();
  let store: RunningStore;
  let client: StoreClient;
  let flows: readonly Flow[];

  beforeAll(async () => {
    store = await startEmbeddedStore(directory);
    client = createStoreClient(store.url);
    await migrate(store.url, { log: quiet });
    const writer = createWriter({ url: store.url, maxAgeMs: 50 }, { log: quiet, clock: Date });
    writer.start(signal);
    const rows = fc.sample(fc.tuple(oneEnd, oneEnd, oneFlow, oneLayer7), { numRuns: rowCount, seed });
    for (const [src, dst, flow, l7] of rows) {
      const time = BigInt(nowMs) * 1_000_000n;
      appendFlow(writer, { time, ...prefixed('src', src), ...prefixed('dst', dst), ...flow, ...l7 });
    }
    await writer.stop();
    expect(writer.stats).toMatchObject({ rowsWritten: rowCount, rowsDropped: 0, rowsRejected: 0 });
    const answer = await queryFlows(client, { range, filter: all, limit: rowCount, before: null }, signal);
    flows = answer.rows.map(renderFlow);
    expect(flows).toHaveLength(rowCount);
  });
  afterAll(async () => {
    await client.close();
    await store.stop();
    rmSync(directory, { recursive: true });
  });

  it('finds in the store exactly the flows that pass it', async () => {
    const found: string[] = [];
    const fieldsUsed = new Set<string>();
    await fc.assert(
      fc.asyncProperty(anyFilter(pools), async (filter) => {
        const passes = evaluateFilter(filter);
        const expected = flows.filter(passes).map(({ id }) => id);
        const { rows } = await queryFlows(client, { range, filter, limit: rowCount, before: null }, signal);
        expect(rows.map(({ id }) => id).sort(), printFilter(filter)).toEqual(expected.sort());
        found.push(...expected);
        if (filter.kind === 'term') fieldsUsed.add(filter.field);
      }),
      { numRuns: filterCount, seed },
    );
    // Filters that find nothing would agree for the wrong reason.
    expect(found.length).toBeGreaterThan(filterCount * 10);
    expect(fieldsUsed.size).toBeGreaterThan(Object.keys(fields).length / 2);
  });
});
