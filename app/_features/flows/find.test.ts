import { expect, test } from 'vitest';

import { aFlow, anEndpoint } from '../../../model/flow.fixture.ts';
import { findRows, nextFound } from './find.ts';

test('rows are found by any of their values, every word of what was typed, in either case', () => {
  const rows = [
    aFlow({ to: anEndpoint({ pod: 'api-6f4c8d', ip: '10.0.0.7' }), verdict: 'DROPPED' }),
    aFlow({ summary: 'GET /orders' }),
    aFlow({ to: anEndpoint({ pod: 'api-6f4c8d' }) }),
  ];
  expect(findRows(rows, 'API-6f dropped')).toEqual([0]);
  expect(findRows(rows, '/orders')).toEqual([1]);
  expect(findRows(rows, '10.0.0.7')).toEqual([0]);
  expect(findRows(rows, '  ')).toEqual([]);
});

test.each([
  [4, 1, 9],
  [9, 1, 2],
  [4, -1, 2],
  [2, -1, 9],
] as const)('the next found from row %d by %d is row %d', (from, step, wanted) => {
  expect(nextFound([2, 4, 9], from, step)).toBe(wanted);
});

test('where nothing was found there is no next', () => {
  expect(nextFound([], 0, 1)).toBeNull();
});
