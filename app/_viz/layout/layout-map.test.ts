import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { LayoutEdge, LayoutNode } from './graph.ts';
import { layoutMap, type MapLayout } from './layout-map.ts';
import { overlaps } from './metrics.ts';
import { pointsOf, type Point } from './route-edges.ts';

const node = (id: string, box: string | null = null, outside = false): LayoutNode => ({ id, box, outside });
const edge = (source: string, destination: string, weight = 1): LayoutEdge => ({
  id: `${source}>${destination}`,
  source,
  destination,
  weight,
});
const at = (layout: MapLayout): Record<string, [number, number]> =>
  Object.fromEntries([...layout.cards].map(([id, card]) => [id, [card.x, card.y]]));

const shop = {
  nodes: [
    node('frontend', 'production'),
    node('api', 'production'),
    node('postgres', 'production'),
    node('dns', 'kube-system'),
    node('stripe', null, true),
  ],
  edges: [edge('frontend', 'api'), edge('api', 'postgres'), edge('api', 'dns'), edge('api', 'stripe')],
};

describe('layoutMap', () => {
  test('puts clients left of servers, boxes under each other and the outside at the right', () => {
    const layout = layoutMap(shop.nodes, shop.edges);
    expect(at(layout)).toEqual({
      frontend: [0, 40],
      api: [288, 40],
      postgres: [576, 40],
      dns: [576, 176],
      stripe: [864, 40],
    });
    expect(layout.boxes.get('production')).toEqual({ x: -16, y: 0, width: 776, height: 104 });
    expect(layout.boxes.get('kube-system')).toEqual({ x: 560, y: 136, width: 200, height: 104 });
  });

  test('leads an edge round the card that stands in its way', () => {
    const route = layoutMap(shop.nodes, shop.edges).routes.get('api>stripe');
    const postgres = { x: 576, y: 40, width: 168, height: 48 };
    const inside = pointsOf(route).filter(({ x, y }) => overlaps({ x, y, width: 0, height: 0 }, postgres));
    expect(inside).toEqual([]);
    expect(route?.tip.x).toBe(864);
  });

  test('turns the lighter edge of a cycle round', () => {
    const layout = layoutMap([node('a'), node('b')], [edge('a', 'b', 1), edge('b', 'a', 9)]);
    expect(at(layout)).toEqual({ b: [0, 0], a: [288, 0] });
  });

  test('stands a caller beside what it calls', () => {
    const nodes = ['a', 'b', 'c', 'late'].map((id) => node(id));
    const layout = layoutMap(nodes, [edge('a', 'b'), edge('b', 'c'), edge('late', 'c')]);
    expect(layout.cards.get('late')?.x).toBe(layout.cards.get('b')?.x);
  });

  test('stands outside callers at the left', () => {
    const layout = layoutMap([node('web', 'shop'), node('visitor', null, true)], [edge('visitor', 'web')]);
    expect(at(layout)).toEqual({ visitor: [0, 40], web: [288, 40] });
  });

  test('draws a call to itself', () => {
    const layout = layoutMap([node('a')], [edge('a', 'a')]);
    expect(layout.routes.get('a>a')?.samples.length).toBeGreaterThan(8);
  });

  test('leaves out edges whose ends are missing', () => {
    expect(layoutMap([node('a')], [edge('a', 'gone')]).routes.size).toBe(0);
  });

  test('has an empty picture for an empty graph', () => {
    expect(layoutMap([], []).bounds).toEqual({ x: 0, y: 0, width: 0, height: 0 });
  });
});

interface Sample {
  readonly nodes: LayoutNode[];
  readonly edges: LayoutEdge[];
}

const graphs = fc
  .record({
    nodes: fc.array(fc.record({ box: fc.constantFrom('a', 'b', 'c', 'd', null), outside: fc.boolean() }), {
      minLength: 1,
      maxLength: 40,
    }),
    edges: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 1000 })), { maxLength: 120 }),
  })
  .map(({ nodes, edges }): Sample => {
    const made = nodes.map(({ box, outside }, i) => node(`n${i}`, outside ? null : box, outside));
    const unique = new Map<string, LayoutEdge>();
    for (const [a, b, weight] of edges) {
      const made = edge(`n${a % nodes.length}`, `n${b % nodes.length}`, weight);
      unique.set(made.id, made);
    }
    return { nodes: made, edges: [...unique.values()] };
  });

