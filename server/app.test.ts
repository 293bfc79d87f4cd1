import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { aPoint } from '../model/series.fixture.ts';
import type { ExportInput } from '../db/queries/export.ts';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { hubbleExportSchema } from '../hubble/hubble-flow.ts';
import {
  type MapEdge,
  commandsResponseSchema,
  connectionResponseSchema,
  diffResponseSchema,
  dnsResponseSchema,
  dropsResponseSchema,
  errorSchema,
  exportPlanResponseSchema,
  flowsResponseSchema,
  healthSchema,
  mapResponseSchema,
  routesResponseSchema,
  seriesResponseSchema,
  topResponseSchema,
  valuesResponseSchema,
} from '../model/api.ts';
import { printFilter } from '../model/filter/print.ts';
import { StoreError } from './failure.ts';
import type { FlowsQuery, MapQuery, NodeStatus } from './store.ts';
import { aMapAnswer, anExchangesAnswer, aRow, fakeStore } from './testing/fake-store.ts';
import { nowMs, testApp } from './testing/test-app.ts';

const edge: MapEdge = {
  id: 'a>b',
  source: 'a',
  destination: 'b',
  protocols: [{ l4: 'TCP', port: 443, l7: '' }],
  connections: 1,
  bytesToDestination: '9007199254740993',
  bytesToSource: '0',
  packets: 1,
  requests: 0,
  unanswered: 0,
  errors: 0,
  statuses: [],
  latencyMs: null,
  drops: 3,
  dropReasons: [{ reason: 'NETFILTER_DROP', location: 'nft_do_chain', packets: 3 }],
  retransmits: 0,
  firstMs: 1,
  lastMs: 2,
};

