import { expect, test } from 'vitest';

import { aChange } from '../../testing/diff.fixture.ts';
import { drawnEdge, markEdges } from './change-marks.ts';

const none = new Map<string, string>();

test('an edge says by how much its leading measure changed, and which way', () => {
  const change = aChange('changed', 'api', 'db', {
    factors: [
      { measure: 'bytes', factor: 40 },
      { measure: 'errors', factor: 0.5 },
    ],
  });
  expect(markEdges([change], [change], none).get(change.id)).toEqual({
    change: 'changed',
    trend: 'less',
    words: 'errors ×0.5',
  });
});

test('edges drawn as one are new only when all of them are', () => {
  const [a, b] = [aChange('new', 'api', 'a'), aChange('new', 'api', 'b')];
  const cardOf = new Map([a, b].map(({ destination }) => [destination, 'rest']));
  const { id } = drawnEdge(a, cardOf);
  expect(markEdges([a, b], [a, b], cardOf).get(id)?.change).toBe('new');
  const old = { source: a.source, destination: 'old' };
  const withOld = markEdges([a, b], [a, b, old], new Map([...cardOf, ['old', 'rest']]));
  expect(withOld.get(id)).toEqual({ change: 'changed', trend: null, words: '2 of 3 changed' });
});
