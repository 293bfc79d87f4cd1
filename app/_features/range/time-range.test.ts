import { describe, expect, test } from 'vitest';

import { fromInput, toInput } from './date-input.ts';
import { rangeQuery, shiftRange } from './time-range.ts';

describe('a range', () => {
  test('leaves relative ends to the clock of the server', () => {
    expect(rangeQuery({ kind: 'relative', preset: '15m' })).toEqual({ from: 'now-15m', to: 'now' });
  });
  test('sends fixed ends as they are', () => {
    expect(rangeQuery({ kind: 'absolute', fromMs: 1_000, toMs: 2_000 })).toEqual({ from: '1000', to: '2000' });
  });
  test('goes back by its own length', () => {
    expect(shiftRange({ kind: 'relative', preset: '5m' }, -1, 1_000_000)).toEqual({ fromMs: 400_000, toMs: 700_000 });
  });
  test('never reaches past now', () => {
    const range = { kind: 'absolute', fromMs: 500_000, toMs: 900_000 } as const;
    expect(shiftRange(range, 1, 1_000_000)).toEqual({ fromMs: 600_000, toMs: 1_000_000 });
  });
});

describe('a date field', () => {
  test.each(['utc', 'local'] as const)('gives back what it was given, %s', (zone) => {
    const ms = Date.UTC(2026, 10, 23, 9, 41, 23);
    expect(fromInput(toInput(ms, zone), zone)).toBe(ms);
  });
  test('says when it holds no date', () => {
    expect(fromInput('', 'utc')).toBeNull();
  });
});