describe('GET /api/v1/map', () => {
  it('asks for the last hour by workload unless told otherwise', async () => {
    const asked: MapQuery[] = [];
    const store = fakeStore({
      map: (query) => {
        asked.push(query);
        return Promise.resolve(
          aMapAnswer({ edges: [edge], truncated: true, resolution: 'hour', read: { rows: 7, bytes: '99' } }),
        );
      },
    });
    const answer = await testApp({ store }).inject('/api/v1/map');
    expect(answer.statusCode).toBe(200);
    const body = mapResponseSchema.parse(answer.json());
    expect(asked).toEqual([
      {
        range: { fromMs: nowMs - 3_600_000, toMs: nowMs, isOpen: true },
        filter: { kind: 'all' },
        grouping: 'workload',
        limit: 1500,
      },
    ]);
    expect(body.edges).toEqual([edge]);
    expect(body.evidence).toMatchObject({
      rowsRead: 7,
      bytesRead: '99',
      truncated: true,
      limit: 1500,
      resolution: 'hour',
    });
  });

  it('understands each spelling of time, and answers with the canonical filter', async () => {
    const query =
      'from=2026-11-23T10:00:00%2B00:00&to=now-30m&grouping=pod&limit=3&filter=namespace:a%20%20AND+verdict:DROPPED';
    const answer = await testApp().inject(`/api/v1/map?${query}`);
    expect(answer.json()).toMatchObject({
      range: { fromMs: nowMs - 7_200_000, toMs: nowMs - 1_800_000 },
      grouping: 'pod',
      filter: 'ns:a verdict:dropped',
      evidence: { limit: 3 },
    });
  });

  it.each([
    ['from=yesterday', 'bad_parameter', 'from', '"yesterday" is no time'],
    ['from=1763899200', 'bad_parameter', 'from', 'are they seconds?'],
    ['to=2026-02-30', 'bad_parameter', 'to', 'is no time'],
    ['from=now&to=now-1h', 'bad_parameter', 'from', 'the range is empty'],
    ['from=now-93d', 'range_too_long', 'from', 'longer than 92 days'],
    ['grouping=planet', 'bad_parameter', 'grouping', 'workload'],
    ['limit=0', 'bad_parameter', 'limit', '>=1'],
    ['limit=5001', 'bad_parameter', 'limit', '<=5000'],
    ['limit=many', 'bad_parameter', 'limit', 'number'],
    ['filtre=x', 'unknown_parameter', 'filtre', 'did you mean "filter"?'],
    ['cursor=1.1', 'unknown_parameter', 'cursor', 'there is from, to, filter'],
    ['filter=ns:a&filter=ns:b', 'bad_parameter', 'filter', 'given more than once'],
    ['filter=ns:a%20verdikt:dropped', 'bad_filter', 'filter', 'did you mean "verdict"?'],
  ])('refuses ?%s', async (query, code, parameter, message) => {
    const answer = await testApp().inject(`/api/v1/map?${query}`);
    expect(answer.statusCode).toBe(400);
    const { error } = errorSchema.parse(answer.json());
    expect(error).toMatchObject({ code, parameter });
    expect(error.message).toContain(message);
  });

  it('says where in the filter the fault is', async () => {
    const answer = await testApp().inject('/api/v1/map?filter=ns:a%20verdikt:dropped');
    expect(errorSchema.parse(answer.json()).error.position).toBe(5);
  });

  it.each([
    ['store_unavailable', 503, '2'],
    ['store_busy', 503, '2'],
    ['too_expensive', 422, undefined],
    ['store_failed', 502, undefined],
  ] as const)('answers %s with %i', async (code, status, retryAfter) => {
    const cause = new Error('connect ECONNREFUSED with password hunter2');
    const store = fakeStore({ map: () => Promise.reject(new StoreError(code, 'in words', { cause })) });
    const answer = await testApp({ store }).inject('/api/v1/map');
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['retry-after']).toBe(retryAfter);
    expect(answer.json()).toEqual({ error: { code, message: 'in words' } });
  });

  it('keeps the words of a bug to the log', async () => {
    const store = fakeStore({ map: () => Promise.reject(new TypeError('secret detail')) });
    const answer = await testApp({ store }).inject('/api/v1/map');
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('secret');
  });

  it('compresses a long answer as the client accepts it', async () => {
    const edges = Array.from({ length: 200 }, (_, i) => ({ ...edge, id: String(i) }));
    const store = fakeStore({
      map: () => Promise.resolve(aMapAnswer({ edges })),
    });
    const get = (accept: string) =>
      testApp({ store }).inject({ url: '/api/v1/map', headers: { 'accept-encoding': accept } });
    const plain = await get('identity');
    const zipped = await get('gzip, br;q=0');
    const brotli = await get('gzip, br');
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(brotli.headers['content-encoding']).toBe('br');
    expect(gunzipSync(zipped.rawPayload).toString()).toBe(plain.body);
    expect(brotliDecompressSync(brotli.rawPayload).toString()).toBe(plain.body);
  });
});

describe('a range', () => {
  const rangeOf = async (parameters: string, clockMs: number) => {
    const app = testApp({ clock: { now: () => clockMs } });
    return mapResponseSchema.parse((await app.inject(`/api/v1/map?${parameters}`)).json()).range;
  };
  const lateMs = nowMs + 12_345;

  it('that ends now is open, and begins at a whole minute when it is long', async () => {
    expect(await rangeOf('from=now-1h', lateMs)).toEqual({ fromMs: nowMs - 3_600_000, toMs: lateMs, isOpen: true });
    expect(await rangeOf('from=now-1h&to=now-30m', lateMs)).toEqual({
      fromMs: nowMs - 3_600_000,
      toMs: nowMs - 1_800_000,
      isOpen: false,
    });
  });

  it('is taken to the millisecond when it is short or given as a time', async () => {
    expect((await rangeOf('from=now-5m', lateMs)).fromMs).toBe(lateMs - 300_000);
    expect((await rangeOf(`from=${nowMs - 7_200_001}`, lateMs)).fromMs).toBe(nowMs - 7_200_001);
  });
});