function expectSound(layout: MapLayout, { nodes, edges }: Sample): void {
  const cards = [...layout.cards.entries()];
  expect(cards.length).toBe(nodes.length);
  expect(layout.routes.size).toBe(edges.length);
  const boxOf = new Map(nodes.map((n) => [n.id, n.box]));
  cards.forEach(([id, card], index) => {
    for (const [other, rect] of cards.slice(index + 1)) {
      expect(overlaps(card, rect), `${id} and ${other}`).toBe(false);
    }
    for (const [box, rect] of layout.boxes) {
      expect(overlaps(card, rect), `${id} in ${box}`).toBe(boxOf.get(id) === box);
    }
  });
  const boxes = [...layout.boxes.values()];
  boxes.forEach((box, index) => {
    for (const other of boxes.slice(index + 1)) expect(overlaps(box, other)).toBe(false);
  });
}

describe('any map', () => {
  test('keeps cards apart and boxes around exactly their members', () => {
    fc.assert(fc.property(graphs, (sample) => expectSound(layoutMap(sample.nodes, sample.edges), sample)));
  });

  test('is the same whatever the order of the answer', () => {
    fc.assert(
      fc.property(graphs, ({ nodes, edges }) => {
        const turned = layoutMap([...nodes].reverse(), [...edges].reverse());
        expect(at(turned)).toEqual(at(layoutMap(nodes, edges)));
      }),
    );
  });

  test('does not move what stayed when a node comes or goes, unless it is laid out afresh', () => {
    fc.assert(
      fc.property(graphs, fc.nat(), (sample, pick) => {
        const gone = `n${pick % sample.nodes.length}`;
        const without: Sample = {
          nodes: sample.nodes.filter((n) => n.id !== gone),
          edges: sample.edges.filter((e) => e.source !== gone && e.destination !== gone),
        };
        const before = layoutMap(without.nodes, without.edges);
        const after = layoutMap(sample.nodes, sample.edges, before.places);
        expectSound(after, sample);
        const back = layoutMap(without.nodes, without.edges, after.places);
        for (const [id, [x, y]] of Object.entries(at(back))) expect(at(after)[id]).toEqual([x, y]);
      }),
    );
  });
});

/** What the placement is for: the crossings of the lines between cards. */
function crossings(layout: MapLayout, edges: readonly LayoutEdge[]): number {
  const lines = edges.map(({ source, destination }) => {
    const from = layout.cards.get(source) ?? expect.fail(source);
    const to = layout.cards.get(destination) ?? expect.fail(destination);
    return { a: { x: from.x + from.width, y: from.y }, b: { x: to.x, y: to.y } };
  });
  const side = (a: Point, b: Point, p: Point): number => (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);
  return lines.reduce(
    (sum, s, at) =>
      sum +
      lines
        .slice(at + 1)
        .filter((t) => side(s.a, s.b, t.a) * side(s.a, s.b, t.b) < 0 && side(t.a, t.b, s.a) * side(t.a, t.b, s.b) < 0)
        .length,
    0,
  );
}

test('untangles what can be drawn without a crossing', () => {
  // Two boxes of a client and a server each, and rows listed the wrong way round.
  const nodes = ['a1', 'a2', 'a3'].flatMap((id) => [node(id, 'left'), node(`z${id}`, 'right')]);
  const edges = [edge('a1', 'za3'), edge('a2', 'za2'), edge('a3', 'za1')];
  expect(crossings(layoutMap(nodes, edges), edges)).toBe(0);
});

test('edges through one gap run beside each other', () => {
  const nodes = [node('a'), node('b'), node('c'), node('x'), node('y')];
  const edges = [edge('a', 'x'), edge('x', 'c'), edge('a', 'c'), edge('b', 'x'), edge('b', 'c')];
  const { routes, cards } = layoutMap(nodes, edges);
  const middle = (cards.get('x')?.x ?? 0) + 40;
  const levels = ['a>c', 'b>c'].map((id) => pointsOf(routes.get(id)).find(({ x }) => x > middle)?.y);
  expect(levels[0]).not.toBe(levels[1]);
});
