import fc from 'fast-check';
import { expect, test } from 'vitest';

import { spread } from './spread.ts';

test('points that are far enough apart stay', () => {
  expect(spread([0, 100, 300], 72)).toEqual([0, 100, 300]);
});

test('points on one spot are spread round it', () => {
  expect(spread([100, 100, 100], 50)).toEqual([50, 100, 150]);
});

test('bounds push them together but not over each other', () => {
  expect(spread([-50, 500], 72, { min: 0, max: 100 })).toEqual([0, 100]);
});

test('any points keep their order and their distance', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -2000, max: 2000 }), { minLength: 1 }), (desired) => {
      const placed = spread(desired, 72);
      placed.slice(1).forEach((y, index) => expect(y - (placed[index] ?? 0)).toBeGreaterThanOrEqual(72));
    }),
  );
});
