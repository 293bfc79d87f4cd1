import { describe, expect, test } from 'vitest';

import { formatAge, formatMillis, formatMoment, formatSpan, parseTime } from './time.ts';

const morning = Date.UTC(2026, 10, 23, 9, 41, 23, 501);

describe('times', () => {
  test('carry milliseconds', () => {
    expect(formatMillis(morning, 'utc')).toBe('09:41:23.501');
  });
  test('leave out the day when it is today', () => {
    expect(formatMoment(morning, morning + 3_600_000, 'utc')).toBe('09:41:23');
    expect(formatMoment(morning, morning + 86_400_000, 'utc')).toBe('23 Nov 09:41:23');
  });
  test('of a span name the second day only when it is another', () => {
    expect(formatSpan(morning, morning + 3_600_000, 'utc')).toBe('23 Nov 09:41 – 10:41');
    expect(formatSpan(morning, morning + 86_400_000, 'utc')).toBe('23 Nov 09:41 – 24 Nov 09:41');
  });
  test('with nanoseconds are read', () => {
    expect(parseTime('2026-11-23T09:41:23.501999999Z')).toBe(morning);
  });
  test.each([
    [-5, '0 s'],
    [3_400, '3 s'],
    [240_000, '4 min'],
    [7_200_000, '2 h'],
    [432_000_000, '5 d'],
  ])('%d ms is an age of %s', (ms, age) => {
    expect(formatAge(ms)).toBe(age);
  });
});
