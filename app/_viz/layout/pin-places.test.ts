import { describe, expect, test } from 'vitest';

import type { LayoutEdge, LayoutNode } from './graph.ts';
import { layoutMap, type MapLayout } from './layout-map.ts';
import { overlaps } from './metrics.ts';
import { columnAt, placeNear } from './pin-places.ts';

const node = (id: string, box: string | null = null): LayoutNode => ({ id, box, outside: false });
const edge = (source: string, destination: string): LayoutEdge => ({
  id: `${source}>${destination}`,
  source,
  destination,
  weight: 1,
});
const nodes = [node('web', 'shop'), node('api', 'shop'), node('db', 'shop'), node('dns', 'system')];
const edges = [edge('web', 'api'), edge('api', 'db'), edge('api', 'dns')];

function expectNoOverlap({ cards }: MapLayout): void {
  const all = [...cards.values()];
  all.forEach((a, at) => all.slice(at + 1).forEach((b) => expect(overlaps(a, b)).toBe(false)));
}

describe('a pinned card', () => {
  const free = layoutMap(nodes, edges);
  const pin = { column: 2, y: 600 };

  test('stands exactly where it was put, and nothing else moves that is not in its way', () => {
    const pinned = layoutMap(nodes, edges, new Map(), new Map([['dns', pin]]));
    expect(pinned.places.get('dns')).toEqual(pin);
    for (const id of ['web', 'api', 'db']) expect(pinned.places.get(id)).toEqual(free.places.get(id));
  });

  test('makes what stood there give way, without an overlap', () => {
    const place = free.places.get('api') ?? expect.fail('api');
    const pinned = layoutMap(nodes, edges, new Map(), new Map([['db', place]]));
    expect(pinned.places.get('db')).toEqual(place);
    expect(pinned.places.get('api')).not.toEqual(place);
    expectNoOverlap(pinned);
  });

  test('stays when others come and go', () => {
    const pins = new Map([['dns', pin]]);
    const more = layoutMap([...nodes, node('cache', 'shop')], [...edges, edge('api', 'cache')], free.places, pins);
    expect(more.places.get('dns')).toEqual(pin);
    expectNoOverlap(more);
    const fewer = layoutMap(nodes.slice(1), edges.slice(1), more.places, pins);
    expect(fewer.places.get('dns')).toEqual(pin);
  });

  test('that cannot stand there without an overlap stands where the layout puts it', () => {
    const place = { column: 0, y: 0 };
    const both = layoutMap(
      nodes,
      edges,
      new Map(),
      new Map([
        ['web', place],
        ['dns', place],
      ]),
    );
    expect(both.places.get('web')).toEqual(place);
    expect(both.places.get('dns')).not.toEqual(place);
    expectNoOverlap(both);
  });

  test('of a node that is not on the map changes nothing', () => {
    expect(layoutMap(nodes, edges, new Map(), new Map([['gone', pin]])).places).toEqual(free.places);
  });
});

test('a card put onto another comes to stand beside it, in the same column', () => {
  const { places } = layoutMap(nodes, edges);
  const wanted = places.get('db') ?? expect.fail('db');
  const place = placeNear(nodes, edges, places, 'dns', wanted) ?? expect.fail('no place');
  expect(place.column).toBe(wanted.column);
  expectNoOverlap(layoutMap(nodes, edges, places, new Map([['dns', place]])));
});

test('the column is the nearest one, and none is left of the first', () => {
  expect([columnAt(-900), columnAt(0), columnAt(150), columnAt(280)]).toEqual([0, 0, 1, 1]);
});
