/** The columns of what stands outside: each thing level with what it talks to, in that order. */
import type { Layers } from './assign-layers.ts';
import type { Graph } from './graph.ts';
import { rowStep, type Metrics } from './metrics.ts';
import { spread } from './spread.ts';

export function placeOutside(graph: Graph, layers: Layers, top: Float64Array, m: Metrics): void {
  const inside = graph.nodes.flatMap((node, index) => (node.outside ? [] : [top[index] ?? 0]));
  const middle = inside.length === 0 ? 0 : (Math.min(...inside) + Math.max(...inside)) / 2;
  for (const column of [0, layers.columns - 1]) {
    const cell = graph.nodes.flatMap((node, index) =>
      node.outside && layers.columnOf[index] === column ? [index] : [],
    );
    const wish = new Map(
      cell.map((node) => {
        const met = neighbours(graph, node).filter((other) => graph.nodes[other]?.outside === false);
        return [node, mean(met.map((other) => top[other] ?? 0)) ?? middle];
      }),
    );
    const sorted = [...cell].sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0) || a - b);
    const desired = sorted.map((node) => wish.get(node) ?? 0);
    spread(desired, rowStep(m)).forEach((y, row) => {
      const node = sorted[row];
      if (node !== undefined) top[node] = y;
    });
    if (layers.columns === 1) break;
  }
}

export function neighbours(graph: Graph, node: number): number[] {
  const out = (graph.outgoing[node] ?? []).map((edge) => edge.to);
  const into = (graph.incoming[node] ?? []).map((edge) => edge.from);
  return [...out, ...into].filter((other) => other !== node);
}

export function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
