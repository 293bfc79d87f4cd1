import { expect, test } from 'vitest';

import { choosePasses, type Gap, type Trail } from './choose-passes.ts';

/** A card from -50 to 50 in the middle column. */
const aroundOneCard: Gap[][] = [
  [],
  [
    { min: -Infinity, max: -50 },
    { min: 50, max: Infinity },
  ],
  [],
];
const past = (wish: number): Trail => ({
  startY: 0,
  endY: 0,
  from: 0,
  isForward: true,
  passes: [{ column: 1, wish, level: wish }],
});
const toTheCard = (startY: number): Trail => ({ startY, endY: 0, from: 0, isForward: true, passes: [] });

test('an edge passes a card on the side it would rather pass', () => {
  const trail = past(10);
  choosePasses([trail], aroundOneCard);
  expect(trail.passes[0]?.level).toBe(50);
});

test('an edge passes a card on the other side when that spares a crossing', () => {
  const trail = past(10);
  choosePasses([toTheCard(30), toTheCard(20), trail], aroundOneCard);
  expect(trail.passes[0]?.level).toBe(-50);
});

test('edges of which each would give way to the other come to rest', () => {
  const trails = [past(10), past(-10), { ...past(0), startY: 5, endY: -5 }];
  choosePasses(trails, aroundOneCard);
  for (const { passes } of trails) expect(Math.abs(passes[0]?.level ?? 0)).toBe(50);
});
