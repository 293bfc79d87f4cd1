/**
 * Arrow keys on the map. Right leaves a card along an edge and then reaches the card at its end; left goes against the
 * edges; up and down choose among cards of a column, or among edges of the same card.
 */
import type { MapEdge } from '../../../model/api.ts';
import type { MapLayout } from '../../_viz/layout/layout-map.ts';

export type Focus = { readonly kind: 'node'; readonly id: string } | { readonly kind: 'edge'; readonly id: string };
export type ArrowKey = 'ArrowRight' | 'ArrowLeft' | 'ArrowUp' | 'ArrowDown';

const arrowKeys: readonly string[] = ['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown'];
export const isArrowKey = (key: string): key is ArrowKey => arrowKeys.includes(key);

export function walk(from: Focus, key: ArrowKey, edges: ReadonlyMap<string, MapEdge>, layout: MapLayout): Focus {
  return (from.kind === 'node' ? fromNode(from.id, key, edges, layout) : fromEdge(from.id, key, edges, layout)) ?? from;
}

function fromNode(id: string, key: ArrowKey, edges: ReadonlyMap<string, MapEdge>, layout: MapLayout): Focus | null {
  if (key === 'ArrowUp' || key === 'ArrowDown') return nextInColumn(id, key, layout);
  const isRight = key === 'ArrowRight';
  const leaving = [...edges.values()].filter((edge) => (isRight ? edge.source : edge.destination) === id);
  const level = layout.cards.get(id)?.y ?? 0;
  const distance = (edge: MapEdge): number =>
    Math.abs((layout.cards.get(isRight ? edge.destination : edge.source)?.y ?? 0) - level);
  const [nearest] = leaving.sort((a, b) => distance(a) - distance(b) || (a.id < b.id ? -1 : 1));
  return nearest === undefined ? null : { kind: 'edge', id: nearest.id };
}

function fromEdge(id: string, key: ArrowKey, edges: ReadonlyMap<string, MapEdge>, layout: MapLayout): Focus | null {
  const edge = edges.get(id);
  if (edge === undefined) return null;
  if (key === 'ArrowRight') return { kind: 'node', id: edge.destination };
  if (key === 'ArrowLeft') return { kind: 'node', id: edge.source };
  const outgoing = [...edges.values()].filter((other) => other.source === edge.source);
  const siblings =
    outgoing.length > 1 ? outgoing : [...edges.values()].filter((o) => o.destination === edge.destination);
  const level = (other: MapEdge): number =>
    layout.cards.get(outgoing.length > 1 ? other.destination : other.source)?.y ?? 0;
  siblings.sort((a, b) => level(a) - level(b) || (a.id < b.id ? -1 : 1));
  const next = siblings[siblings.findIndex((other) => other.id === id) + (key === 'ArrowDown' ? 1 : -1)];
  return next === undefined ? null : { kind: 'edge', id: next.id };
}

function nextInColumn(id: string, key: 'ArrowUp' | 'ArrowDown', layout: MapLayout): Focus | null {
  const own = layout.cards.get(id);
  if (own === undefined) return null;
  const sign = key === 'ArrowDown' ? 1 : -1;
  const beyond = [...layout.cards].filter(([, card]) => (card.y - own.y) * sign > 0);
  // A neighbouring column is as good as a card six rows away in one's own.
  const cost = (card: { x: number; y: number }): number => Math.abs(card.y - own.y) + Math.abs(card.x - own.x) * 1.5;
  const [nearest] = beyond.sort(([, a], [, b]) => cost(a) - cost(b));
  return nearest === undefined ? null : { kind: 'node', id: nearest[0] };
}
