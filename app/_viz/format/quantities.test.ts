import { describe, expect, test } from 'vitest';

import {
  formatByteRate,
  formatBytes,
  formatCompact,
  formatMilliseconds,
  formatRate,
  formatShare,
  plural,
} from './quantities.ts';

describe('numbers are written with three figures and a unit', () => {
  test.each([
    ['no bytes', formatBytes(0), '0 B'],
    ['a few bytes', formatBytes(999), '999 B'],
    ['the next unit instead of 1,000', formatBytes(999_900), '1 MB'],
    ['a decimal string past 2^53', formatBytes('12345678901234567890'), '12,346 PB'],
    ['a byte rate', formatByteRate(60_000_000, 60), '1 MB/s'],
    ['a count in a tight place', formatCompact(12_345), '12.3k'],
    ['a small count in full', formatCompact(9_999), '9,999'],
    ['events per second', formatRate(1_200, 60), '20/s'],
    ['rare events per minute', formatRate(6, 60), '6/min'],
    ['very rare events per hour', formatRate(2, 86_400), '0.083/h'],
    ['no events', formatRate(0, 60), '0/s'],
    ['microseconds', formatMilliseconds(0.82), '820 µs'],
    ['milliseconds', formatMilliseconds(12.34), '12.3 ms'],
    ['seconds', formatMilliseconds(1_500), '1.5 s'],
    ['minutes', formatMilliseconds(125_000), '2 min 5 s'],
    ['one of a thing', plural(1, 'packet'), '1 packet'],
    ['many of a thing', plural(1_312, 'packet'), '1,312 packets'],
  ])('%s', (_, written, wanted) => {
    expect(written).toBe(wanted);
  });
});

describe('a share is never rounded to all or nothing', () => {
  test.each([
    [0, 10, '0 %'],
    [10, 10, '100 %'],
    [9_999_999, 10_000_000, '99.99 %'],
    [1, 1_000_000, '<0.1 %'],
    [1, 3, '33 %'],
    [1, 0, '0 %'],
  ])('%d of %d', (part, whole, wanted) => {
    expect(formatShare(part, whole)).toBe(wanted);
  });
});
