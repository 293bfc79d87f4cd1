import { describe, expect, test } from 'vitest';

import { layoutMap } from '../../_viz/layout/layout-map.ts';
import { pointsOf } from '../../_viz/layout/route-edges.ts';
import { createEdgeHits } from './edge-hits.ts';

const node = (id: string) => ({ id, box: null, outside: false });
const edge = (source: string, destination: string) => ({
  id: `${source}>${destination}`,
  source,
  destination,
  weight: 1,
});
const { routes } = layoutMap(['a', 'b', 'c'].map(node), [edge('a', 'b'), edge('a', 'c')]);
const hits = createEdgeHits(routes);

describe('the edge under the pointer', () => {
  test.each(['a>b', 'a>c'])('is %s near its curve', (id) => {
    const points = pointsOf(routes.get(id));
    const middle = points[Math.floor(points.length * 0.6)] ?? expect.fail('no curve');
    expect(hits.at(middle.x, middle.y + 2, 6)).toBe(id);
  });
  test('is none further away than the reach', () => {
    const [start] = pointsOf(routes.get('a>b'));
    expect(hits.at((start?.x ?? 0) + 20, (start?.y ?? 0) + 200, 6)).toBeNull();
  });
  test('is found above and left of the origin, too', () => {
    const far = createEdgeHits(
      new Map([
        [
          'x',
          { path: '', tip: { x: 0, y: 0 }, enters: 'right' as const, samples: Float32Array.of(-500, -70, -300, -70) },
        ],
      ]),
    );
    expect(far.at(-400, -68, 6)).toBe('x');
  });
});
