/**
 * Cards that the reader put somewhere: each stays exactly there, and what stood in its way finds room nearby. A place
 * that cannot be had without an overlap is left alone for now, and the card stands where the layout puts it.
 */
import { indexGraph, type Graph, type LayoutEdge, type LayoutNode } from './graph.ts';
import { createBoard, keepPlaces, type Place } from './keep-places.ts';
import { boxAround, columnX, metrics, overlaps, type Metrics, type Rect } from './metrics.ts';

/** How finely a card can be put up and down. */
const step = 4;
/** More than this would not be searched through while a hand waits. */
const mostSteps = 400;

/** `places` are those of all nodes of the graph, in its order. */
export function pinPlaces(
  graph: Graph,
  places: readonly Place[],
  pins: ReadonlyMap<string, Place>,
  m: Metrics,
): readonly Place[] {
  const wanted = new Map(graph.nodes.flatMap(({ id }) => entry(id, pins.get(id))));
  if (wanted.size === 0) return places;
  const all = settled(graph, places, wanted, m);
  if (all !== null) return all;
  let best = places;
  const had = new Map<string, Place>();
  for (const [id, place] of wanted) {
    const next = settled(graph, best, new Map([...had, [id, place]]), m);
    if (next === null) continue;
    had.set(id, place);
    best = next;
  }
  return best;
}

/** With these pins and nothing overlapping; null when that cannot be. */
function settled(
  graph: Graph,
  places: readonly Place[],
  pins: ReadonlyMap<string, Place>,
  m: Metrics,
): readonly Place[] | null {
  const wanted = graph.nodes.flatMap((node, at) => {
    const place = pins.get(node.id) ?? places[at];
    return place === undefined ? [] : [{ node, place, isPinned: pins.has(node.id), card: cardAt(place, m) }];
  });
  const groupOf = ({ id, box }: LayoutNode): string => box ?? `\u0000${id}`;
  const outlines = new Map<string, { cards: Rect[]; isPinned: boolean }>();
  for (const { node, card, isPinned } of wanted) {
    const known = outlines.get(groupOf(node));
    if (known === undefined) outlines.set(groupOf(node), { cards: [card], isPinned });
    else {
      known.cards.push(card);
      known.isPinned ||= isPinned;
    }
  }
  const rects = new Map(
    [...outlines].map(([group, { cards }]) => {
      const [only] = cards;
      return [group, group.startsWith('\u0000') && only !== undefined ? only : boxAround(m, cards)] as const;
    }),
  );
  const pushing = [...outlines].filter(([, { isPinned }]) => isPinned).map(([group]) => group);
  const isPushed = (group: string): boolean =>
    pushing.some((other) => {
      const [a, b] = [rects.get(group), rects.get(other)];
      return other !== group && a !== undefined && b !== undefined && overlaps(a, b, m.boxGap / 2);
    });
  const pinned = wanted.filter(({ isPinned }) => isPinned);
  const isInTheWay = ({ node, card, isPinned }: (typeof wanted)[number]): boolean =>
    !isPinned && (isPushed(groupOf(node)) || pinned.some((other) => overlaps(card, other.card, m.rowGap / 2)));
  const known = wanted.filter((one) => !isInTheWay(one)).map(({ node, place }) => [node.id, place] as const);
  return keepPlaces(graph, new Map(known), m);
}

/** The place nearest to the one wanted, in its column, where this card overlaps nothing; null when there is none near. */
export function placeNear(
  nodes: readonly LayoutNode[],
  edges: readonly LayoutEdge[],
  places: ReadonlyMap<string, Place>,
  id: string,
  wanted: Place,
  m: Metrics = metrics,
): Place | null {
  const graph = indexGraph(nodes, edges);
  const node = graph.nodes.findIndex((one) => one.id === id);
  if (node < 0) return null;
  const others = graph.nodes.map((one) => (one.id === id ? null : (places.get(one.id) ?? null)));
  const board = createBoard(graph, others, m);
  const level = Math.round(wanted.y / step) * step;
  for (let distance = 0; distance <= mostSteps; distance++) {
    for (const side of distance === 0 ? [1] : [1, -1]) {
      const place = { column: Math.max(0, wanted.column), y: level + side * distance * step };
      if (board.fits(node, place)) return place;
    }
  }
  return null;
}

/** Which column a card stands in whose left edge is here. */
export const columnAt = (x: number, m: Metrics = metrics): number =>
  Math.max(0, Math.round(x / (m.cardWidth + m.columnGap)));

const cardAt = ({ column, y }: Place, m: Metrics): Rect => ({
  x: columnX(m, column),
  y,
  width: m.cardWidth,
  height: m.cardHeight,
});

const entry = <T>(key: string, value: T | undefined): [string, T][] => (value === undefined ? [] : [[key, value]]);
