import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';

import { ask } from './ask.ts';
import { parseAskOptions, type Question } from './ask-options.ts';
import { tableLines } from './table.ts';
import { csvLine } from '../model/csv.ts';
import type { Flow } from '../model/api.ts';
import { aFlow } from '../model/flow.fixture.ts';

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

async function run(question: Question, flags: readonly string[]): Promise<{ code: number; out: string; said: string }> {
  const options = parseAskOptions(question, flags);
  if (!options.ok) throw new Error(options.error);
  let [out, said] = ['', ''];
  const code = await ask(options.value, {
    fetch,
    write: (text) => {
      out += text;
      return Promise.resolve();
    },
    say: (line) => (said += `${line}\n`),
    isColoured: false,
    signal: new AbortController().signal,
  });
  return { code, out, said };
}

const evidence = {
  rowsRead: 1,
  bytesRead: '1',
  elapsedMs: 1,
  truncated: false,
  limit: 100,
  coverage: { lost: { ring_full: 3 }, packetsSeen: 1, gaps: [], nodes: [] },
};
const flow = (id: string): Flow => aFlow({ id, dropReason: 'NO_SOCKET', verdict: 'DROPPED' });

/** Three pages of one flow each. */
async function servePages(): Promise<{ url: string; asked: URLSearchParams[] }> {
  const asked: URLSearchParams[] = [];
  const url = await serve((request, response) => {
    const parameters = new URL(request.url ?? '', 'http://localhost').searchParams;
    asked.push(parameters);
    const page = Number(parameters.get('cursor') ?? '0');
    const body = { range: { fromMs: 5, toMs: 9 }, filter: '', flows: [flow(String(page))], evidence };
    response.end(JSON.stringify({ ...body, cursor: page < 2 ? String(page + 1) : null }));
  });
  return { url, asked };
}

describe('palomar flows', () => {
  it('goes through the pages of one and the same range', async () => {
    const { url, asked } = await servePages();
    const { code, out, said } = await run('flows', ['--url', url, '--filter', 'ns:a', '--output', 'jsonl']);
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toEqual(['0', '1', '2'].map((id) => JSON.stringify(flow(id))));
    expect(asked.map((one) => [one.get('from'), one.get('filter')])).toEqual([
      ['now-1h', 'ns:a'],
      ['5', 'ns:a'],
      ['5', 'ns:a'],
    ]);
    expect(said).toContain('ring_full 3');
  });

  it('prints one JSON document, or one head over all lines of CSV and of a table', async () => {
    const { url } = await servePages();
    expect(JSON.parse((await run('flows', ['--url', url, '--output', 'json'])).out)).toHaveLength(3);
    for (const output of ['csv', 'table']) {
      const { out } = await run('flows', ['--url', url, '--output', output]);
      const [head, ...rows] = out.trim().split('\n');
      expect(head?.toLowerCase()).toMatch(/^time[, ]+from[, ]+to/);
      expect(rows).toHaveLength(3);
      for (const row of rows) expect(row).toContain('NO_SOCKET');
    }
  });

  it('stops at the limit and says that there is more', async () => {
    const { url, asked } = await servePages();
    const { said } = await run('flows', ['--url', url, '--limit', '2']);
    expect(asked.map((one) => one.get('limit'))).toEqual(['2', '1']);
    expect(said).toContain('more than --limit 2');
  });

  it('follows the stream, tells what it skipped, and that it ended', async () => {
    const url = await serve((_request, response) => {
      const event = `event: flows\ndata: ${JSON.stringify({ flows: [flow('7')], skipped: 4 })}\n\n`;
      response.write(event.slice(0, 50));
      setTimeout(() => response.end(event.slice(50)), 20);
    });
    const { code, out, said } = await run('flows', ['--url', url, '--follow', '--output', 'jsonl']);
    expect(out).toBe(`${JSON.stringify(flow('7'))}\n`);
    expect(said).toContain('4 flows');
    expect(said).toContain('ended the stream');
    expect(code).toBe(1);
  });
});

describe('what goes wrong', () => {
  it('points at the character of a filter that is wrong', async () => {
    const error = { code: 'bad_filter', message: 'no field "nx"', parameter: 'filter', position: 5 };
    const url = await serve((_request, response) => response.writeHead(400).end(JSON.stringify({ error })));
    const { code, said } = await run('drops', ['--url', url, '--filter', 'ns:a nx:b']);
    expect(code).toBe(2);
    expect(said).toBe('palomar: no field "nx"\n  ns:a nx:b\n       ^\n');
  });

  it('tells a server that is not there from one that is not Palomar', async () => {
    const gone = await run('map', ['--url', 'http://127.0.0.1:1']);
    expect(gone).toMatchObject({ code: 1, out: '' });
    expect(gone.said).toContain('--url');
    const url = await serve((_request, response) => response.end('<html>'));
    expect((await run('map', ['--url', url])).code).toBe(1);
  });

  it.each<[Question, readonly string[], string]>([
    ['flows', ['--output', 'xml'], '--output'],
    ['flows', ['--limit', '0'], '--limit'],
    ['flows', ['--limit', 'many'], '--limit'],
    ['map', ['--follow'], '--follow'],
    ['flows', ['--follow', '--output', 'json'], 'jsonl'],
    ['flows', ['--url', 'ftp://host'], '--url'],
    ['flows', ['--colour'], '--help'],
  ])('refuses %s %j', (question, flags, named) => {
    const parsed = parseAskOptions(question, flags);
    expect(parsed.ok ? '' : parsed.error).toContain(named);
  });
});

describe('rows as text', () => {
  it('lets no value steer the terminal', () => {
    expect(tableLines([{ name: 'a\u001b[2Jb\n', count: 5 }], false)).toEqual(['NAME     COUNT', 'a·[2Jb·      5']);
  });

  it('quotes what CSV needs quoted', () => {
    expect(csvLine(['a,b', 'say "x"', 'two\nlines', 7])).toBe('"a,b","say ""x""","two\nlines",7');
  });
});

describe('palomar top and status', () => {
  it('prints groups by what was asked for, with their share', async () => {
    const asked: string[] = [];
    const url = await serve((request, response) => {
      asked.push(request.url ?? '');
      const body = { range: { fromMs: 5, toMs: 9 }, filter: '', by: 'edge', measure: 'bytes', stepMs: 4, evidence };
      const groups = [{ key: ['a', ''], value: 3, points: null, share: 0.75 }];
      response.end(JSON.stringify({ ...body, groups, total: { groups: 1, value: 4, points: null } }));
    });
    const { code, out } = await run('top', ['--url', url, '--by', 'edge', '--output', 'csv']);
    expect({ code, out }).toEqual({ code: 0, out: 'edge,bytes,share\na > (none),3,0.750\n' });
    expect(asked[0]).toContain('by=edge&measure=bytes&limit=100');
  });

  it('fails when something is missing', async () => {
    const part = { state: 'ok', detail: 'fine' };
    const health = (status: string) => ({
      status,
      version: '1',
      nowMs: 1,
      newestFlowMs: null,
      store: { ...part, url: 'http://x', version: '26', embedded: true },
      capture: { ...part, mode: 'live', interfaces: [], missing: ['kprobes: none'] },
    });
    let status = 'ok';
    const url = await serve((_request, response) => response.end(JSON.stringify(health(status))));
    const well = await run('status', ['--url', url]);
    expect(well.code).toBe(0);
    expect(well.out).toContain('kprobes: none');
    status = 'degraded';
    expect((await run('status', ['--url', url])).code).toBe(1);
  });
});
