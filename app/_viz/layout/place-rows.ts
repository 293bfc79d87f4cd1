/**
 * Gives every node its height: boxes are bands across the columns they need, stacked where they meet; inside a band and
 * in the outside columns a node stands level with what it talks to. The order of bands and of the cards in them comes
 * from a few barycentre sweeps, of which the one with the shortest edges wins.
 */
import type { Layers } from './assign-layers.ts';
import type { Graph } from './graph.ts';
import { rowStep, type Metrics } from './metrics.ts';
import { mean, neighbours, placeOutside } from './place-outside.ts';
import { settleRows, type Band } from './settle-rows.ts';
import { spread } from './spread.ts';

const sweeps = 8;

/** Returns the top edge of each node's card. */
export function placeRows(graph: Graph, layers: Layers, m: Metrics): Float64Array {
  let bands = bandsOf(graph, layers);
  let top = stack(graph, bands, m);
  let best = { bands, top, cost: edgeHeight(graph, top) };
  for (let sweep = 0; sweep < sweeps; sweep++) {
    bands = reorder(graph, bands, top, sweep % 2 === 0);
    top = stack(graph, bands, m);
    const cost = edgeHeight(graph, top);
    if (cost < best.cost) best = { bands, top, cost };
  }
  placeOutside(graph, layers, best.top, m);
  return settleRows(graph, layers, best.bands, best.top, m);
}

function bandsOf(graph: Graph, layers: Layers): Band[] {
  const members = new Map<string | null, number[]>();
  graph.nodes.forEach((node, index) => {
    if (node.outside) return;
    const list = members.get(node.box) ?? [];
    list.push(index);
    members.set(node.box, list);
  });
  const bands = [...members].map(([box, nodes]) => {
    const columns = nodes.map((node) => layers.columnOf[node] ?? 0);
    const first = Math.min(...columns);
    const last = Math.max(...columns);
    const cells: number[][] = Array.from({ length: last - first + 1 }, () => []);
    nodes.forEach((node, i) => cells[(columns[i] ?? 0) - first]?.push(node));
    return { box, cells, first, last };
  });
  // Wide bands first: small ones then fill the room beside and below them.
  return bands.sort((a, b) => b.last - b.first - (a.last - a.first) || a.first - b.first);
}

/** Lays the bands on a skyline: each as high as the columns it spans allow. */
function stack(graph: Graph, bands: readonly Band[], m: Metrics): Float64Array {
  const top = new Float64Array(graph.nodes.length);
  const skyline: number[] = [];
  const step = rowStep(m);
  for (const band of bands) {
    const boxed = band.box !== null;
    const head = boxed ? m.boxTitle + m.boxPadding : 0;
    const rows = Math.max(...band.cells.map((cell) => cell.length));
    const height = rows * step - m.rowGap;
    let start = 0;
    for (let column = band.first; column <= band.last; column++) start = Math.max(start, skyline[column] ?? 0);
    placeCells(graph, band, start + head, height - m.cardHeight, top, step);
    const end = start + head + height + (boxed ? m.boxPadding : 0) + m.boxGap;
    for (let column = band.first; column <= band.last; column++) skyline[column] = end;
  }
  return top;
}

/** Fills a band column by column; a card stands level with its neighbours in the columns already filled. */
function placeCells(graph: Graph, band: Band, start: number, room: number, top: Float64Array, step: number): void {
  const placed = new Set<number>();
  for (const cell of band.cells) {
    const middle = start + room / 2;
    const desired = cell.map((node, row) => {
      const levels = neighbours(graph, node)
        .filter((other) => placed.has(other))
        .map((other) => top[other] ?? 0);
      return mean(levels) ?? middle + (row - (cell.length - 1) / 2) * step;
    });
    spread(desired, step, { min: start, max: start + room }).forEach((y, row) => {
      const node = cell[row];
      if (node !== undefined) top[node] = y;
    });
    cell.forEach((node) => placed.add(node));
  }
}

function reorder(graph: Graph, bands: readonly Band[], top: Float64Array, moveBands: boolean): Band[] {
  const level = (node: number): number =>
    mean(neighbours(graph, node).map((other) => top[other] ?? 0)) ?? top[node] ?? 0;
  const levels = Float64Array.from(graph.nodes, (_, node) => level(node));
  const sorted = bands.map((band) => ({
    ...band,
    cells: band.cells.map((cell) => [...cell].sort((a, b) => (levels[a] ?? 0) - (levels[b] ?? 0) || a - b)),
  }));
  if (!moveBands) return sorted;
  const bandLevel = new Map(
    sorted.map((band) => [band, mean(band.cells.flat().map((node) => levels[node] ?? 0)) ?? 0]),
  );
  return sorted.sort((a, b) => (bandLevel.get(a) ?? 0) - (bandLevel.get(b) ?? 0));
}

function edgeHeight(graph: Graph, top: Float64Array): number {
  let cost = 0;
  for (const { from, to } of graph.edges) {
    if (graph.nodes[from]?.outside === false && graph.nodes[to]?.outside === false) {
      cost += Math.abs((top[from] ?? 0) - (top[to] ?? 0));
    }
  }
  return cost;
}
