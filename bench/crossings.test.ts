import { describe, expect, test } from 'vitest';

import { countCrossings, meanLength, type DrawnEdge } from './crossings.ts';

const line = (source: string, destination: string, ...points: [number, number][]): DrawnEdge => ({
  source,
  destination,
  line: points.map(([x, y]) => ({ x, y })),
});

describe('countCrossings', () => {
  test('counts two lines that cross, however often they do, once', () => {
    const wave = line('a', 'b', [0, 0], [100, 100], [200, 0], [300, 100]);
    expect(countCrossings([wave, line('c', 'd', [0, 50], [300, 51])])).toBe(1);
  });
  test('does not count lines that run beside each other or meet at a card', () => {
    expect(countCrossings([line('a', 'b', [0, 0], [100, 0]), line('c', 'd', [0, 10], [100, 10])])).toBe(0);
    expect(countCrossings([line('a', 'b', [0, 0], [100, 90]), line('a', 'd', [0, 50], [100, 10])])).toBe(0);
  });
});

test('the mean length follows the line', () => {
  expect(meanLength([line('a', 'b', [0, 0], [30, 40], [30, 50])])).toBe(60);
});