describe('GET /api/v1/series', () => {
  it('asks for the period before as well when told to', async () => {
    const asked: unknown[] = [];
    const point = { fromMs: 0, connections: 1, bytesToDestination: '9007199254740993' };
    const store = fakeStore({
      series: (query) => {
        asked.push(query);
        const points = [aPoint(point)];
        return Promise.resolve({ stepMs: 60_000, points, resolution: 'minute', read: { rows: 2, bytes: '5' } });
      },
    });
    const answer = await testApp({ store }).inject('/api/v1/series?from=now-30m&filter=ns:a&points=30&previous=1');
    const body = seriesResponseSchema.parse(answer.json());
    expect(asked).toMatchObject([
      { range: { fromMs: nowMs - 1_800_000, toMs: nowMs }, points: 30 },
      { range: { fromMs: nowMs - 3_600_000, toMs: nowMs - 1_800_000 }, points: 30 },
    ]);
    expect(body).toMatchObject({ filter: 'ns:a', stepMs: 60_000, points: [point], previous: [point] });
    expect(body.evidence).toMatchObject({ rowsRead: 4, bytesRead: '10', resolution: 'minute' });
  });
});

describe('GET /api/v1/top', () => {
  const group = { key: ['a'], value: 3, points: [1, 2] };
  const total = { groups: 9, value: 12, points: [4, 8] };
  const answerOf = async (parameters: string) => {
    const read = { rows: 2, bytes: '5' };
    const store = fakeStore({
      top: () => Promise.resolve({ groups: [group], total, stepMs: 1, truncated: true, resolution: 'minute', read }),
    });
    return (await testApp({ store }).inject(`/api/v1/top?${parameters}`)).json<unknown>();
  };

  it('tells the share of each group, but not of a percentile', async () => {
    const bytes = topResponseSchema.parse(await answerOf('by=from.label:app&points=2'));
    expect(bytes).toMatchObject({ by: 'from.label:app', groups: [{ ...group, share: 0.25 }], total });
    expect(bytes.evidence).toMatchObject({ truncated: true, limit: 20 });
    expect(topResponseSchema.parse(await answerOf('measure=latency')).groups).toEqual([{ ...group, share: null }]);
  });

  it.each([
    ['by=to.nss', 'did you mean "to.ns"?'],
    ['by=from.label:', 'nothing is broken down by'],
    ['measure=fun', 'measure'],
  ])('refuses %s', async (parameters, part) => {
    const { error } = errorSchema.parse(await answerOf(parameters));
    expect(error).toMatchObject({ code: 'bad_parameter', message: expect.stringContaining(part) as string });
  });
});

describe('GET /api/v1/values', () => {
  it('knows the words of the language without the store, and asks it for the rest', async () => {
    const asked: unknown[] = [];
    const store = fakeStore({
      values: (query) => {
        asked.push(query);
        const read = { rows: 2, bytes: '5' };
        return Promise.resolve({ values: [{ value: 'shop', lastMs: 1 }], truncated: true, read });
      },
    });
    const ask = async (query: string) => (await testApp({ store }).inject(`/api/v1/values?${query}`)).json<unknown>();
    const words = valuesResponseSchema.parse(await ask('field=verdict&typed=DROP'));
    expect(words.values).toEqual([{ value: 'dropped', lastMs: null }]);
    expect(asked).toEqual([]);
    const names = valuesResponseSchema.parse(await ask('field=from.namespace&typed=sh&limit=1'));
    expect(names).toMatchObject({ field: 'ns', values: [{ value: 'shop', lastMs: 1 }], truncated: true, rowsRead: 2 });
    expect(asked).toMatchObject([{ field: 'ns', typed: 'sh', limit: 1 }]);
    expect(errorSchema.parse(await ask('field=name_space')).error.message).toContain('there is no field "name_space"');
    expect(errorSchema.parse(await ask('')).error.message).toContain('field: missing');
  });
});

describe('GET /api/v1/drops', () => {
  it('reads since when a group is new, and refuses what is no time', async () => {
    const asked: unknown[] = [];
    const store = fakeStore({
      drops: (query) => {
        asked.push(query);
        const totals = { groups: 9, packets: 7 };
        const read = { rows: 2, bytes: '5' };
        return Promise.resolve({ groups: [], stepMs: 60_000, totals, truncated: true, resolution: 'minute', read });
      },
    });
    const answer = await testApp({ store }).inject('/api/v1/drops?since=now-10m&limit=5');
    expect(dropsResponseSchema.parse(answer.json())).toMatchObject({
      totals: { groups: 9, packets: 7 },
      trendStepMs: 60_000,
      evidence: { truncated: true, limit: 5 },
    });
    expect(asked).toMatchObject([{ sinceMs: nowMs - 600_000, limit: 5 }]);
    const refused = await testApp({ store }).inject('/api/v1/drops?since=lately');
    expect(refused.statusCode).toBe(400);
    expect(errorSchema.parse(refused.json()).error).toMatchObject({ code: 'bad_parameter', parameter: 'since' });
  });
});

