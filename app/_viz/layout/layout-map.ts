/**
 * The service map's layout: which column and row every card gets, the boxes around them, and the curve of every edge.
 * Pure and deterministic; given the places of the previous picture, what stayed does not move, and what is pinned stands
 * where it was put.
 */
import { assignLayers } from './assign-layers.ts';
import { indexGraph, type Graph, type LayoutEdge, type LayoutNode } from './graph.ts';
import { keepPlaces, type Place } from './keep-places.ts';
import { boxAround, columnX, metrics, type Metrics, type Rect } from './metrics.ts';
import { pinPlaces } from './pin-places.ts';
import { placeRows } from './place-rows.ts';
import { routeEdges, type Route } from './route-edges.ts';

export interface MapLayout {
  readonly cards: ReadonlyMap<string, Rect>;
  readonly boxes: ReadonlyMap<string, Rect>;
  readonly routes: ReadonlyMap<string, Route>;
  /** Give it to the next layout to keep the picture. */
  readonly places: ReadonlyMap<string, Place>;
  /** False when the map was laid out afresh and nothing need be where it was. */
  readonly isKept: boolean;
  /** Everything drawn lies inside. */
  readonly bounds: Rect;
}

export function layoutMap(
  nodes: readonly LayoutNode[],
  edges: readonly LayoutEdge[],
  previous: ReadonlyMap<string, Place> = new Map(),
  pins: ReadonlyMap<string, Place> = new Map(),
  m: Metrics = metrics,
): MapLayout {
  const graph = indexGraph(nodes, edges);
  const kept = previous.size > 0 ? keepPlaces(graph, previous, m) : null;
  const places = pinPlaces(graph, kept ?? placeAfresh(graph, m), pins, m);
  const cards = places.map(({ column, y }) => ({ x: columnX(m, column), y, width: m.cardWidth, height: m.cardHeight }));
  const columnOf = Int32Array.from(places, (place) => place.column);
  const byId = new Map(graph.nodes.flatMap((node, index) => entry(node.id, cards[index])));
  const boxes = boxesOf(graph, cards, m);
  const routes = routeEdges(graph, columnOf, cards, boxes.values(), m);
  return {
    cards: byId,
    boxes,
    routes,
    places: new Map(graph.nodes.flatMap((node, index) => entry(node.id, places[index]))),
    isKept: kept !== null,
    bounds: boundsOf([...byId.values(), ...boxes.values()], routes),
  };
}

function placeAfresh(graph: Graph, m: Metrics): Place[] {
  const layers = assignLayers(graph);
  const top = placeRows(graph, layers, m);
  return graph.nodes.map((_, node) => ({ column: layers.columnOf[node] ?? 0, y: top[node] ?? 0 }));
}

function boxesOf(graph: Graph, cards: readonly Rect[], m: Metrics): Map<string, Rect> {
  const members = new Map<string, Rect[]>();
  graph.nodes.forEach((node, index) => {
    const card = cards[index];
    if (node.box === null || card === undefined) return;
    members.set(node.box, [...(members.get(node.box) ?? []), card]);
  });
  return new Map([...members].map(([box, rects]) => [box, boxAround(m, rects)]));
}

function boundsOf(rects: readonly Rect[], routes: ReadonlyMap<string, Route>): Rect {
  if (rects.length === 0) return { x: 0, y: 0, width: 0, height: 0 };
  let left = Infinity;
  let top = Infinity;
  let right = -Infinity;
  let bottom = -Infinity;
  const cover = (x: number, y: number): void => {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  };
  for (const rect of rects) {
    cover(rect.x, rect.y);
    cover(rect.x + rect.width, rect.y + rect.height);
  }
  for (const { samples } of routes.values()) {
    for (let at = 0; at < samples.length; at += 2) cover(samples[at] ?? 0, samples[at + 1] ?? 0);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

const entry = <T>(key: string, value: T | undefined): [string, T][] => (value === undefined ? [] : [[key, value]]);
