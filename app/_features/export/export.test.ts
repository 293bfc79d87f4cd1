import { afterEach, describe, expect, test, vi } from 'vitest';

import { flowColumns } from '../../../model/flow-columns.ts';
import { planWords } from './plan-words.ts';
import { exportUrl, fewColumns } from './export-url.ts';
import { readExport } from './read-export.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('a plan is told in rows and bytes', () => {
  expect(planWords({ rows: 2_087, bytes: 1_670_000 })).toBe('2,087 rows, about 1.67 MB');
});

test.each([
  ['csv', true, false],
  ['csv', false, true],
  ['hubble', false, false],
] as const)('an export as %s, all columns %s, names its columns: %s', (format, isAll, hasColumns) => {
  const url = exportUrl({ from: '1', to: '2', filter: 'ns:a b', format, isAll });
  const query = new URLSearchParams(url.split('?')[1]);
  expect([query.get('filter'), query.has('columns')]).toEqual(['ns:a b', hasColumns]);
});

test('the few columns exist', () => {
  const known = Object.keys(flowColumns);
  expect(fewColumns.filter((name) => !/^(src|dst)_/.test(name) && !known.includes(name))).toEqual([]);
});

describe('reading an export', () => {
  const serve = (response: () => Response) => vi.stubGlobal('fetch', () => Promise.resolve(response()));
  const read = () => readExport('/x', new AbortController().signal, () => undefined);

  test('keeps all of it and counts its bytes', async () => {
    serve(() => new Response('a,b\n1,2\n3,4\n', { headers: { 'content-type': 'text/csv' } }));
    const seen: unknown[] = [];
    const blob = await readExport('/x', new AbortController().signal, (progress) => seen.push(progress));
    expect(await blob.text()).toBe('a,b\n1,2\n3,4\n');
    expect(seen.at(-1)).toEqual({ bytes: 12 });
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
    await expect(read()).rejects.toThrow('broke off after 4 B; nothing was saved');
  });

  test('says what the server said when it refuses', async () => {
    serve(() => Response.json({ error: { code: 'range_too_long', message: 'ask for less' } }, { status: 422 }));
    await expect(read()).rejects.toThrow('ask for less');
  });
});