describe('GET /api/v1/routes, dns and commands', () => {
  const end = { id: 'c/n/Deployment/a', cluster: 'c', namespace: 'n', kind: 'Deployment', name: 'a' };
  const group = {
    source: end,
    destination: end,
    requests: 7200,
    unanswered: 1,
    errors: 2,
    needless: 4,
    latencyMs: { p50: 1, p95: 2, p99: 3 },
  };

  it('tells the rate, the classes of statuses, and what was asked for', async () => {
    const asked: unknown[] = [];
    const codes = [
      { code: '200', count: 9 },
      { code: '204', count: 1 },
      { code: '503', count: 2 },
    ];
    const store = fakeStore({
      exchanges: (query) => {
        asked.push(query);
        return Promise.resolve(anExchangesAnswer({ groups: [{ ...group, what: ['GET', '/items/{}'], codes }] }));
      },
    });
    const answer = await testApp({ store }).inject('/api/v1/routes?order=slowest&limit=5');
    const body = routesResponseSchema.parse(answer.json());
    expect(body.routes).toMatchObject([
      { method: 'GET', route: '/items/{}', perSecond: 2, classes: [0, 10, 0, 0, 2], errors: 2 },
    ]);
    expect(body.totals).not.toHaveProperty('needless');
    expect(asked).toMatchObject([{ topic: 'routes', order: 'slowest', limit: 5 }]);
  });

  it('tells what resolvers answered and what search domains cost', async () => {
    const codes = [
      { code: 'NXDOMAIN', count: 5 },
      { code: 'SERVFAIL', count: 2 },
    ];
    const groups = [{ ...group, what: ['x.example.svc', 'AAAA'], codes }];
    const totals = { groups: 1, requests: 7200, unanswered: 1, errors: 2, needless: 4 };
    const store = fakeStore({ exchanges: () => Promise.resolve(anExchangesAnswer({ groups, totals })) });
    const body = dnsResponseSchema.parse((await testApp({ store }).inject('/api/v1/dns')).json());
    expect(body.names).toMatchObject([
      { name: 'x.example.svc', type: 'AAAA', notFound: 5, serverFailures: 2, needless: 4 },
    ]);
    expect(body.totals.needless).toBe(4);
  });

  it('reads commands of a day, not of more', async () => {
    const groups = [{ ...group, what: ['REDIS', 'GET', ''], codes: [{ code: 'MOVED', count: 2 }] }];
    const store = fakeStore({ exchanges: () => Promise.resolve(anExchangesAnswer({ groups })) });
    const body = commandsResponseSchema.parse((await testApp({ store }).inject('/api/v1/commands?from=now-1d')).json());
    expect(body.commands).toMatchObject([
      { protocol: 'REDIS', command: 'GET', resource: '', errorCodes: [{ error: 'MOVED', count: 2 }] },
    ]);
    const refused = await testApp({ store }).inject('/api/v1/commands?from=now-25h');
    expect(refused.statusCode).toBeGreaterThanOrEqual(400);
    expect(errorSchema.parse(refused.json()).error).toMatchObject({ code: 'range_too_long' });
  });
});

