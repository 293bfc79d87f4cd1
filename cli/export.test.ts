// @vitest-environment node
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { exportFlows, parseExportOptions } from './export.ts';

let folder: string;
let server: Server | null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'palomar-cli-export-'));
  server = null;
});
afterEach(() => {
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const coverage = { lost: {}, packetsSeen: 0, gaps: [], nodes: [] };
const evidence = { rowsRead: 0, bytesRead: '0', elapsedMs: 0, truncated: false, limit: 1, coverage };
const slice = (fromMs: number) => ({ fromMs, toMs: fromMs + 10, rows: 1 });

/** Three slices of one row each, named by where they begin; `broken` gets a digest of something else. */
async function serve(asked: string[], broken: ReadonlySet<string> = new Set()): Promise<string> {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const format = url.searchParams.get('format') ?? '';
    if (url.searchParams.get('filter') === 'bad') {
      response
        .writeHead(400)
        .end(JSON.stringify({ error: { code: 'bad_filter', message: 'there is no field "bad"' } }));
      return;
    }
    if (url.pathname.endsWith('/plan')) {
      const plan = { range: { fromMs: 0, toMs: 30 }, filter: '', format, columns: ['id'], rows: 3, bytes: 9 };
      response.end(JSON.stringify({ ...plan, slices: [20, 10, 0].map(slice), evidence }));
      return;
    }
    const from = url.searchParams.get('from') ?? '';
    if (!url.pathname.endsWith('/export')) {
      response.end(JSON.stringify({ path: url.pathname, query: Object.fromEntries(url.searchParams) }));
      return;
    }
    asked.push(from);
    const body = `${format === 'csv' ? 'id\n' : ''}row ${from}\n`;
    response.writeHead(200, { trailer: 'x-palomar-sha256' });
    response.write(body);
    response.addTrailers({
      'x-palomar-sha256': createHash('sha256')
        .update(broken.has(from) ? '' : body)
        .digest('hex'),
    });
    response.end();
  });
  await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

async function run(...flags: string[]): Promise<{ code: number; said: string[]; output: string }> {
  const options = parseExportOptions(flags);
  if (!options.ok) throw new Error(options.error);
  const said: string[] = [];
  let output = '';
  const code = await exportFlows(options.value, {
    output: new Writable({
      write(chunk: Buffer, _encoding, done) {
        output += chunk.toString();
        done();
      },
    }),
    say: (line) => said.push(line),
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  return { code, said, output };
}

describe('palomar export', () => {
  it('puts slices together under one head, and says beside the file what it holds', async () => {
    const url = await serve([]);
    const file = join(folder, 'flows.csv');
    expect(await run('--url', url, '--output-file', file)).toMatchObject({
      code: 0,
      said: [`3 flows when it began, in ${file}`],
    });
    const text = readFileSync(file, 'utf8');
    expect(text).toBe('id\nrow 20\nrow 10\nrow 0\n');
    const manifest = JSON.parse(readFileSync(`${file}.manifest.json`, 'utf8')) as object;
    expect(manifest).toMatchObject({
      rowsAtStart: 3,
      bytes: text.length,
      sha256: createHash('sha256').update(text).digest('hex'),
    });
    expect(existsSync(`${file}.part`)).toBe(false);
    expect(existsSync(`${file}.part.json`)).toBe(false);
  });

  it('goes on behind the last slice that was whole', async () => {
    const asked: string[] = [];
    const broken = new Set(['10']);
    const url = await serve(asked, broken);
    const file = join(folder, 'flows.jsonl');
    const flags = ['--url', url, '--format', 'jsonl', '--output-file', file];
    expect(await run(...flags)).toMatchObject({ code: 1, said: [expect.stringContaining('not whole')] });
    expect(existsSync(file)).toBe(false);
    broken.clear();
    expect(await run(...flags)).toMatchObject({ code: 0 });
    expect(asked).toEqual(['20', '10', '10', '0']);
    expect(readFileSync(file, 'utf8')).toBe('row 20\nrow 10\nrow 0\n');
  });

  it('begins anew when it is asked for something else', async () => {
    const asked: string[] = [];
    const broken = new Set(['10']);
    const url = await serve(asked, broken);
    const file = join(folder, 'flows.jsonl');
    await run('--url', url, '--format', 'jsonl', '--output-file', file);
    broken.clear();
    await run('--url', url, '--format', 'jsonl', '--filter', 'ns:a', '--output-file', file);
    expect(asked).toEqual(['20', '10', '20', '10', '0']);
  });

  it('bundles the flows with the answers about the same range, and never over another bundle', async () => {
    const broken = new Set(['10']);
    const url = await serve([], broken);
    const bundle = join(folder, 'incident');
    const flags = ['--url', url, '--format', 'jsonl', '--bundle', bundle];
    expect(await run(...flags)).toMatchObject({ code: 1, said: [expect.stringContaining('not whole')] });
    expect(existsSync(join(bundle, 'bundle.json'))).toBe(false);
    broken.clear();
    expect(await run(...flags)).toMatchObject({ code: 0 });
    const json = (name: string): unknown => JSON.parse(readFileSync(join(bundle, name), 'utf8'));
    expect(json('map.json')).toEqual({ path: '/api/v1/map', query: { from: '0', to: '30', filter: '' } });
    expect(json('drops.json')).toEqual({ path: '/api/v1/drops', query: { from: '0', to: '30', filter: '' } });
    expect(json('coverage.json')).toEqual(coverage);
    const { files, page } = z
      .object({
        page: z.string(),
        files: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string() })),
      })
      .parse(json('bundle.json'));
    expect(page).toBe(`${url}/?from=0&to=30&filter=&live=false`);
    expect(files.map(({ name }) => name).sort()).toEqual(
      readdirSync(bundle)
        .filter((name) => name !== 'bundle.json')
        .sort(),
    );
    for (const { name, bytes, sha256 } of files) {
      const content = readFileSync(join(bundle, name));
      expect([bytes, sha256]).toEqual([content.length, createHash('sha256').update(content).digest('hex')]);
    }
    const again = await run(...flags);
    expect(again).toMatchObject({ code: 2, said: [expect.stringContaining('holds a bundle already')] });
  });

  it('writes one transfer to standard output, and fails when that is not whole', async () => {
    expect(await run('--url', await serve([]))).toMatchObject({ code: 0, output: 'id\nrow 0\n' });
    server?.close();
    expect(await run('--url', await serve([], new Set(['0'])))).toMatchObject({ code: 1 });
  });

  it('tells what is wrong with the question, and when no server answers', async () => {
    const url = await serve([]);
    expect(await run('--url', url, '--filter', 'bad')).toMatchObject({
      code: 2,
      said: ['palomar: there is no field "bad"'],
    });
    server?.close();
    server = createServer((_request, response) => response.writeHead(502).end('<html>'));
    await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
    const address = server.address();
    const other = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    expect(await run('--url', other)).toMatchObject({ code: 1, said: [expect.stringContaining('answers 502')] });
    server.close();
    expect(await run('--url', 'http://127.0.0.1:1')).toMatchObject({
      code: 1,
      said: [expect.stringContaining('npm start')],
    });
    expect(parseExportOptions(['--format', 'xml'])).toMatchObject({ ok: false });
    expect(parseExportOptions(['--url', 'ftp://x'])).toMatchObject({ ok: false });
  });
});
