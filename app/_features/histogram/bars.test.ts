import { describe, expect, test } from 'vitest';

import { aPoint as point } from '../../../model/series.fixture.ts';
import { barsOf, brushed } from './bars.ts';

describe('the bars', () => {
  test('show one drop beside a million, and nothing where there was nothing', () => {
    const bars = barsOf([point({ drops: 1 }), point({ drops: 1_000_000, packets: 9 }), point({})], () => 'now');
    expect(bars.map((bar) => bar.trouble)).toEqual([0.14, 1, 0]);
    expect(bars.map((bar) => bar.traffic)).toEqual([0, 0.06, 0]);
  });
  test('give a few drops beside much traffic a mark, not a share they do not have', () => {
    const bars = barsOf([point({ drops: 12, packets: 4_800 }), point({ packets: 1_200 })], () => 'now');
    expect(bars.map((bar) => [bar.trouble, bar.traffic])).toEqual([
      [0.14, 1],
      [0, 0.5],
    ]);
  });
  test('count failed connects with the drops', () => {
    expect(barsOf([point({ failedConnections: 3 })], () => '09:00')).toMatchObject([
      { trouble: 1, words: '09:00: 0 packets, 0 dropped, 3 connects failed' },
    ]);
  });
});

describe('a brush', () => {
  const range = { fromMs: 0, toMs: 100_000 };
  test.each([
    [0.2, 0.5, [20_000, 50_000]],
    [0.5, 0.2, [20_000, 50_000]],
    [-1, 0.1, [0, 10_000]],
    [0.4, 0.401, null],
  ])('from %f to %f', (a, b, span) => {
    expect(brushed(range, a, b)).toEqual(span);
  });
});