describe('GET /api/v1/connection', () => {
  it('tells what each end counted, and every row in order of time', async () => {
    const asked: unknown[] = [];
    const counted = { packets_to_dst: '10', bytes_to_dst: '9007199254740993' };
    const rows = [
      aRow({ id: '1', ...counted, retransmits: 2 }),
      aRow({ id: '2', ...counted }),
      aRow({ id: '3', node: 'node-2', reporter: 'destination', packets_to_dst: '18' }),
      aRow({ id: '4', kind: 'l7_response', l7_type: 'HTTP' }),
      aRow({ id: '5', kind: 'drop', packets_to_dst: '2', bytes_to_dst: '120' }),
    ];
    const store = fakeStore({
      connection: (query) => {
        asked.push(query);
        return Promise.resolve({ rows, truncated: true, read: { rows: 9, bytes: '1' } });
      },
    });
    const answer = await testApp({ store }).inject('/api/v1/connection?id=18446744073709551615&limit=5');
    const body = connectionResponseSchema.parse(answer.json());
    expect(body.flows.map(({ id }) => id)).toEqual(['1', '2', '3', '4', '5']);
    expect(body.ends).toMatchObject([
      {
        node: 'node-1',
        reporter: 'source',
        rows: 4,
        bytesToDst: '18014398509481986',
        packetsToDst: 20,
        retransmits: 2,
        exchanges: 1,
        droppedPackets: 2,
      },
      { node: 'node-2', reporter: 'destination', rows: 1, packetsToDst: 18, droppedPackets: 0 },
    ]);
    expect(body.evidence).toMatchObject({ truncated: true, limit: 5 });
    expect(asked).toMatchObject([{ connectionId: '18446744073709551615', limit: 5 }]);
  });

  it.each(['', '?id=', '?id=-1', '?id=18446744073709551616', '?id=abc'])('refuses "%s"', async (query) => {
    const refused = await testApp({ store: fakeStore() }).inject(`/api/v1/connection${query}`);
    expect(refused.statusCode).toBe(400);
    expect(errorSchema.parse(refused.json()).error).toMatchObject({ code: 'bad_parameter', parameter: 'id' });
  });
});

describe('GET /api/v1/diff', () => {
  it('compares with the range just before, or the one told', async () => {
    const asked: MapQuery[] = [];
    const store = fakeStore({
      map: (query) => {
        asked.push(query);
        const isLater = query.range.toMs === nowMs;
        return Promise.resolve(aMapAnswer({ edges: isLater ? [edge] : [], read: { rows: 3, bytes: '4' } }));
      },
      coverage: ({ toMs }) =>
        Promise.resolve({ lost: {}, packetsSeen: 1, gaps: [], nodes: [toMs === nowMs ? 'now' : 'then'] }),
    });
    const app = testApp({ store });
    const body = diffResponseSchema.parse((await app.inject('/api/v1/diff?from=now-30m')).json());
    expect(body).toMatchObject({
      before: { fromMs: nowMs - 3_600_000, toMs: nowMs - 1_800_000 },
      edges: [{ change: 'new', id: 'a>b', before: null }],
      totals: { edges: 1, drops: 0 },
      evidence: { rowsRead: 6, truncated: false, coverage: { nodes: ['now'] } },
      coverageBefore: { nodes: ['then'] },
    });
    await app.inject('/api/v1/diff?from=now-30m&before=now-1d');
    expect(asked[3]?.range).toEqual({ fromMs: nowMs - 86_400_000, toMs: nowMs - 84_600_000 });
    const refused = await app.inject('/api/v1/diff?before=once');
    expect(errorSchema.parse(refused.json()).error).toMatchObject({ code: 'bad_parameter', parameter: 'before' });
  });
});

