/**
 * Draws every edge as a curve that leaves its source at the right and enters its destination at the left, and passes
 * the columns in between through the gaps between their cards. What runs backwards turns round beside the cards.
 */
import { choosePasses, type Gap, type Pass, type Trail } from './choose-passes.ts';
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

/**
 * What an edge keeps from the cards it passes; ten edges can pass between two cards. As long as an arrow: curves between
 * two columns then all begin and end at the same place across, and cross only when their ends are the other way round.
 */
const clearance = 7;
const arrow = clearance;
const turn = 44;
const laneStep = 5;
/** The room that all lanes of one gap take at most: above and below a column there is no end to it, and to a map no sense in it. */
const mostRoom = 110;
/** Samples of a curve between two columns, and of the straight way past one. */
const perBend = 8;
const perPass = 4;

type Gaps = readonly (readonly Gap[])[];

interface Way extends Trail {
  readonly edge: IndexedEdge;
  readonly startX: number;
  readonly endX: number;
}

export function routeEdges(
  graph: Graph,
  columnOf: Int32Array,
  cards: readonly Rect[],
  boxes: Iterable<Rect>,
  m: Metrics,
): Map<string, Route> {
  const routes = new Map<string, Route>();
  const ways: Way[] = [];
  for (const edge of graph.edges) {
    const source = cards[edge.from];
    const destination = cards[edge.to];
    if (source === undefined || destination === undefined) continue;
    if (edge.from === edge.to) routes.set(edge.id, selfLoop(source));
    else ways.push(findWay(edge, source, destination, columnOf, m));
  }
  const gaps = gapsOf(columnOf, cards, boxes, m);
  choosePasses(ways, gaps);
  takeLanes(ways, gaps);
  const ports = assignPorts(graph, ways, m);
  for (const way of ways) {
    const startY = ports.out.get(way) ?? way.startY;
    const endY = ports.into.get(way) ?? way.endY;
    routes.set(way.edge.id, toRoute(curvesOf({ ...way, startY, endY }, m)));
  }
  return routes;
}

function findWay(edge: IndexedEdge, source: Rect, destination: Rect, columnOf: Int32Array, m: Metrics): Way {
  const [from, to] = [columnOf[edge.from] ?? 0, columnOf[edge.to] ?? 0];
  const isForward = to > from;
  const columns = isForward ? range(from + 1, to - 1) : range(to, from).reverse();
  const startX = source.x + source.width;
  const endX = destination.x - arrow;
  const startY = source.y + source.height / 2;
  const endY = destination.y + destination.height / 2;
  const passes = columns.map((column) => {
    const share = isForward ? (columnX(m, column) - clearance - startX) / (endX - startX) : 0.5;
    const wish = startY + (endY - startY) * share;
    return { column, wish, level: wish };
  });
  return { edge, startX, endX, startY, endY, from, isForward, passes };
}

interface Lane {
  readonly pass: Pass;
  readonly level: number;
  /** The height of what comes before and after, which orders edges that would like the same lane. */
  readonly drift: number;
}

/** Edges that pass through the same gap lie beside each other there, in the order in which they come and go. */
function takeLanes(ways: readonly Way[], gaps: Gaps): void {
  const lanes = new Map<Gap, Lane[]>();
  for (const { passes, startY, endY } of ways) {
    const levels = passes.map(({ level }) => level);
    passes.forEach((pass, at) => {
      const gap = nearestGap(gaps[pass.column] ?? [], pass.level);
      if (gap === null) return;
      const lane = { pass, level: pass.level, drift: (levels[at - 1] ?? startY) + (levels[at + 1] ?? endY) };
      const known = lanes.get(gap);
      if (known === undefined) lanes.set(gap, [lane]);
      else known.push(lane);
    });
  }
  for (const [gap, inGap] of lanes) {
    inGap.sort((a, b) => a.level - b.level || a.drift - b.drift);
    const step = Math.min(laneStep, Math.min(mostRoom, gap.max - gap.min) / Math.max(1, inGap.length - 1));
    spread(
      inGap.map(({ level }) => level),
      step,
      gap,
    ).forEach((level, at) => {
      const lane = inGap[at];
      if (lane !== undefined) lane.pass.level = level;
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

function curvesOf({ startX, startY, endX, endY, from, isForward, passes }: Way, m: Metrics): Piece[] {
  const start = { x: startX, y: startY };
  const end = { x: endX, y: endY };
  const out = { x: startX + clearance, y: startY };
  const pieces: Piece[] = isForward ? [{ curve: sweep(start, out), samples: 1 }] : [];
  let at = isForward ? out : start;
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
  readonly out: ReadonlyMap<Way, number>;
  readonly into: ReadonlyMap<Way, number>;
}

/** Edges of one card get their own place on its side, in the order in which they go on from there. */
function assignPorts(graph: Graph, ways: readonly Way[], m: Metrics): Ports {
  const outgoing: Way[][] = graph.nodes.map(() => []);
  const incoming: Way[][] = graph.nodes.map(() => []);
  for (const way of ways) {
    outgoing[way.edge.from]?.push(way);
    incoming[way.edge.to]?.push(way);
  }
  const out = new Map<Way, number>();
  const into = new Map<Way, number>();
  for (const side of outgoing) share(out, side, ({ startY, endY, passes }) => [startY, passes[0]?.level ?? endY], m);
  for (const side of incoming)
    share(into, side, ({ startY, endY, passes }) => [endY, passes.at(-1)?.level ?? startY], m);
  return { out, into };
}

function share(side: Map<Way, number>, ways: Way[], ends: (way: Way) => readonly [number, number], m: Metrics): void {
  const step = Math.min(8, (m.cardHeight - 20) / Math.max(1, ways.length - 1));
  // What turns round at the card lies outermost, the widest turn furthest in: so turns lie inside each other.
  const turning = (way: Way): number => (way.isForward ? 0 : Math.sign(ends(way)[1] - ends(way)[0]));
  const along = (way: Way): number => (way.isForward ? 1 : -1) * ends(way)[1];
  ways.sort((a, b) => turning(a) - turning(b) || along(a) - along(b) || (a.edge.id < b.edge.id ? -1 : 1));
  ways.forEach((way, position) => side.set(way, ends(way)[0] + (position - (ways.length - 1) / 2) * step));
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
