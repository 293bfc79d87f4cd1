import { describe, expect, test } from 'vitest';

import { aFlow, aLayer7 } from '../../../model/flow.fixture.ts';
import {
  allColumns,
  chosenColumns,
  factsById,
  moved,
  parseWidths,
  presets,
  printWidths,
  standardColumns,
} from './columns.ts';

const all = allColumns(aFlow());

describe('columns', () => {
  test('are more than sixty, each with an id of its own, the same for every flow', () => {
    expect(all.length).toBeGreaterThan(60);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(allColumns(aFlow({ l7: aLayer7() }))).toEqual(all);
  });
  test('of every preset exist', () => {
    const known = all.map(({ id }) => id);
    expect(
      Object.values(presets)
        .flat()
        .filter((id) => !known.includes(id)),
    ).toEqual([]);
  });
  test('hold what the detail says', () => {
    const http = { method: 'GET', host: 'api', path: '/x', status: 404, protocol: 'HTTP/1.1' };
    const facts = factsById(aFlow({ l7: aLayer7({ http }), retransmits: 3 }));
    expect(facts.get('application.request')).toBe('GET api/x');
    expect(facts.get('counted.retransmits')).toBe('3');
  });
  test('that nobody knows, or knows twice, are left out; none is the standard look', () => {
    expect(chosenColumns(['bytes', 'x', 'time', 'bytes'], all)?.map(({ id }) => id)).toEqual(['bytes', 'time']);
    expect(chosenColumns(['x'], all)).toBeNull();
    expect(chosenColumns(null, all)).toBeNull();
  });
  test('before the first answer are the standard ones', () => {
    expect(allColumns(undefined)).toEqual(standardColumns);
  });
});

test.each([
  ['b', -1, ['b', 'a', 'c']],
  ['b', 1, ['a', 'c', 'b']],
  ['a', -1, ['a', 'b', 'c']],
  ['x', 1, ['a', 'b', 'c']],
] as const)('%s moved by %d', (id, step, wanted) => {
  expect(moved(['a', 'b', 'c'], id, step)).toEqual(wanted);
});

test('widths are kept within bounds, and nonsense is none', () => {
  expect([...parseWidths('time=120,x=5,y=9999,z=-1,=3,junk')]).toEqual([
    ['time', 120],
    ['x', 48],
    ['y', 800],
  ]);
  expect(printWidths(new Map([['time', 120.4]]))).toBe('time=120');
});
