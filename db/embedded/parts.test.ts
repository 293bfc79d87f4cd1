import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGate } from './access.ts';
import { storeEnvironmentSchema } from './config.ts';
import { openDataDirectory } from './data-directory.ts';
import { goesThroughFile, isStreamable, mediaType } from './formats.ts';
import { createQueryLanes } from './query-lanes.ts';
import { parseMultipart } from './multipart.ts';
import { StoreError, statusOf, storeErrorOf } from './store-error.ts';

describe('the gate', () => {
  const gate = createGate('secret');
  const basic = (pair: string): { authorization: string } => ({
    authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
  });

  it('opens for the password in any of three places', () => {
    gate(basic('default:secret'), new Map());
    gate({ 'x-clickhouse-user': 'default', 'x-clickhouse-key': 'secret' }, new Map());
    gate({}, new Map([['password', 'secret']]));
  });

  it.each([
    ['a wrong password', basic('default:guess')],
    ['another user', basic('admin:secret')],
    ['an empty password', { 'x-clickhouse-user': 'default' }],
    ['nothing', {}],
  ])('stays shut for %s', (_name, headers) => {
    expect(() => gate(headers, new Map())).toThrow(StoreError);
  });
});

describe('lanes', () => {
  it('answer as a server does that is busy, and as one that cancelled', async () => {
    const control = new AbortController();
    const lanes = createQueryLanes({ parallel: 1, maxWaiting: 1 });
    const leave = await lanes.enter(new AbortController().signal);
    const waiter = lanes.enter(control.signal);
    await expect(lanes.enter(control.signal)).rejects.toMatchObject({ code: 202 });
    control.abort();
    await expect(waiter).rejects.toMatchObject({ code: 394 });
    leave();
    expect(lanes.running).toBe(0);
  });
});

describe('errors', () => {
  it('keep the code, type and message of the engine', () => {
    const error = storeErrorOf(new Error("Code: 60. DB::Exception: Unknown table (or view) 't'. (UNKNOWN_TABLE)"));
    expect(error).toMatchObject({ code: 60, type: 'UNKNOWN_TABLE', message: "Unknown table (or view) 't'." });
    expect(error.render('26.7')).toBe(
      "Code: 60. DB::Exception: Unknown table (or view) 't'. (UNKNOWN_TABLE) (version 26.7)",
    );
    expect(statusOf(error)).toBe(404);
  });

  it('are 500 and code 1002 when the engine says something else', () => {
    const error = storeErrorOf(new Error('boom'));
    expect([error.code, statusOf(error)]).toEqual([1002, 500]);
  });
});

describe('multipart bodies', () => {
  const body = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'));
  const type = 'multipart/form-data; boundary=B';

  it('give their fields, blank lines and all', () => {
    const fields = parseMultipart(
      body(
        '--B\nContent-Disposition: form-data; name="query"\n\nSELECT\n\n1 -- ü\n--B\nContent-Disposition: form-data; name="param_x"\n\n\n--B--\n',
      ),
      type,
    );
    expect([...fields]).toEqual([
      ['query', 'SELECT\r\n\r\n1 -- ü'],
      ['param_x', ''],
    ]);
  });

  it('are refused when they are broken or hold files', () => {
    expect(() => parseMultipart(body('--B\n'), type)).toThrow('no closing boundary');
    expect(() => parseMultipart(body('x'), 'multipart/form-data')).toThrow('no boundary');
    const file = '--B\nContent-Disposition: form-data; name="t"; filename="t"\n\n1\n--B--\n';
    expect(() => parseMultipart(body(file), type)).toThrow('External tables');
  });
});

describe('formats', () => {
  it('stream only when chunks read as one document', () => {
    expect(['JSONEachRow', 'Native', 'RowBinary', 'TSV'].every(isStreamable)).toBe(true);
    expect(['JSON', 'Parquet', 'CSVWithNames', 'ArrowStream', 'Values'].some(isStreamable)).toBe(false);
  });

  it('go through a file when they are large', () => {
    expect(['Parquet', 'ArrowStream', 'CSVWithNames', 'TabSeparatedWithNamesAndTypes'].every(goesThroughFile)).toBe(
      true,
    );
    expect(['JSON', 'JSONEachRow', 'Native', 'Pretty'].some(goesThroughFile)).toBe(false);
  });

  it.each([
    ['JSON', 'application/json; charset=UTF-8'],
    ['JSONEachRow', 'application/x-ndjson; charset=UTF-8'],
    ['TabSeparated', 'text/tab-separated-values; charset=UTF-8'],
    ['CSVWithNames', 'text/csv; charset=UTF-8'],
    ['Parquet', 'application/octet-stream'],
  ])('have media types: %s', (format, type) => {
    expect(mediaType(format)).toBe(type);
  });
});

describe('the environment', () => {
  const parse = (environment: Record<string, string>): ReturnType<typeof storeEnvironmentSchema.safeParse> =>
    storeEnvironmentSchema.safeParse({ PALOMAR_DATA_DIR: '/data', ...environment });

  it.each(['127.0.0.1:0', 'localhost:8123', '[::1]:8123'])('listens on %s', (address) => {
    expect(parse({ PALOMAR_STORE_LISTEN: address }).success).toBe(true);
  });

  it.each(['0.0.0.0:8123', '10.0.0.1:8123', '8123', '127.0.0.1:99999'])('refuses to listen on %s', (address) => {
    expect(parse({ PALOMAR_STORE_LISTEN: address }).success).toBe(false);
  });

  it('wants an absolute directory', () => {
    expect(parse({ PALOMAR_DATA_DIR: 'data' }).success).toBe(false);
  });
});

describe('the data directory', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'palomar-directory-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('keeps one password that only its owner reads', () => {
    const first = openDataDirectory(join(directory, 'new'), '26.7.2.1');
    const second = openDataDirectory(join(directory, 'new'), '26.7.2.1');
    if (!first.ok || !second.ok) throw new Error('it did not open');
    expect(first.value.password).toMatch(/^[\w-]{32}$/);
    expect(second.value.password).toBe(first.value.password);
    expect(statSync(join(directory, 'new', 'store.password')).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['a newer Palomar', JSON.stringify({ layout: 99, engine: '1' }), 'a newer Palomar'],
    ['a newer engine', JSON.stringify({ layout: 1, engine: '26.11.1.1' }), 'a newer engine (26.11.1.1'],
    ['something else', JSON.stringify({ pages: 1 }), 'something else'],
    ['nobody knows whom', 'not JSON', 'cannot use data directory'],
  ])('is refused when it was written by %s', (_name, mark, reason) => {
    writeFileSync(join(directory, 'store.version'), mark);
    const opened = openDataDirectory(directory, '26.7.2.1');
    expect(opened.ok ? '' : opened.error).toContain(reason);
  });

  it('is taken over from an older engine', () => {
    writeFileSync(join(directory, 'store.version'), JSON.stringify({ layout: 1, engine: '25.12.9.9' }));
    expect(openDataDirectory(directory, '26.7.2.1').ok).toBe(true);
  });

  it('is refused when it is a file', () => {
    const path = join(directory, 'file');
    writeFileSync(path, '');
    const opened = openDataDirectory(path, '26.7.2.1');
    expect(opened.ok ? '' : opened.error).toContain(path);
  });
});
