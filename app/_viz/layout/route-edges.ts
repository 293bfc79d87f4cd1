/**
 * Draws every edge as a curve that leaves its source at the right and enters its destination at the left, and passes
 * the columns in between through the gaps between their cards. What runs backwards turns round beside the cards.
 */
import type { Graph, IndexedEdge } from './graph.ts';
import { columnX, type Metrics, type Rect } from './metrics.ts';
import { spread } from './spread.ts';

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
  /** Points along the curve as x, y, x, y ...: evenly enough for marks, labels and hits. A worker hands it over whole. */
  readonly samples: Float32Array;
}

export function pointsOf(route: Route | undefined): Point[] {
  if (route === undefined) return [];
  return Array.from({ length: route.samples.length / 2 }, (_, at) => ({
    x: route.samples[2 * at] ?? 0,
    y: route.samples[2 * at + 1] ?? 0,
  }));
}

type Curve = readonly [Point, Point, Point, Point];
interface Piece {
  readonly curve: Curve;
  readonly samples: number;
}

/** What an edge keeps from the cards it passes; ten edges can pass between two cards. */
const clearance = 6;
const turn = 44;
const arrow = 7;
const laneStep = 5;
/** Samples of a curve between two columns, and of the straight way past one. */
const perBend = 8;
const perPass = 4;

/** Free stretches of each column, from the uppermost to the lowest. */
type Gaps = readonly (readonly Gap[])[];
interface Gap {
  readonly min: number;
  readonly max: number;
}

/** One edge going past one column: where it would like to, and in the end where it does. */
interface Pass {
  readonly column: number;
  readonly wish: number;
  level: number;
}

interface Way {
  readonly edge: IndexedEdge;
  readonly start: Point;
  readonly end: Point;
  readonly from: number;
  readonly isForward: boolean;
  readonly passes: readonly Pass[];
}

export function routeEdges(
  graph: Graph,
  columnOf: Int32Array,
  cards: readonly Rect[],
  boxes: Iterable<Rect>,
  m: Metrics,
): Map<string, Route> {
  const ports = assignPorts(graph, cards, m);
  const routes = new Map<string, Route>();
  const ways: Way[] = [];
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
    ways.push(findWay(edge, start, end, columnOf, m));
  }
  takeLanes(ways, gapsOf(columnOf, cards, boxes, m));
  for (const way of ways) routes.set(way.edge.id, toRoute(curvesOf(way, m)));
  return routes;
}

function findWay(edge: IndexedEdge, start: Point, end: Point, columnOf: Int32Array, m: Metrics): Way {
  const [from, to] = [columnOf[edge.from] ?? 0, columnOf[edge.to] ?? 0];
  const isForward = to > from;
  const columns = isForward ? range(from + 1, to - 1) : range(to, from).reverse();
  const passes = columns.map((column) => {
    const share = isForward ? (columnX(m, column) - clearance - start.x) / (end.x - start.x) : 0.5;
    const wish = start.y + (end.y - start.y) * share;
    return { column, wish, level: wish };
  });
  return { edge, start, end, from, isForward, passes };
}

/** Edges that pass through the same gap lie beside each other there, in the order in which they come and go. */
function takeLanes(ways: readonly Way[], gaps: Gaps): void {
  const lanes = new Map<Gap, Pass[]>();
  for (const { passes } of ways) {
    for (const pass of passes) {
      const gap = nearestGap(gaps[pass.column] ?? [], pass.wish);
      if (gap === null) continue;
      const known = lanes.get(gap);
      if (known === undefined) lanes.set(gap, [pass]);
      else known.push(pass);
    }
  }
  for (const [gap, passes] of lanes) {
    passes.sort((a, b) => a.wish - b.wish);
    const step = Math.min(laneStep, (gap.max - gap.min) / Math.max(1, passes.length - 1));
    const wishes = passes.map(({ wish }) => Math.max(gap.min, Math.min(gap.max, wish)));
    spread(wishes, step, gap).forEach((level, at) => {
      const pass = passes[at];
      if (pass !== undefined) pass.level = level;
    });
  }
}

function nearestGap(gaps: readonly Gap[], wish: number): Gap | null {
  let best: Gap | null = null;
  let bestDistance = Infinity;
  for (const gap of gaps) {
    const distance = Math.max(0, gap.min - wish, wish - gap.max);
    if (distance >= bestDistance) continue;
    best = gap;
    bestDistance = distance;
  }
  return best;
}

function curvesOf({ start, end, from, isForward, passes }: Way, m: Metrics): Piece[] {
  const pieces: Piece[] = [];
  let at = start;
  for (const { column, level } of passes) {
    const enter = { x: columnX(m, column) + (isForward ? -clearance : m.cardWidth), y: level };
    const leave = { x: columnX(m, column) + (isForward ? m.cardWidth + clearance : 0), y: level };
    const isTurn = !isForward && column === from;
    pieces.push({ curve: isTurn ? turnRound(at, enter, turn) : sweep(at, enter), samples: perBend });
    pieces.push({ curve: sweep(enter, leave), samples: perPass });
    at = leave;
  }
  pieces.push({ curve: isForward ? sweep(at, end) : turnRound(at, end, -turn), samples: perBend });
  return pieces;
}

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
  const bends: Curve[] = [
    [{ x: right, y: bottom - 12 }, { x: right + 28, y: bottom - 12 }, { x: right + 28, y: low.y }, low],
    [low, { x: right - 28, y: low.y }, { x: end.x, y: low.y - 2 }, end],
  ];
  const route = toRoute(bends.map((curve) => ({ curve, samples: perBend })));
  return { ...route, tip: { x: end.x, y: bottom }, enters: 'up' };
}

function gapsOf(columnOf: Int32Array, cards: readonly Rect[], boxes: Iterable<Rect>, m: Metrics): Gaps {
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
  return columns.map((taken) => {
    taken.sort((a, b) => a[0] - b[0]);
    const gaps: Gap[] = [];
    let min = -Infinity;
    for (const [top, bottom] of taken) {
      if (top >= min) gaps.push({ min, max: top });
      min = Math.max(min, bottom);
    }
    return [...gaps, { min, max: Infinity }];
  });
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

function toRoute(pieces: readonly Piece[]): Route {
  const first = pieces[0]?.curve[0] ?? { x: 0, y: 0 };
  const last = pieces.at(-1)?.curve[3] ?? first;
  const body = pieces.map(({ curve: [, b, c, d] }) => `C${pair(b)} ${pair(c)} ${pair(d)}`).join('');
  const samples = new Float32Array(2 + pieces.reduce((sum, piece) => sum + 2 * piece.samples, 0));
  samples.set([first.x, first.y]);
  let at = 2;
  for (const { curve, samples: count } of pieces) {
    for (let step = 1; step <= count; step++, at += 2) {
      const { x, y } = pointOn(curve, step / count);
      samples[at] = x;
      samples[at + 1] = y;
    }
  }
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
