/** The embedded store as a real process, driven by the unmodified `@clickhouse/client`. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClickHouseError, ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBlock } from '../native/block.ts';
import { startEmbeddedStore, StoreNotStarted, whyNoEngine, type RunningStore } from './testing.ts';

const quiet = { level: ClickHouseLogLevel.OFF };

describe.skipIf(whyNoEngine() !== null)('the embedded store', () => {
  const directory = mkdtempSync(join(tmpdir(), 'palomar-store-'));
  let store: RunningStore;
  let client: ClickHouseClient;

  beforeAll(async () => {
    store = await startEmbeddedStore(directory);
    const first = createClient({ url: store.url.replace(/palomar$/, 'default'), log: quiet });
    await first.command({ query: 'CREATE DATABASE IF NOT EXISTS palomar' });
    await first.close();
    client = createClient({ url: store.url, log: quiet });
  });
  afterAll(async () => {
    await client.close();
    await store.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const rows = async (query: string, params: Record<string, unknown> = {}): Promise<unknown[]> => {
    const answer = await client.query({ query, query_params: params, format: 'JSONEachRow' });
    return answer.json();
  };
  const failure = async (attempt: Promise<unknown>): Promise<ClickHouseError> => {
    const error: unknown = await attempt.then(
      () => new Error('it succeeded'),
      (reason: unknown) => reason,
    );
    if (error instanceof ClickHouseError) return error;
    throw new Error('not a ClickHouseError', { cause: error });
  };
  const post = (query: string, headers: Record<string, string> = {}): Promise<Response> => {
    const { origin, password } = new URL(store.url);
    return fetch(`${origin}/?query=${encodeURIComponent(query)}`, {
      method: 'POST',
      headers: {
        'X-ClickHouse-User': 'default',
        'X-ClickHouse-Key': password,
        'X-ClickHouse-Database': 'palomar',
        ...headers,
      },
    });
  };

  it('answers a ping, with and without a query', async () => {
    expect(await client.ping()).toEqual({ success: true });
    expect(await client.ping({ select: true })).toEqual({ success: true });
  });

  it('creates tables and inserts JSON rows, from an array and from a stream', async () => {
    await client.command({ query: 'CREATE TABLE json (a UInt32, s String) ENGINE = MergeTree ORDER BY a' });
    const result = await client.insert({ table: 'json', values: [{ a: 1, s: 'zoë' }], format: 'JSONEachRow' });
    expect(result.summary?.written_rows).toBe('1');
    await client.insert({ table: 'json', values: Readable.from([{ a: 2, s: "it's \\ 2" }]), format: 'JSONEachRow' });
    expect(await rows('SELECT * FROM json ORDER BY a')).toEqual([
      { a: 1, s: 'zoë' },
      { a: 2, s: "it's \\ 2" },
    ]);
    await client.command({ query: "INSERT INTO json VALUES (3, 'ü'), (4, upper('b'))" });
    expect(await rows('SELECT s FROM json WHERE a > 2 ORDER BY a')).toEqual([{ s: 'ü' }, { s: 'B' }]);
  });

  it('binds parameters of every shape', async () => {
    const [row] = await rows(
      'SELECT {s:String} s, {n:UInt64} n, {l:Array(String)} l, {ip:IPv6} ip, {d:DateTime64(3)} d',
      {
        s: "a'b\\c\nd\t{x:String}",
        n: 18446744073709551615n,
        l: ["x'y", 'z'],
        ip: '2001:db8::1',
        d: new Date(1234),
      },
    );
    expect(row).toMatchObject({ s: "a'b\\c\nd\t{x:String}", l: ["x'y", 'z'], ip: '2001:db8::1' });
    expect(row).toMatchObject({ d: '1970-01-01 00:00:01.234' });
    const long = 'x'.repeat(50_000);
    const answer = await client.query({
      query: 'SELECT toString(length({s:String})) AS n',
      query_params: { s: long },
      use_multipart_params: true,
      format: 'JSONEachRow',
    });
    expect(await answer.json()).toEqual([{ n: '50000' }]);
  });

  it('keeps the settings of one query to itself', async () => {
    const readOnly = client.query({ query: 'SELECT 1', clickhouse_settings: { readonly: '1', max_threads: 1 } });
    expect(await (await readOnly).text()).toContain('1');
    await client.command({ query: 'CREATE TABLE after_readonly (a UInt8) ENGINE = Memory' });
    expect(await rows("SELECT getSetting('max_threads') = 1 AS leaked")).toEqual([{ leaked: 0 }]);
    const refused = await failure(
      client.command({ query: 'CREATE TABLE no (a UInt8) ENGINE = Memory', clickhouse_settings: { readonly: '1' } }),
    );
    expect(refused.code).toBe('164');
  });

  it('reports failures with code and type, and leaves nothing of them behind', async () => {
    expect(await failure(rows('SELECT * FROM nowhere'))).toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' });
    expect(await failure(rows('SELEC 1'))).toMatchObject({ code: '62' });
    expect(await failure(rows('SELECT 1; SELECT 2'))).toMatchObject({ code: '62' });
    expect(await failure(rows('SELECT {x:UInt8}'))).toMatchObject({ code: '456' });
    const slow = client.query({
      query: 'SELECT sum(sipHash64(number)) FROM numbers(100000000000)',
      clickhouse_settings: { max_execution_time: 1 },
    });
    expect(await failure(slow)).toMatchObject({ code: '159', type: 'TIMEOUT_EXCEEDED' });
    expect(await rows('SELECT 1 AS a')).toEqual([{ a: 1 }]);
    const statuses = await Promise.all(
      ['SELECT * FROM nowhere', 'SELEC', 'SELECT * FROM nosuch.t'].map(async (q) => (await post(q)).status),
    );
    expect(statuses).toEqual([404, 400, 404]);
  });

  it('tells of a failure in the middle of a stream', async () => {
    const answer = await client.query({
      query: 'SELECT number, throwIf(number = 3000000) FROM numbers(10000000)',
      format: 'JSONEachRow',
      clickhouse_settings: { max_threads: 1 },
    });
    let seen = 0;
    const reading = (async () => {
      for await (const chunk of answer.stream()) seen += chunk.length;
    })();
    expect(await failure(reading)).toMatchObject({ code: '395' });
    expect(seen).toBeGreaterThan(100_000);
  });

  it('compresses both ways', async () => {
    const packed = createClient({ url: store.url, compression: { request: true, response: true }, log: quiet });
    await packed.command({ query: 'CREATE TABLE packed (a UInt32, s String) ENGINE = MergeTree ORDER BY a' });
    const values = Array.from({ length: 1000 }, (_, a) => ({ a, s: 'text '.repeat(20) }));
    await packed.insert({ table: 'packed', values, format: 'JSONEachRow' });
    const answer = await packed.query({ query: 'SELECT * FROM packed ORDER BY a', format: 'JSONEachRow' });
    expect(await answer.json()).toEqual(values);
    const error: unknown = await packed.query({ query: 'SELECT nosuch' }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: '47' });
    await packed.close();
    const response = await post("SELECT 'x' SETTINGS enable_http_compression = 1", { 'Content-Encoding': 'zstd' });
    expect(response.status).toBe(400);
  });

  it('takes binary rows: Native, RowBinary and Parquet', async () => {
    await client.command({
      query: 'CREATE TABLE binary (a UInt32, s LowCardinality(String)) ENGINE = MergeTree ORDER BY a',
    });
    const block = createBlock({ a: 'UInt32', s: 'LowCardinality(String)' }, 4);
    for (let a = 0; a < 300; a += 1) {
      block.columns.a.push(a);
      block.columns.s.push(`s${a}\r\n\u0000`);
      block.endRow();
    }
    const send = async (format: string, bytes: Uint8Array): Promise<void> => {
      const { stream } = await client.exec({
        query: `INSERT INTO binary FORMAT ${format}`,
        values: Readable.from([bytes]),
      });
      stream.resume();
    };
    await send('Native', block.encode());
    for (const format of ['RowBinary', 'Parquet', 'ArrowStream']) {
      const response = await post(`SELECT a, s FROM binary WHERE a < 300 LIMIT 300 FORMAT ${format}`);
      await send(format, new Uint8Array(await response.arrayBuffer()));
    }
    expect(await rows('SELECT toUInt32(count()) n, toUInt32(uniqExact(a, s)) u FROM binary')).toEqual([
      { n: 1200, u: 300 },
    ]);
  });

  it('writes whole documents in every format', async () => {
    const query = 'SELECT number FROM numbers(200000)';
    const csv = await (await post(`${query} FORMAT CSVWithNames`)).text();
    expect(csv.trimEnd().split('\n')).toHaveLength(200_001);
    const json = (await (await post(`${query} LIMIT 3 FORMAT JSON`)).json()) as { statistics: { rows_read: number } };
    expect(json.statistics.rows_read).toBeGreaterThanOrEqual(3);
    expect(await (await post('SHOW DATABASES')).text()).toContain('palomar');
    expect(await (await post('SELECT 1 AS a FORMAT Null')).text()).toBe('');
  });

  it('streams a million rows without holding them', async () => {
    const answer = await client.query({ query: 'SELECT number FROM numbers(1000000)', format: 'JSONEachRow' });
    let count = 0;
    let chunks = 0;
    for await (const chunk of answer.stream()) {
      count += chunk.length;
      chunks += 1;
    }
    expect(count).toBe(1_000_000);
    expect(chunks).toBeGreaterThan(10);
  });

  it('stops a query when its client goes away', async () => {
    for (const query of [
      'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)',
      'INSERT INTO FUNCTION null() SELECT sipHash64(number) FROM numbers(1000000000000)',
      // The engine lists it without its comments.
      'SELECT sum(sipHash64(number + {more:UInt8})) FROM numbers(1000000000000)',
    ]) {
      const control = new AbortController();
      const running = client
        .query({ query, query_params: { more: 1 }, abort_signal: control.signal })
        .catch(() => 'aborted');
      await sleep(400);
      const listed =
        "SELECT toUInt32(count()) n FROM system.processes WHERE query LIKE '%1000000000000%' AND query NOT LIKE '%processes%'";
      expect(await rows(listed)).toEqual([{ n: 1 }]);
      control.abort();
      expect(await running).toBe('aborted');
      await expect.poll(() => rows(listed), { timeout: 3000 }).toEqual([{ n: 0 }]);
    }
  });

  it('turns away whoever has not the password', async () => {
    const { origin } = new URL(store.url);
    expect((await fetch(`${origin}/ping`)).status).toBe(200);
    const without = await fetch(`${origin}/?query=SELECT+1`);
    expect([without.status, without.headers.get('x-clickhouse-exception-code')]).toEqual([401, '194']);
    const stranger = createClient({ url: origin, username: 'default', password: 'wrong', log: quiet });
    expect(await failure(stranger.query({ query: 'SELECT 1' }))).toMatchObject({ code: '516' });
    await stranger.close();
    expect(statSync(join(directory, 'store.password')).mode & 0o777).toBe(0o600);
  });

  it('refuses what the HTTP interface of ClickHouse refuses', async () => {
    expect((await post("SELECT 1 INTO OUTFILE '/tmp/x'")).status).toBe(500);
    const { origin, password } = new URL(store.url);
    const got = await fetch(`${origin}/?query=${encodeURIComponent('CREATE TABLE g (a UInt8) ENGINE = Memory')}`, {
      headers: { Authorization: `Basic ${Buffer.from(`default:${password}`).toString('base64')}` },
    });
    expect(got.headers.get('x-clickhouse-exception-code')).toBe('164');
    expect((await fetch(origin, { method: 'PUT' })).status).toBe(405);
  });

  it('runs queries beside each other', async () => {
    const start = performance.now();
    await Promise.all(Array.from({ length: 4 }, () => rows('SELECT sleep(1)')));
    expect(performance.now() - start).toBeLessThan(3000);
  });

  it('lets one process have a data directory, and names the one that has it', async () => {
    const second: unknown = await startEmbeddedStore(directory).catch((reason: unknown) => reason);
    expect(second).toBeInstanceOf(StoreNotStarted);
    expect(second).toMatchObject({
      exitCode: 2,
      output: expect.stringContaining(`in use by pid ${store.pid}`) as string,
    });
  });

  it('says in one line why it does not start, and exits with 2', async () => {
    const other = mkdtempSync(join(tmpdir(), 'palomar-refused-'));
    const refusal = async (environment: Record<string, string>): Promise<unknown> =>
      startEmbeddedStore(other, environment).catch((reason: unknown) => reason);
    try {
      const { host } = new URL(store.url);
      expect(await refusal({ PALOMAR_STORE_LISTEN: host })).toMatchObject({
        exitCode: 2,
        output: expect.stringContaining(`${host} is in use`) as string,
      });
      expect(await refusal({ PALOMAR_STORE_LISTEN: '0.0.0.0:0' })).toMatchObject({ exitCode: 2 });
      writeFileSync(join(other, 'store.version'), JSON.stringify({ layout: 99, engine: '26.7' }));
      expect(await refusal({})).toMatchObject({
        exitCode: 2,
        output: expect.stringContaining('written by a newer Palomar') as string,
      });
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });

  it('counts a batch with a deduplication token once', async () => {
    await client.command({
      query:
        'CREATE TABLE once (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 9',
    });
    const insert = (insert_deduplication_token: string): Promise<unknown> =>
      client.insert({
        table: 'once',
        values: [{ a: 1 }],
        format: 'JSONEachRow',
        clickhouse_settings: { insert_deduplicate: 1, insert_deduplication_token },
      });
    await insert('one');
    await insert('one');
    await insert('two');
    expect(await rows('SELECT toUInt32(count()) n FROM once')).toEqual([{ n: 2 }]);
  });

  it('leaves no spooled file behind', () => {
    expect(readdirSync(join(directory, 'spool'))).toEqual([]);
  });

  it('keeps every acknowledged row through a kill -9, and stops cleanly on SIGTERM', async () => {
    await client.command({ query: 'CREATE TABLE kept (a UInt32) ENGINE = MergeTree ORDER BY a' });
    let acknowledged = 0;
    const inserting = (async () => {
      for (;;) {
        const values = Array.from({ length: 5000 }, (_, a) => ({ a }));
        await client.insert({ table: 'kept', values, format: 'JSONEachRow' });
        acknowledged += values.length;
      }
    })().catch(() => 'cut off');
    await sleep(1000);
    await store.kill();
    expect(await inserting).toBe('cut off');
    await client.close();
    store = await startEmbeddedStore(directory);
    client = createClient({ url: store.url, log: quiet });
    const [row] = (await rows('SELECT toUInt32(count()) n FROM kept')) as { n: number }[];
    expect(acknowledged).toBeGreaterThan(0);
    // The batch in flight may have been stored without its acknowledgement.
    expect([acknowledged, acknowledged + 5000]).toContain(row?.n);
    const start = performance.now();
    const busy = rows('SELECT sum(sipHash64(number)) FROM numbers(1000000000000)').catch(() => 'cut off');
    await sleep(300);
    expect(await store.stop()).toBe(0);
    expect(performance.now() - start).toBeLessThan(4300);
    expect(await busy).toBe('cut off');
    store = await startEmbeddedStore(directory);
    client = createClient({ url: store.url, log: quiet });
  });
});
