import { describe, expect, test } from 'vitest';

import { parseRange } from './parse-range.ts';

const nowMs = Date.parse('2026-11-25T10:30:00Z');
const read = (text: string): string | null => {
  const span = parseRange(text, nowMs, 'utc');
  if (span === null) return null;
  const short = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
  return `${short(span.fromMs)} ${short(span.toMs)}`;
};

describe('a range in words', () => {
  test.each([
    ['since 09:00', '2026-11-25T09:00 2026-11-25T10:30'],
    ['since 9:00', '2026-11-25T09:00 2026-11-25T10:30'],
    ['since 23:00', '2026-11-24T23:00 2026-11-25T10:30'],
    ['since yesterday', '2026-11-24T00:00 2026-11-25T10:30'],
    ['since yesterday 18:00', '2026-11-24T18:00 2026-11-25T10:30'],
    ['since 20 min ago', '2026-11-25T10:10 2026-11-25T10:30'],
    ['last 2h', '2026-11-25T08:30 2026-11-25T10:30'],
    ['last 90 minutes', '2026-11-25T09:00 2026-11-25T10:30'],
    ['last hour', '2026-11-25T09:30 2026-11-25T10:30'],
    ['3 d', '2026-11-22T10:30 2026-11-25T10:30'],
    ['today', '2026-11-25T00:00 2026-11-25T10:30'],
    ['Yesterday', '2026-11-24T00:00 2026-11-25T00:00'],
    ['09:00 - 10:15', '2026-11-25T09:00 2026-11-25T10:15'],
    ['09:00-10:15', '2026-11-25T09:00 2026-11-25T10:15'],
    ['between 09:00 and 10:15', '2026-11-25T09:00 2026-11-25T10:15'],
    ['09:00 to 10:00 yesterday', '2026-11-24T09:00 2026-11-24T10:00'],
    ['yesterday 09:00 to 10:00', '2026-11-24T09:00 2026-11-24T10:00'],
    ['2026-11-20 09:00 to 10:00', '2026-11-20T09:00 2026-11-20T10:00'],
    ['2026-11-20 to 2026-11-22', '2026-11-20T00:00 2026-11-22T00:00'],
    ['2026-11-20 09:00 until now', '2026-11-20T09:00 2026-11-25T10:30'],
  ])('%s', (text, span) => {
    expect(read(text)).toBe(span);
  });

  test.each(['', 'soon', '25:99', 'last', 'last 3 parsecs', '10:00 to 09:00', 'since'])('"%s" is none', (text) => {
    expect(read(text)).toBeNull();
  });
});
