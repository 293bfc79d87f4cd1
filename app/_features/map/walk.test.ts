import { describe, expect, test } from 'vitest';

import { layoutMap } from '../../_viz/layout/layout-map.ts';
import { labWorld } from '../../testing/fixture-data.ts';
import { labelRise, placeLabels } from './place-labels.ts';
import { fitted } from './use-map-zoom.ts';
import { walk, type ArrowKey, type Focus } from './walk.ts';

const { nodes, edges } = labWorld(0);
const layout = layoutMap(
  nodes.map((node) => ({ id: node.id, box: node.namespace || null, outside: node.kind === 'name' })),
  edges.map((edge) => ({ ...edge, weight: 1 })),
);
const edgeMap = new Map(edges.map((edge) => [edge.id, edge]));
const id = (name: string): string => nodes.find((node) => node.name === name)?.id ?? expect.fail(name);
const go = (start: Focus, ...keys: ArrowKey[]): Focus =>
  keys.reduce((at, key) => walk(at, key, edgeMap, layout), start);
const at = (name: string): Focus => ({ kind: 'node', id: id(name) });

describe('arrow keys', () => {
  test('lead along an edge to what is called', () => {
    expect(go(at('frontend'), 'ArrowRight')).toEqual({ kind: 'edge', id: `${id('frontend')}>${id('api')}` });
    expect(go(at('frontend'), 'ArrowRight', 'ArrowRight')).toEqual(at('api'));
  });
  test('lead back to the caller', () => {
    expect(go(at('api'), 'ArrowLeft', 'ArrowLeft')).toEqual(at('frontend'));
  });
  test('choose among the edges of a card', () => {
    const ends = ['ArrowUp', 'ArrowDown'] as const;
    const first = go(at('api'), 'ArrowRight');
    const others = ends.map((key) => go(first, key)).filter((focus) => focus.id !== first.id);
    expect(others.length).toBeGreaterThan(0);
    for (const focus of others) expect(edgeMap.get(focus.id)?.source).toBe(id('api'));
  });
  test('go up and down among cards', () => {
    expect(go(at('postgres'), 'ArrowDown')).toEqual(at('dns'));
    expect(go(at('dns'), 'ArrowUp')).toEqual(at('postgres'));
  });
  test('stay where there is nothing further', () => {
    expect(go(at('frontend'), 'ArrowLeft')).toEqual(at('frontend'));
  });
});

test('words on edges stand clear of cards, of the names of boxes and of each other', () => {
  const placed = [
    ...placeLabels(
      layout,
      edges.map((edge) => edge.id),
    ).values(),
  ];
  expect(placed.length).toBe(edges.length);
  for (const { x, y } of placed) {
    for (const card of layout.cards.values()) {
      const isInside = x > card.x && x < card.x + card.width && y > card.y && y < card.y + card.height;
      expect(isInside).toBe(false);
    }
    for (const box of layout.boxes.values()) {
      const isOnName = x > box.x && x < box.x + 100 && y - labelRise > box.y && y - labelRise < box.y + 28;
      expect(isOnName).toBe(false);
    }
  }
});

describe('the first view', () => {
  const bounds = { x: 0, y: 0, width: 1000, height: 400 };
  test('centres a map that fits', () => {
    expect(fitted(bounds, 1456, 900, 0.7)).toEqual({ x: 128, y: 198, k: 1.2 });
  });
  test('starts a map that does not fit at its clients, still legible', () => {
    expect(fitted({ ...bounds, width: 9000 }, 1456, 900, 0.7)).toMatchObject({ x: 28, k: 0.7 });
  });
});
