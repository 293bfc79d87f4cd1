/**
 * Takes crossings out of a placed map by small moves, as long as they help: a card changes its row inside its box, or
 * two boxes change places. Rows become a grid in passing, so that cards of a box stand level.
 */
import type { Layers } from './assign-layers.ts';
import type { Graph } from './graph.ts';
import { rowStep, type Metrics } from './metrics.ts';
import { placeOutside } from './place-outside.ts';
import { createTangle, type Tangle } from './tangle.ts';

const mostRounds = 16;
const empty = -1;

/** The cards of one box, or all that stand free, by column. */
export interface Band {
  readonly box: string | null;
  /** Node indices by column; a column without members is an empty list. */
  readonly cells: number[][];
  readonly first: number;
  readonly last: number;
}

/** A band whose cells name the card of every row, or `empty`. */
interface Grid {
  readonly box: string | null;
  readonly first: number;
  readonly rows: number;
  readonly cells: number[][];
}

/** `bands` from the upper to the lower. Returns the top edge of each node's card. */
export function settleRows(
  graph: Graph,
  layers: Layers,
  bands: readonly Band[],
  placed: Float64Array,
  m: Metrics,
): Float64Array {
  const tangle = createTangle(graph, layers, m);
  let grids = bands.map((band) => gridOf(band, placed, m));
  let top = stackGrids(graph, layers, grids, m);
  if (!tangle.isSmall) {
    moveCards(grids, top, tangle, m);
    return top;
  }
  let cost = tangle.total(top);
  for (let round = 0; round < mostRounds && !tangle.isSpent(); round++) {
    const before = cost;
    moveCards(grids, top, tangle, m);
    ({ grids, top, cost } = moveBands(graph, layers, grids, tangle, m));
    if (cost >= before) break;
  }
  return top;
}

function gridOf(band: Band, placed: Float64Array, m: Metrics): Grid {
  const rows = Math.max(...band.cells.map((cell) => cell.length));
  const start = Math.min(...band.cells.flat().map((node) => placed[node] ?? 0));
  const cells = band.cells.map((cell) => {
    const slots = new Array<number>(rows).fill(empty);
    const sorted = [...cell].sort((a, b) => (placed[a] ?? 0) - (placed[b] ?? 0));
    sorted.forEach((node, position) => {
      const wish = Math.round(((placed[node] ?? 0) - start) / rowStep(m));
      const last = rows - (sorted.length - position);
      const above = position === 0 ? empty : slots.indexOf(sorted[position - 1] ?? empty);
      slots[Math.min(last, Math.max(above + 1, wish))] = node;
    });
    return slots;
  });
  return { box: band.box, first: band.first, rows, cells };
}

/** Lays the bands on a skyline: each as high as the columns it spans allow. */
function stackGrids(graph: Graph, layers: Layers, grids: readonly Grid[], m: Metrics): Float64Array {
  const top = new Float64Array(graph.nodes.length);
  const skyline: number[] = [];
  for (const { box, first, rows, cells } of grids) {
    let start = 0;
    cells.forEach((_, at) => (start = Math.max(start, skyline[first + at] ?? 0)));
    const head = box === null ? 0 : m.boxTitle + m.boxPadding;
    for (const cell of cells) {
      cell.forEach((node, row) => {
        if (node !== empty) top[node] = start + head + row * rowStep(m);
      });
    }
    const end = start + head + rows * rowStep(m) - m.rowGap + (box === null ? 0 : m.boxPadding) + m.boxGap;
    cells.forEach((_, at) => (skyline[first + at] = end));
  }
  placeOutside(graph, layers, top, m);
  return top;
}

function moveCards(grids: readonly Grid[], top: Float64Array, tangle: Tangle, m: Metrics): void {
  for (const { cells } of grids) {
    for (const cell of cells) {
      for (let upper = 0; upper < cell.length; upper++) {
        for (let lower = upper + 1; lower < cell.length; lower++) {
          if (tangle.isSpent()) return;
          tryExchange(cell, upper, lower, top, tangle, m);
        }
      }
    }
  }
}

function tryExchange(
  cell: number[],
  upper: number,
  lower: number,
  top: Float64Array,
  tangle: Tangle,
  m: Metrics,
): void {
  const a = cell[upper] ?? empty;
  const b = cell[lower] ?? empty;
  const cards = [a, b].filter((card) => card !== empty);
  if (cards.length === 0) return;
  const exchange = (first: number, second: number, sign: 1 | -1): void => {
    const step = sign * (lower - upper) * rowStep(m);
    if (a !== empty) top[a] = (top[a] ?? 0) + step;
    if (b !== empty) top[b] = (top[b] ?? 0) - step;
    cell[upper] = first;
    cell[lower] = second;
  };
  const before = tangle.around(top, cards);
  exchange(b, a, 1);
  if (tangle.around(top, cards) >= before) exchange(a, b, -1);
}

function moveBands(
  graph: Graph,
  layers: Layers,
  grids: readonly Grid[],
  tangle: Tangle,
  m: Metrics,
): { grids: Grid[]; top: Float64Array; cost: number } {
  let best = [...grids];
  let top = stackGrids(graph, layers, best, m);
  let cost = tangle.total(top);
  for (let at = 0; at < best.length; at++) {
    for (let to = 0; to < best.length && !tangle.isSpent(); to++) {
      if (at === to) continue;
      const tried = [...best];
      tried.splice(to, 0, ...tried.splice(at, 1));
      const triedTop = stackGrids(graph, layers, tried, m);
      const triedCost = tangle.total(triedTop);
      if (triedCost < cost) [best, top, cost] = [tried, triedTop, triedCost];
    }
  }
  return { grids: best, top, cost };
}