describe('GET /api/v1/export', () => {
  /** Two slices of two rows each; the second may fail. */
  const sliced = (asked: ExportInput[], fails = false) =>
    fakeStore({
      exportPlan: ({ range }) => {
        const [middle, rows] = [(range.fromMs + range.toMs) / 2, 2];
        const slices = [
          { fromMs: middle, toMs: range.toMs, rows },
          { fromMs: range.fromMs, toMs: middle, rows },
        ];
        return Promise.resolve({ rows: 4, slices, read: { rows: 9, bytes: '1' } });
      },
      exportBytes: (query) => {
        asked.push(query);
        if (fails && asked.length === 2) return Promise.reject(new StoreError('store_unavailable', 'gone'));
        return Promise.resolve(Readable.from([Buffer.from(`${asked.length}\n`)]));
      },
    });

  it('passes the slices through, each after the other, with a digest of all', async () => {
    const asked: ExportInput[] = [];
    const csv = await testApp({ store: sliced(asked) }).inject('/api/v1/export?columns=id&filter=ns:a');
    expect(csv.body).toBe('id\n1\n2\n');
    expect(csv.headers).toMatchObject({ 'x-palomar-rows': '4', trailer: 'x-palomar-sha256' });
    expect(csv.trailers).toEqual({ 'x-palomar-sha256': createHash('sha256').update(csv.body).digest('hex') });
    expect(asked.map(({ range }) => range.toMs)).toEqual([nowMs, nowMs - 1_800_000]);
    expect(asked[0]).toMatchObject({ format: 'csv', columns: ['id'] });
    const jsonl = await testApp({ store: sliced([]) }).inject('/api/v1/export?format=jsonl');
    expect(jsonl.body).toBe('1\n2\n');
  });

  it.each(['parquet', 'arrow'])('asks for %s as one file', async (format) => {
    const asked: ExportInput[] = [];
    const { body, headers } = await testApp({ store: sliced(asked) }).inject(`/api/v1/export?format=${format}`);
    expect(body).toBe('1\n');
    expect(asked.map(({ range }) => range.toMs - range.fromMs)).toEqual([3_600_000]);
    expect(headers['content-type']).toContain(format);
    expect(headers['content-disposition']).toContain(`flows.${format}`);
  });

  it('writes lines of Hubble page by page', async () => {
    const pages: FlowsQuery[] = [];
    const store = fakeStore({
      flows: (query) => {
        pages.push(query);
        const next = pages.length < 3 ? { timeNs: '5', id: String(pages.length) } : null;
        return Promise.resolve({ rows: [aRow({ id: String(pages.length) })], next, read: { rows: 1, bytes: '1' } });
      },
    });
    const { body } = await testApp({ store }).inject('/api/v1/export?format=hubble');
    for (const line of body.trim().split('\n')) hubbleExportSchema.parse(JSON.parse(line));
    expect(pages.map(({ before }) => before?.id)).toEqual([undefined, '1', '2']);
  });

  it('gives the head alone when nothing matches, and breaks off when the store fails', async () => {
    expect((await testApp({ store: fakeStore() }).inject('/api/v1/export?columns=id')).body).toBe('id\n');
    await expect(testApp({ store: sliced([], true) }).inject('/api/v1/export?columns=id')).rejects.toThrow();
  });

  it('tells how much it would be, and in which parts', async () => {
    const plan = async (query: string) =>
      exportPlanResponseSchema.parse(
        (await testApp({ store: sliced([]) }).inject(`/api/v1/export/plan?${query}`)).json(),
      );
    const csv = await plan('columns=id');
    expect(csv).toMatchObject({ rows: 4, bytes: 4, columns: ['id'], slices: [{ rows: 2 }, { rows: 2 }] });
    expect((await plan('format=parquet')).slices).toEqual([]);
  });

  it('refuses a column that there is not', async () => {
    const refused = await testApp({ store: fakeStore() }).inject('/api/v1/export?columns=id,src_por');
    expect(errorSchema.parse(refused.json()).error).toMatchObject({ code: 'bad_parameter', parameter: 'columns' });
    expect(refused.body).toContain('src_por');
  });
});

