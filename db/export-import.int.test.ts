/** What leaves in a file comes back as it was, in each format, whatever its texts and numbers hold. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { all } from '../model/filter/ast.ts';
import { endpointAttributes, flowColumns } from '../model/flow-columns.ts';
import { connectResults, flowKinds, l7Types, reporters, ternaries, verdicts } from '../model/words.ts';
import { appendFlow } from './block.fixture.ts';
import { createStoreClient, type StoreClient } from './client.ts';
import { startEmbeddedStore, whyNoEngine, type RunningStore } from './embedded/testing.ts';
import { ImportRefused } from './import/checked-rows.ts';
import { importFlows, importFormats, type ImportFormat } from './import-flows.ts';
import { migrate } from './migrations/migrate.ts';
import { planExport, readExport, type ExportColumn } from './queries/export.ts';
import { queryFlows } from './queries/flows.ts';
import { queryMap } from './queries/map.ts';
import { createWriter } from './writer.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const { signal } = new AbortController();
const toMs = Math.floor(Date.now() / 1000) * 1000;
const range = { fromMs: toMs - 3 * 86_400_000, toMs };
const rowCount = 300;

const columns = [
  ...Object.keys(flowColumns).filter((name) => !/^(src|dst)_(endpoint|workload_id)$/.test(name)),
  ...['src', 'dst'].flatMap((end) => Object.keys(endpointAttributes).map((name) => `${end}_${name}`)),
] as ExportColumn[];

const nasty = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(
    '',
    '"',
    '\\',
    '\n',
    '\r\n',
    ',',
    '\0',
    "'; DROP TABLE flows; --",
    'NULL',
    '\\N',
    'ünïcödé 🦊',
    '[]',
    '{}',
  ),
);
const texts = fc.array(nasty, { maxLength: 3 });
const wide = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const flow = fc.record({
  atMs: fc.integer({ min: range.fromMs, max: range.toMs - 1 }),
  connection_id: wide,
  reporter: fc.constantFrom(...reporters),
  kind: fc.constantFrom(...flowKinds),
  verdict: fc.constantFrom(...verdicts),
  is_reply: fc.constantFrom(...ternaries),
  connect_result: fc.constantFrom(...connectResults),
  l7_type: fc.constantFrom(...l7Types),
  src_ip: fc.ipV6(),
  dst_ip: fc.ipV4(),
  src_port: fc.nat(65_535),
  bytes_to_dst: wide,
  retransmits: fc.nat(0xffff_ffff),
  http_path: nasty,
  http_host: nasty,
  dns_answers: texts,
  src_namespace: nasty,
  src_workload: nasty,
  src_labels: texts,
  dst_names: texts,
  dst_pod: nasty,
});

describe.skipIf(whyNoEngine() !== null)('an exported history', () => {
  const directories: string[] = [];
  const stores: RunningStore[] = [];
  const clients: StoreClient[] = [];
  let original: StoreClient;

  async function newStore(): Promise<{ store: RunningStore; client: StoreClient }> {
    const directory = mkdtempSync(join(tmpdir(), 'palomar-export-'));
    const store = await startEmbeddedStore(directory);
    await migrate(store.url, { log: quiet });
    const client = createStoreClient(store.url);
    directories.push(directory);
    stores.push(store);
    clients.push(client);
    return { store, client };
  }

  beforeAll(async () => {
    const { store, client } = await newStore();
    original = client;
    const writer = createWriter({ url: store.url }, { log: quiet, clock: Date });
    writer.start(signal);
    fc.sample(flow, { numRuns: rowCount, seed: 5 }).forEach(({ atMs, ...row }, i) => {
      const time = BigInt(atMs) * 1_000_000n + BigInt(i);
      appendFlow(writer, { ...row, id: 2n ** 63n + BigInt(i), time });
    });
    await writer.stop();
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(stores.map((store) => store.stop()));
    for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  });

  async function exported(format: ImportFormat): Promise<Buffer> {
    const isWhole = format === 'parquet' || format === 'arrow';
    const plan = await planExport(original, { range, filter: all }, signal);
    expect(plan.rows).toBe(rowCount);
    const parts: Buffer[] = format === 'csv' ? [Buffer.from(`${columns.join(',')}\n`)] : [];
    for (const slice of isWhole ? [range] : plan.slices) {
      const bytes = await readExport(original, { range: slice, filter: all, format, columns }, signal);
      for await (const chunk of bytes) parts.push(chunk as Buffer);
    }
    return Buffer.concat(parts);
  }

  const every = async (client: StoreClient): Promise<unknown> =>
    (await queryFlows(client, { range, filter: all, limit: 2 * rowCount, before: null }, signal)).rows;
  const map = async (client: StoreClient): Promise<unknown> =>
    (await queryMap(client, { range, filter: all, grouping: 'workload', limit: 5000 }, signal)).budget;

  it.each(Object.keys(importFormats) as ImportFormat[])('comes back row for row from %s, and once', async (format) => {
    const file = await exported(format);
    const { client } = await newStore();
    const take = () => importFlows(client, { format, body: Readable.from([file]) }, signal);
    expect(await take()).toEqual({ read: rowCount, added: rowCount, refused: 0, leftOut: [] });
    expect(await every(client)).toEqual(await every(original));
    expect(await map(client)).toEqual(await map(original));
    expect(await take()).toMatchObject({ read: rowCount, added: 0 });
    expect(await every(client)).toEqual(await every(original));
  });

  it('comes newest first, also where a slice is many blocks of rows and every endpoint is looked up', async () => {
    const { client } = await newStore();
    await client.command({
      query: `INSERT INTO flows (time, id, src_endpoint, dst_endpoint)
        SELECT fromUnixTimestamp64Milli({fromMs:Int64}) + toIntervalMicrosecond(sipHash64(number) % 250000000),
          number, number % 1000, number % 777
        FROM numbers(200000)`,
      query_params: { fromMs: range.fromMs },
    });
    await client.command({
      query: `INSERT INTO endpoints (id, seen, workload) SELECT number, now64(9), toString(number) FROM numbers(1000)`,
    });
    const wanted = {
      range,
      filter: all,
      format: 'csv',
      columns: ['time', 'id', 'src_workload', 'dst_labels'],
    } as const;
    let text = '';
    for await (const chunk of await readExport(client, wanted, signal)) text += String(chunk);
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(200_000);
    const keys = lines.map((line) => {
      const [time = '', id = ''] = line.split(',');
      return `${time} ${id.padStart(20, '0')}`;
    });
    expect(keys).toEqual([...keys].sort().reverse());
  });

  it('opens in another reader of Parquet, with the right types', async () => {
    const file = await exported('parquet');
    const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer;
    const types = new Map(
      parquetSchema(parquetMetadata(bytes)).children.map(({ element }) => [
        element.name,
        element.logical_type?.type ?? element.converted_type ?? element.type,
      ]),
    );
    expect([...types.keys()]).toEqual(columns);
    expect(Object.fromEntries(types)).toMatchObject({ time: 'TIMESTAMP', http_path: 'STRING', src_ip: 'STRING' });
    const rows = await parquetReadObjects({ file: bytes, compressors });
    expect(rows).toHaveLength(rowCount);
    const ids = rows.map(({ id }) => BigInt.asUintN(64, id as bigint)).sort();
    expect(ids[0]).toBe(2n ** 63n);
  });

  const inChunks = (text: string): Readable =>
    Readable.from((text.match(/.{1,7}/gs) ?? []).map((part) => Buffer.from(part)));

  it.each(['csv', 'jsonl'] as const)(
    'leaves out of %s the lines that cannot be taken, each by its number',
    async (format) => {
      const lines = (await exported(format)).toString('latin1').split(format === 'csv' ? /(?<=")\n(?=\d)/ : '\n');
      const { client } = await newStore();
      const broken = ['what is this', ...lines.slice(100, 101).map((line) => line.slice(0, -20))];
      const text = [...lines.slice(0, 150), ...broken, ...lines.slice(150)].join('\n');
      const told: unknown[] = [];
      const input = {
        format,
        body: Readable.from([Buffer.from(text, 'latin1')]),
        onRefused: (refusal: unknown) => told.push(refusal),
      };
      expect(await importFlows(client, input, signal)).toEqual({
        read: rowCount,
        added: rowCount,
        refused: 2,
        leftOut: [],
      });
      expect(told).toHaveLength(2);
      expect(await every(client)).toEqual(await every(original));
    },
  );

  it('takes a line that a number does not fit as little as one that is none', async () => {
    const { client } = await newStore();
    const row = { time: new Date(toMs - 1000).toISOString(), id: '1', src_ip: '10.0.0.1', comment: 'mine' };
    const lines = [row, { ...row, id: '2', src_port: 70_000 }, { ...row, id: '3', dst_ip: 'here' }];
    const told: unknown[] = [];
    const body = inChunks(lines.map((line) => JSON.stringify(line)).join('\n'));
    const input = { format: 'jsonl' as const, body, onRefused: (refusal: unknown) => told.push(refusal) };
    expect(await importFlows(client, input, signal)).toEqual({ read: 1, added: 1, refused: 2, leftOut: ['comment'] });
    expect(told).toEqual([
      { line: 2, why: 'src_port: 70000 is no whole number from 0 to 65535' },
      { line: 3, why: 'dst_ip: "here" is no address' },
    ]);
  });

  it('keeps of two rows of one exchange the one that has the answer', async () => {
    const { client } = await newStore();
    const row = { time: new Date(toMs - 1000).toISOString(), id: '7', l7_type: 'DNS' };
    const rows = [
      { ...row, kind: 'l7_request' },
      { ...row, kind: 'l7_response', latency_ns: '5' },
    ];
    const body = inChunks(rows.map((line) => JSON.stringify(line)).join('\n'));
    expect(await importFlows(client, { format: 'jsonl', body, isChecked: true }, signal)).toMatchObject({ added: 1 });
    expect(await every(client)).toMatchObject([{ kind: 'l7_response', latency_ns: '5' }]);
  });

  it('fails with what made its file fail', async () => {
    const body = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('{"time":"2026-01-01T00:00:00Z",');
      await Promise.reject(new Error('the disk is gone'));
    };
    for (const isChecked of [false, true]) {
      const failure = importFlows(original, { format: 'jsonl', body: body(), isChecked }, signal);
      await expect(failure).rejects.toThrow('the disk is gone');
    }
  });

  it.each([
    ['jsonl', '{"time":"2026-01-01T00:00:00Z"}\n', 'line 1: it has no id'],
    ['jsonl', '{"time":"2026-01-01T00:00:00Z","id":1}\nwhat is this\n', 'line 2: it is no whole JSON object'],
    ['csv', 'time,id\n2026-01-01T00:00:00Z,1\n2026-01-01T00:00:00Z\n', 'line 3: it has 1 columns'],
    ['csv', 'time,src_ip\n', 'line 1 names no column id'],
    ['parquet', 'PAR?', 'cannot read this as parquet'],
  ] as const)('is refused as %s when one line of it is none', async (format, text, message) => {
    const failure = await importFlows(original, { format, body: inChunks(text) }, signal).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(ImportRefused);
    expect(String(failure)).toContain(message);
    const tables = await original.query({ query: `SELECT name FROM system.tables WHERE name LIKE 'import%'` });
    expect((await tables.json()).data).toEqual([]);
  });

  it('is refused when no line of it can be taken', async () => {
    const input = { format: 'jsonl' as const, body: inChunks('one\ntwo\n'), onRefused: () => undefined };
    await expect(importFlows(original, input, signal)).rejects.toThrow(
      'none of its 2 lines is a flow; line 1: it is no whole JSON object',
    );
  });
});
