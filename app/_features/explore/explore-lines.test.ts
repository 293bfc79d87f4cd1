import { expect, test } from 'vitest';

import type { TopResponse } from '../../../model/api.ts';
import { anEvidence } from '../../../model/series.fixture.ts';
import { linesOf } from './explore-lines.ts';

const answer = (of: Partial<TopResponse> = {}): TopResponse => ({
  range: { fromMs: 0, toMs: 20_000 },
  filter: '',
  by: 'http.host',
  measure: 'requests',
  stepMs: 10_000,
  groups: [{ key: ['a'], value: 30, share: 0.6, points: [10, 20] }],
  total: { groups: 3, value: 50, points: [20, 30] },
  evidence: anEvidence(),
  ...of,
});

test('what the largest do not have is one more line', () => {
  expect(linesOf(answer(), null)).toMatchObject([
    { name: 'a', values: [1, 2], total: 30 },
    { name: '2 others', values: [1, 1], total: 20, group: null },
  ]);
});

test('of a percentile there are no others, and none of nothing', () => {
  const groups = [{ key: ['a'], value: 3, share: null, points: [3, 0] }];
  expect(linesOf(answer({ measure: 'latency', groups }), null)).toMatchObject([{ values: [3, null] }]);
});

test('the period before belongs to the group of the same key', () => {
  const before = answer({ groups: [{ key: ['a'], value: 5, share: 1, points: [5, 0] }] });
  expect(linesOf(answer(), before)[0]?.previous).toEqual([0.5, 0]);
  expect(linesOf(answer(), answer({ groups: [] }))[0]?.previous).toBeUndefined();
});