describe('GET /api/v1/flows', () => {
  it('pages by cursor', async () => {
    const asked: FlowsQuery[] = [];
    const store = fakeStore({
      flows: (query) => {
        asked.push(query);
        const next = query.before === null ? { timeNs: '1763899200000000001', id: '42' } : null;
        return Promise.resolve({ rows: [aRow({ id: '42' })], next, read: { rows: 1, bytes: '1' } });
      },
    });
    const app = testApp({ store });
    const first = flowsResponseSchema.parse((await app.inject('/api/v1/flows?limit=1')).json());
    expect(first.cursor).toBe('1763899200000000001.42');
    expect(first.evidence.truncated).toBe(true);
    const second = flowsResponseSchema.parse(
      (await app.inject(`/api/v1/flows?limit=1&cursor=${first.cursor ?? ''}`)).json(),
    );
    expect(second.cursor).toBeNull();
    expect(asked[1]?.before).toEqual({ timeNs: '1763899200000000001', id: '42' });
  });

  it.each(['x', '1', '1.', '-1.2', '1.18446744073709551616', '9223372036854775808.1'])(
    'refuses the cursor %j',
    async (cursor) => {
      const answer = await testApp().inject({ url: '/api/v1/flows', query: { cursor } });
      expect(answer.statusCode).toBe(400);
      expect(errorSchema.parse(answer.json()).error.parameter).toBe('cursor');
    },
  );

  it("answers lines of Hubble's export, newest first, with the cursor in a header", async () => {
    const exchange = aRow({
      id: '8',
      kind: 'l7_response',
      time: '2026-11-23T12:00:00.000000000Z',
      latency_ns: '5000000',
      l7_type: 'HTTP',
      http_method: 'GET',
      http_path: '/',
      http_status: 200,
      http_protocol: 'HTTP/1.1',
    });
    const asked: FlowsQuery[] = [];
    const store = fakeStore({
      flows: (query) => {
        asked.push(query);
        const next = query.before === null ? { timeNs: '1763899200000000001', id: '8' } : null;
        const rows = [aRow({ id: '9', time: '2026-11-23T12:00:01.000000000Z' }), exchange];
        return Promise.resolve({ rows, next, read: { rows: 2, bytes: '1' } });
      },
    });
    const app = testApp({ store });
    const first = await app.inject('/api/v1/flows?format=hubble&limit=2');
    expect(first.statusCode).toBe(200);
    expect(first.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    expect(first.headers['palomar-cursor']).toBe('1763899200000000001.8');
    expect(first.body.endsWith('}\n')).toBe(true);
    const events = first.body
      .trimEnd()
      .split('\n')
      .map((line) => hubbleExportSchema.parse(JSON.parse(line)));
    expect(events.map(({ time, flow }) => [time, flow.Type, flow.l7?.type])).toEqual([
      ['2026-11-23T12:00:01Z', 'L3_L4', undefined],
      ['2026-11-23T12:00:00.005Z', 'L7', 'RESPONSE'],
      ['2026-11-23T12:00:00Z', 'L7', 'REQUEST'],
    ]);
    const last = await app.inject('/api/v1/flows?format=hubble&cursor=1763899200000000001.8');
    expect(last.headers).not.toHaveProperty('palomar-cursor');
    expect(asked.map(({ limit, before }) => [limit, before])).toEqual([
      [2, null],
      [100, { timeNs: '1763899200000000001', id: '8' }],
    ]);
  });

  it('answers no lines when there are no flows', async () => {
    const answer = await testApp().inject('/api/v1/flows?format=hubble');
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toBe('');
  });

  it.each([
    ['format=xml', 'format', 'json'],
    ['format=', 'format', 'hubble'],
    ['format=json&format=hubble', 'format', 'more than once'],
    ['format=hubble&cursor=x', 'cursor', 'not one that an answer gave'],
    ['formt=hubble', 'formt', 'did you mean "format"?'],
  ])('refuses ?%s', async (query, parameter, message) => {
    const answer = await testApp().inject(`/api/v1/flows?${query}`);
    expect(answer.statusCode).toBe(400);
    const { error } = errorSchema.parse(answer.json());
    expect(error.parameter).toBe(parameter);
    expect(error.message).toContain(message);
  });

  it('answers a failure of the store as JSON in either format', async () => {
    const store = fakeStore({ flows: () => Promise.reject(new StoreError('store_busy', 'too much at once')) });
    const answer = await testApp({ store }).inject('/api/v1/flows?format=hubble');
    expect(answer.statusCode).toBe(503);
    expect(errorSchema.parse(answer.json()).error.code).toBe('store_busy');
  });

  it('hands the filter on as a tree', async () => {
    let filter = '';
    const store = fakeStore({
      flows: (query) => {
        filter = printFilter(query.filter);
        return Promise.resolve({ rows: [], next: null, read: { rows: 0, bytes: '0' } });
      },
    });
    await testApp({ store }).inject({ url: '/api/v1/flows', query: { filter: 'pod:"\'; DROP TABLE flows"' } });
    expect(filter).toBe('pod:"\'; DROP TABLE flows"');
  });
});

describe('GET /api/v1/health', () => {
  const status: NodeStatus = {
    node: 'n1',
    timeMs: nowMs,
    mode: 'live',
    detail: '',
    missing: [],
    interfaces: [],
    spill: { rows: 0, bytes: '0', problem: '' },
  };

  it('is well when a collector reports and the store answers', async () => {
    const store = fakeStore({
      status: () => Promise.resolve([status]),
      newestFlowMs: () => Promise.resolve(nowMs - 1),
    });
    const health = healthSchema.parse((await testApp({ store }).inject('/api/v1/health')).json());
    expect(health).toMatchObject({ status: 'ok', newestFlowMs: nowMs - 1, capture: { state: 'ok', mode: 'live' } });
  });

  it('tells the rest when the store does not say how large it is', async () => {
    const store = fakeStore({
      status: () => Promise.resolve([status]),
      storage: () => Promise.reject(new StoreError('store_unavailable', 'the store refuses user or password')),
    });
    const health = healthSchema.parse((await testApp({ store }).inject('/api/v1/health')).json());
    expect(health).toMatchObject({ status: 'ok', store: { state: 'ok', disk: null }, capture: { state: 'ok' } });
  });

  it('says that the store is down, and still answers', async () => {
    const down = new StoreError('store_unavailable', 'the store does not answer: ECONNREFUSED');
    const store = fakeStore({ version: () => Promise.reject(down) });
    const answer = await testApp({ store }).inject('/api/v1/health');
    expect(answer.statusCode).toBe(200);
    expect(healthSchema.parse(answer.json())).toMatchObject({
      status: 'down',
      store: { state: 'down', detail: 'the store does not answer: ECONNREFUSED' },
    });
  });
});

describe('any other path', () => {
  it.each([
    ['GET', '/api/v1/nothing', 404, 'not_found'],
    ['GET', '/api', 404, 'not_found'],
    ['POST', '/api/v1/map', 405, 'method_not_allowed'],
    ['DELETE', '/flows', 405, 'method_not_allowed'],
    ['GET', '/%E0%A4%A', 400, 'bad_parameter'],
  ] as const)('%s %s is refused with %i', async (method, url, status, code) => {
    const answer = await testApp().inject({ method, url });
    expect(answer.statusCode).toBe(status);
    expect(errorSchema.parse(answer.json()).error.code).toBe(code);
    if (status === 405) expect(answer.headers.allow).toBe('GET, HEAD');
  });

  it('shows what to run when the pages are not built', async () => {
    const answer = await testApp().inject('/');
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.body).toContain('npm run build:app');
  });
});

