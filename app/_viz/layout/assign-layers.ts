/**
 * Gives every node its column: clients left of servers by longest path, outside callers in front of everything, other
 * outside things behind everything.
 */
import { breakCycles } from './break-cycles.ts';
import type { Graph } from './graph.ts';

export interface Layers {
  /** Column of each node, from 0 without holes. */
  readonly columnOf: Int32Array;
  readonly columns: number;
}

/** A random graph's longest path is far longer than a screen is wide; past this, neighbouring layers share a column. */
function widestMap(nodes: number): number {
  return Math.max(8, Math.round(1.5 * Math.sqrt(nodes)));
}

export function assignLayers(graph: Graph): Layers {
  const isInside = (node: number): boolean => graph.nodes[node]?.outside !== true;
  const order = breakCycles(graph, isInside);
  const rank = new Int32Array(graph.nodes.length).fill(-1);
  order.forEach((node, position) => (rank[node] = position));
  const isForward = (from: number, to: number): boolean =>
    isInside(from) && isInside(to) && (rank[from] ?? 0) < (rank[to] ?? 0);

  const columnOf = new Int32Array(graph.nodes.length);
  for (const node of order) {
    for (const { to } of graph.outgoing[node] ?? []) {
      if (isForward(node, to)) columnOf[to] = Math.max(columnOf[to] ?? 0, (columnOf[node] ?? 0) + 1);
    }
  }
  pullCallersRight(graph, order, columnOf, isForward);
  return placeOutside(graph, isInside, compact(order, columnOf));
}

/** A caller nobody calls stands right before the first thing it calls instead of at the far left. */
function pullCallersRight(
  graph: Graph,
  order: readonly number[],
  columnOf: Int32Array,
  isForward: (from: number, to: number) => boolean,
): void {
  for (const node of order) {
    if ((graph.incoming[node] ?? []).some(({ from }) => isForward(from, node))) continue;
    const called = (graph.outgoing[node] ?? []).filter(({ to }) => isForward(node, to));
    if (called.length > 0) columnOf[node] = Math.min(...called.map(({ to }) => columnOf[to] ?? 0)) - 1;
  }
}

function compact(order: readonly number[], columnOf: Int32Array): Int32Array {
  const depth = Math.max(0, ...order.map((node) => columnOf[node] ?? 0)) + 1;
  const widest = widestMap(order.length);
  if (depth <= widest) return columnOf;
  return columnOf.map((column) => Math.floor((column * widest) / depth));
}

function placeOutside(graph: Graph, isInside: (node: number) => boolean, columnOf: Int32Array): Layers {
  const all = graph.nodes.map((_, node) => node);
  const inside = all.filter(isInside);
  const callers = all.filter(
    (node) => !isInside(node) && graph.incoming[node]?.length === 0 && (graph.outgoing[node]?.length ?? 0) > 0,
  );
  const shift = callers.length > 0 ? 1 : 0;
  for (const node of inside) columnOf[node] = (columnOf[node] ?? 0) + shift;
  const used = [...new Set(inside.map((node) => columnOf[node] ?? 0))].sort((a, b) => a - b);
  const renumbered = new Map(used.map((column, index) => [column, index + shift]));
  for (const node of inside) columnOf[node] = renumbered.get(columnOf[node] ?? 0) ?? 0;
  const last = used.length + shift;
  const isCaller = new Set(callers);
  const outside = all.filter((node) => !isInside(node));
  for (const node of outside) columnOf[node] = isCaller.has(node) ? 0 : last;
  const behind = outside.some((node) => !isCaller.has(node));
  return { columnOf, columns: last + (behind ? 1 : 0) };
}
