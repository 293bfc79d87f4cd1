/**
 * Draws every edge as a curve that leaves its source at the right and enters its destination at the left, and passes
 * the columns in between through the gaps between their cards. What runs backwards turns round beside the cards.
 */
import type { Graph, IndexedEdge } from './graph.ts';
import { columnX, type Metrics, type Rect } from './metrics.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Route {
  /** SVG path data; ends where the arrow head begins. */
  readonly path: string;
  /** Where the arrow's point touches the card. */
  readonly tip: Point;
  /** Which way the arrow points. */
  readonly enters: 'right' | 'up';
  /** Points along the curve, evenly enough for marks and labels. */
  readonly samples: readonly Point[];
}

type Curve = readonly [Point, Point, Point, Point];

/** Leaves room for the drops that stand on a card's corner. */
const clearance = 13;
const turn = 44;
const arrow = 7;
/** Samples per curve. */
const perCurve = 16;

/** Rows of cards in each column, as intervals no edge may pass through, sorted by their upper end. */
type Obstacles = readonly (readonly (readonly [number, number])[])[];

export function routeEdges(
  graph: Graph,
  columnOf: Int32Array,
  cards: readonly Rect[],
  boxes: Iterable<Rect>,
  m: Metrics,
): Map<string, Route> {
  const obstacles = obstaclesOf(columnOf, cards, boxes, m);
  const ports = assignPorts(graph, cards, m);
  const routes = new Map<string, Route>();
  for (const edge of graph.edges) {
    const source = cards[edge.from];
    const destination = cards[edge.to];
    if (source === undefined || destination === undefined) continue;
    if (edge.from === edge.to) {
      routes.set(edge.id, selfLoop(source));
      continue;
    }
    const start = { x: source.x + source.width, y: ports.out.get(edge.id) ?? source.y };
    const end = { x: destination.x - arrow, y: ports.into.get(edge.id) ?? destination.y };
    const curves = connect(start, end, columnOf[edge.from] ?? 0, columnOf[edge.to] ?? 0, obstacles, m);
    routes.set(edge.id, toRoute(curves));
  }
  return routes;
}

function connect(start: Point, end: Point, from: number, to: number, obstacles: Obstacles, m: Metrics): Curve[] {
  const curves: Curve[] = [];
  let at = start;
  const isForward = to > from;
  const passed = isForward ? range(from + 1, to - 1) : range(to, from).reverse();
  for (const column of passed) {
    const near = columnX(m, column) + (isForward ? -clearance : m.cardWidth);
    const far = columnX(m, column) + (isForward ? m.cardWidth + clearance : 0);
    const share = isForward ? (near - start.x) / (end.x - start.x) : 0.5;
    const wish = isForward ? start.y + (end.y - start.y) * share : column === from ? passLevel(start, end) : at.y;
    const y = freeLevel(obstacles[column] ?? [], wish);
    const enter = { x: near, y };
    curves.push(!isForward && column === from ? turnRound(at, enter, turn) : sweep(at, enter));
    at = { x: far, y };
    curves.push(sweep(enter, at));
  }
  curves.push(isForward ? sweep(at, end) : turnRound(at, end, -turn));
  return curves;
}

/** Edges that run back pass under the lower end unless the other one is far above. */
const passLevel = (start: Point, end: Point): number => (start.y + end.y) / 2 + 1;

const sweep = (a: Point, b: Point): Curve => {
  const bend = (b.x - a.x) / 2;
  return [a, { x: a.x + bend, y: a.y }, { x: b.x - bend, y: b.y }, b];
};

/** A half turn beside the cards: to the right of both points for a positive reach, else to the left. */
const turnRound = (a: Point, b: Point, reach: number): Curve => {
  const x = (reach > 0 ? Math.max(a.x, b.x) : Math.min(a.x, b.x)) + reach;
  return [a, { x, y: a.y }, { x, y: b.y }, b];
};