describe('the Host header', () => {
  it.each([
    ['localhost:3000', '127.0.0.1', [], 200],
    ['127.0.0.1:3000', '127.0.0.1', [], 200],
    ['[::1]:3000', '::1', [], 200],
    ['LOCALHOST', '127.0.0.1', [], 200],
    ['evil.example.com:3000', '127.0.0.1', [], 403],
    ['localhost.evil.example.com', 'localhost', [], 403],
    ['palomar.lan', '127.0.0.1', ['palomar.lan'], 200],
    ['palomar.lan', '0.0.0.0', [], 200],
    ['other.lan', '0.0.0.0', ['palomar.lan'], 403],
  ])('%s on %s with %j: %i', async (host, listenHost, allowed, status) => {
    const app = testApp({ hosts: { listenHost, allowed } });
    const answer = await app.inject({ url: '/api/v1/health', headers: { host } });
    expect(answer.statusCode).toBe(status);
  });
});

describe('every answer', () => {
  it.each(['/', '/api/v1/health', '/api/v1/nothing', '/metrics', '/api/v1/openapi.json'])(
    'forbids framing and guessing: %s',
    async (url) => {
      const { headers } = await testApp().inject(url);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  it('is counted by route and status', async () => {
    const app = testApp();
    await app.inject('/api/v1/map?limit=0');
    const { body } = await app.inject('/metrics');
    expect(body).toContain('palomar_server_requests_total{route="/api/v1/map",method="GET",status="400"} 1');
  });
});
