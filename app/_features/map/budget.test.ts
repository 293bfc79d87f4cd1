import { expect, test } from 'vitest';

import { noticeOfAnswer } from './budget.ts';

const all = { shown: 12, total: 12 };

test('an answer that holds everything, or does not say, needs no notice', () => {
  expect(noticeOfAnswer(undefined)).toBeNull();
  expect(noticeOfAnswer({ nodes: all, edges: all, bytes: all, drops: all })).toBeNull();
});

test('an answer that left services out says how many, and what share of bytes and drops is there', () => {
  const budget = {
    nodes: { shown: 300, total: 4812 },
    edges: { shown: 1500, total: 9000 },
    bytes: { shown: 97, total: 100 },
    drops: { shown: 5, total: 5 },
  };
  expect(noticeOfAnswer(budget)).toBe('The busiest 300 of 4,812 services: 97 % of bytes, 100 % of drops');
  expect(noticeOfAnswer({ ...budget, drops: { shown: 0, total: 0 } })).toBe(
    'The busiest 300 of 4,812 services: 97 % of bytes',
  );
});
