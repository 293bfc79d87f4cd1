import { afterEach, describe, expect, test, vi } from 'vitest';

import { flowColumns } from '../../../model/flow-columns.ts';
import { aFlow } from '../../../model/flow.fixture.ts';
import { anEvidence } from '../../testing/series.fixture.ts';
import { estimateOf } from './estimate.ts';
import { fewColumns } from './export-url.ts';
import { readExport } from './read-export.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('an estimate', () => {
  const range = { fromMs: 0, toMs: 100_000 };
  const flows = [99_000, 95_000].map((ms) => aFlow({ time: new Date(ms).toISOString() }));
  const page = (cursor: string | null) => ({ range, filter: '', flows, cursor, evidence: anEvidence() });
  test('is exact when one page is all', () => {
    expect(estimateOf(page(null), 'csv', true)).toMatchObject({ rows: 2, isExact: true });
  });
  test('goes by how dense the newest page is', () => {
    expect(estimateOf(page('more'), 'csv', true)).toMatchObject({ rows: 40, isExact: false });
  });
});

test('the few columns exist', () => {
  const known = Object.keys(flowColumns);
  expect(fewColumns.filter((name) => !/^(src|dst)_/.test(name) && !known.includes(name))).toEqual([]);
});

describe('reading an export', () => {
  const serve = (response: () => Response) => vi.stubGlobal('fetch', () => Promise.resolve(response()));
  const read = () => readExport('/x', new AbortController().signal, () => undefined);

  test('keeps all of it and counts lines and bytes', async () => {
    serve(() => new Response('a,b\n1,2\n3,4\n', { headers: { 'content-type': 'text/csv' } }));
    const seen: unknown[] = [];
    const blob = await readExport('/x', new AbortController().signal, (progress) => seen.push(progress));
    expect(await blob.text()).toBe('a,b\n1,2\n3,4\n');
    expect(seen.at(-1)).toEqual({ bytes: 12, lines: 3 });
  });

  test('takes no part for the whole', async () => {
    let isFirst = true;
    const body = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          if (isFirst) controller.enqueue(new TextEncoder().encode('a\nb\n'));
          else controller.error(new TypeError('cut'));
          isFirst = false;
        },
      });
    serve(() => new Response(body()));
    await expect(read()).rejects.toThrow('broke off after 2 lines; nothing was saved');
  });

  test('says what the server said when it refuses', async () => {
    serve(() => Response.json({ error: { code: 'range_too_long', message: 'ask for less' } }, { status: 422 }));
    await expect(read()).rejects.toThrow('ask for less');
  });
});
