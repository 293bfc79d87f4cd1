/**
 * The incremental half of the layout: what stood on the map before stays exactly where it was, and what is new finds
 * room near what it talks to without touching another box. When too much is new, or no room is found, it gives up and
 * the map is laid out afresh.
 */
import { assignLayers } from './assign-layers.ts';
import type { Graph } from './graph.ts';
import { boxAround, columnX, overlaps, rowStep, type Metrics, type Rect } from './metrics.ts';

export interface Place {
  readonly column: number;
  readonly y: number;
}

const mostNew = 0.34;

/** One place per node of the graph, or null when the map has to be laid out afresh. */
export function keepPlaces(graph: Graph, previous: ReadonlyMap<string, Place>, m: Metrics): Place[] | null {
  const places = graph.nodes.map((node) => previous.get(node.id) ?? null);
  const fresh = places.flatMap((place, node) => (place === null ? [node] : []));
  if (fresh.length > Math.max(2, graph.nodes.length * mostNew)) return null;
  const board = createBoard(graph, places, m);
  if (board.hasOverlap()) return null;
  const wished = assignLayers(graph).columnOf;
  const lastColumn = Math.max(0, ...[...previous.values()].map((place) => place.column));
  for (const node of fresh) {
    const place = findRoom(graph, places, node, { wished: wished[node] ?? 0, last: lastColumn }, board, m);
    if (place === null) return null;
    places[node] = place;
    board.add(node, place);
  }
  return places.flatMap((place) => (place === null ? [] : [place]));
}

function findRoom(
  graph: Graph,
  places: readonly (Place | null)[],
  node: number,
  columns: { wished: number; last: number },
  board: Board,
  m: Metrics,
): Place | null {
  const met = [...(graph.outgoing[node] ?? []).map((e) => e.to), ...(graph.incoming[node] ?? []).map((e) => e.from)];
  const known = met.flatMap((other) => places[other] ?? []);
  const callers = (graph.incoming[node] ?? []).flatMap((edge) => places[edge.from] ?? []);
  const base = known.length === 0 ? 0 : known.reduce((sum, place) => sum + place.y, 0) / known.length;
  const level = Math.round(base / rowStep(m)) * rowStep(m);
  const beside = callers.length > 0 ? Math.max(...callers.map((place) => place.column)) + 1 : columns.wished;
  const isOutside = graph.nodes[node]?.outside === true;
  const home = isOutside
    ? [columns.wished === 0 && callers.length === 0 ? 0 : columns.last]
    : [beside, beside - 1, beside + 1];
  for (const column of home) {
    if (column < 0 || column > columns.last) continue;
    for (let distance = 0; distance <= board.rows + 2; distance++) {
      for (const side of distance === 0 ? [1] : [1, -1]) {
        const place = { column, y: level + side * distance * rowStep(m) };
        if (board.fits(node, place)) return place;
      }
    }
  }
  return null;
}

interface Board {
  readonly rows: number;
  fits(node: number, place: Place): boolean;
  add(node: number, place: Place): void;
  hasOverlap(): boolean;
}

/** Everything that stands already: boxes by name, and free cards each on its own. */
export function createBoard(graph: Graph, places: readonly (Place | null)[], m: Metrics): Board {
  const boxes = new Map<string, Rect[]>();
  const boxOf = (node: number): string => graph.nodes[node]?.box ?? `\u0000${node}`;
  const card = (place: Place): Rect => ({
    x: columnX(m, place.column),
    y: place.y,
    width: m.cardWidth,
    height: m.cardHeight,
  });
  const add = (node: number, place: Place): void => {
    const cards = boxes.get(boxOf(node)) ?? [];
    boxes.set(boxOf(node), [...cards, card(place)]);
  };
  places.forEach((place, node) => {
    if (place !== null) add(node, place);
  });
  const isBoxed = (key: string): boolean => !key.startsWith('\u0000');
  const outline = (key: string, cards: readonly Rect[]): Rect => {
    const [only] = cards;
    return !isBoxed(key) && only !== undefined ? only : boxAround(m, cards);
  };
  const gap = (a: string, b: string): number => (isBoxed(a) && isBoxed(b) ? m.boxGap / 2 : m.rowGap / 2);
  return {
    rows: graph.nodes.length,
    add,
    fits(node, place) {
      const own = boxOf(node);
      const cards = boxes.get(own) ?? [];
      const wanted = card(place);
      if (cards.some((other) => overlaps(other, wanted, m.rowGap / 2))) return false;
      const grown = outline(own, [...cards, wanted]);
      return [...boxes].every(([key, others]) => key === own || !overlaps(outline(key, others), grown, gap(key, own)));
    },
    hasOverlap() {
      const all = [...boxes].map(([key, cards]) => ({ key, rect: outline(key, cards) }));
      return all.some((a, index) => all.slice(index + 1).some((b) => overlaps(a.rect, b.rect)));
    },
  };
}
