import { describe, expect, test } from 'vitest';

import { bucketAt, layerPath, linePath, stacked, ticksUpTo } from './geometry.ts';

describe('ticks', () => {
  test.each([
    [0, [0, 1]],
    [7, [0, 5, 10]],
    [10, [0, 5, 10]],
    [0.03, [0, 0.02, 0.04]],
    [1_250, [0, 1_000, 2_000]],
    [Number.NaN, [0, 1]],
  ])('up to %d', (most, wanted) => {
    expect(ticksUpTo(most)).toEqual(wanted);
  });
});

describe('a line', () => {
  test('runs through the middles of its buckets', () => {
    expect(linePath([0, 5, 10, 10], 10)).toBe('M125 100L375 50L625 0L875 0');
  });
  test('has a gap where nothing was measured', () => {
    expect(linePath([10, 10, null, 10, 10], 10)).toBe('M100 0L300 0M700 0L900 0');
  });
  test('of one bucket between gaps is a dash as wide as the bucket', () => {
    expect(linePath([null, 5, null, null], 10)).toBe('M250 50h250');
  });
});

describe('layers', () => {
  test('stand on each other, bucket by bucket', () => {
    const [first, second] = stacked([
      [1, 2],
      [3, null],
    ]);
    expect(first).toEqual({ lower: [0, 0], upper: [1, 2] });
    expect(second).toEqual({ lower: [1, 2], upper: [4, 2] });
  });
  test('are steps as wide as their buckets', () => {
    expect(layerPath({ lower: [0, 0], upper: [4, 2] }, 4)).toBe('M0 0H500L500 50H1000V100H500V100H0Z');
  });
  test('without buckets are nothing', () => {
    expect(layerPath({ lower: [], upper: [] }, 4)).toBe('');
  });
});

test('a place on the axis is in the bucket that it falls into, and never outside', () => {
  expect([bucketAt(-1, 4), bucketAt(0.26, 4), bucketAt(1, 4)]).toEqual([0, 1, 3]);
});