/** A small bow under the card's lower right corner, back up into its lower edge. */
function selfLoop(card: Rect): Route {
  const right = card.x + card.width;
  const bottom = card.y + card.height;
  const low = { x: right - 10, y: bottom + 20 };
  const end = { x: right - 40, y: bottom + arrow };
  const route = toRoute([
    [{ x: right, y: bottom - 12 }, { x: right + 28, y: bottom - 12 }, { x: right + 28, y: low.y }, low],
    [low, { x: right - 28, y: low.y }, { x: end.x, y: low.y - 2 }, end],
  ]);
  return { ...route, tip: { x: end.x, y: bottom }, enters: 'up' };
}

function obstaclesOf(columnOf: Int32Array, cards: readonly Rect[], boxes: Iterable<Rect>, m: Metrics): Obstacles {
  // A column can be empty: what stood there is gone and nothing moved into its place.
  const columns: [number, number][][] = Array.from({ length: Math.max(0, ...columnOf) + 1 }, () => []);
  cards.forEach((card, node) => {
    columns[columnOf[node] ?? 0]?.push([card.y - clearance, card.y + card.height + clearance]);
  });
  // The title of a box stands in its first column.
  for (const box of boxes) {
    const column = Math.round((box.x + m.boxPadding) / (m.cardWidth + m.columnGap));
    columns[column]?.push([box.y, box.y + m.boxTitle + 2]);
  }
  for (const column of columns) column.sort((a, b) => a[0] - b[0]);
  return columns;
}

/** The level nearest to `wish` that no card of the column stands on. */
function freeLevel(column: Obstacles[number], wish: number): number {
  let above = wish;
  let below = wish;
  for (const [top, bottom] of column) if (top < below && below < bottom) below = bottom;
  for (const [top, bottom] of [...column].reverse()) if (top < above && above < bottom) above = top;
  return wish - above < below - wish ? above : below;
}

interface Ports {
  readonly out: ReadonlyMap<string, number>;
  readonly into: ReadonlyMap<string, number>;
}

/** Edges of one card get their own place on its side, in the order of what stands at their other end. */
function assignPorts(graph: Graph, cards: readonly Rect[], m: Metrics): Ports {
  const out = new Map<string, number>();
  const into = new Map<string, number>();
  const room = m.cardHeight - 20;
  const share = (side: Map<string, number>, edges: readonly IndexedEdge[], other: (e: IndexedEdge) => number): void => {
    const real = edges.filter((edge) => edge.from !== edge.to);
    const sorted = [...real].sort(
      (a, b) => (cards[other(a)]?.y ?? 0) - (cards[other(b)]?.y ?? 0) || (a.id < b.id ? -1 : 1),
    );
    const step = Math.min(8, room / Math.max(1, sorted.length - 1));
    sorted.forEach((edge, position) => {
      const card = cards[other(edge) === edge.to ? edge.from : edge.to];
      const middle = (card?.y ?? 0) + m.cardHeight / 2;
      side.set(edge.id, middle + (position - (sorted.length - 1) / 2) * step);
    });
  };
  graph.nodes.forEach((_, node) => {
    share(out, graph.outgoing[node] ?? [], (edge) => edge.to);
    share(into, graph.incoming[node] ?? [], (edge) => edge.from);
  });
  return { out, into };
}

function toRoute(curves: readonly Curve[]): Route {
  const first = curves[0]?.[0] ?? { x: 0, y: 0 };
  const last = curves.at(-1)?.[3] ?? first;
  const body = curves.map(([, b, c, d]) => `C${pair(b)} ${pair(c)} ${pair(d)}`).join('');
  const samples = [
    first,
    ...curves.flatMap((curve) => range(1, perCurve).map((step) => pointOn(curve, step / perCurve))),
  ];
  return { path: `M${pair(first)}${body}`, tip: { x: last.x + arrow, y: last.y }, enters: 'right', samples };
}

function pointOn([a, b, c, d]: Curve, t: number): Point {
  const s = 1 - t;
  const mix = (p: number, q: number, r: number, u: number): number =>
    s * s * s * p + 3 * s * s * t * q + 3 * s * t * t * r + t * t * t * u;
  return { x: mix(a.x, b.x, c.x, d.x), y: mix(a.y, b.y, c.y, d.y) };
}

const pair = ({ x, y }: Point): string => `${round(x)},${round(y)}`;
const round = (value: number): number => Math.round(value * 10) / 10;
const range = (first: number, last: number): number[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
