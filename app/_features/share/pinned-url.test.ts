import { expect, test } from 'vitest';

import { pinnedUrl } from './pinned-url.ts';

const nowMs = Date.UTC(2026, 10, 25, 12);

test('a range that ends now is pinned to its very minutes, and all else stays', () => {
  const url = new URL(
    pinnedUrl(
      'http://host/palomar/flows?range=1h&live=true&filter=ns%3Ashop',
      { kind: 'relative', preset: '1h' },
      nowMs,
    ),
  );
  expect(url.pathname).toBe('/palomar/flows');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    filter: 'ns:shop',
    from: String(nowMs - 3_600_000),
    to: String(nowMs),
  });
});

test('a fixed range needs no pin', () => {
  const href = 'http://host/?from=1&to=2';
  expect(pinnedUrl(href, { kind: 'absolute', fromMs: 1, toMs: 2 }, nowMs)).toBe(href);
});
