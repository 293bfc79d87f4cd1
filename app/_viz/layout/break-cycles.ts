/**
 * Orders the nodes so that little traffic runs backwards: Eades, Lin and Smyth's greedy heuristic with weights. Edges
 * that point back in this order are the ones drawn from right to left.
 */
import type { Graph } from './graph.ts';

/** Returns node indices, clients first; nodes for which `takesPart` is false are left out. */
export function breakCycles(graph: Graph, takesPart: (node: number) => boolean): number[] {
  const count = graph.nodes.length;
  const present = Array.from({ length: count }, (_, node) => takesPart(node));
  const outWeight = new Float64Array(count);
  const inWeight = new Float64Array(count);
  const outDegree = new Int32Array(count);
  const inDegree = new Int32Array(count);
  for (const { from, to, weight } of graph.edges) {
    if (from === to || present[from] !== true || present[to] !== true) continue;
    outWeight[from] = (outWeight[from] ?? 0) + weight;
    inWeight[to] = (inWeight[to] ?? 0) + weight;
    outDegree[from] = (outDegree[from] ?? 0) + 1;
    inDegree[to] = (inDegree[to] ?? 0) + 1;
  }
  let left = present.filter(Boolean).length;
  const head: number[] = [];
  const tail: number[] = [];
  const loose: number[] = [];
  for (let node = count - 1; node >= 0; node--) {
    if (present[node] === true && (inDegree[node] === 0 || outDegree[node] === 0)) loose.push(node);
  }

  const take = (node: number): void => {
    present[node] = false;
    left -= 1;
    for (const { to, weight } of graph.outgoing[node] ?? []) {
      if (present[to] !== true) continue;
      inWeight[to] = (inWeight[to] ?? 0) - weight;
      inDegree[to] = (inDegree[to] ?? 0) - 1;
      if (inDegree[to] === 0) loose.push(to);
    }
    for (const { from, weight } of graph.incoming[node] ?? []) {
      if (present[from] !== true) continue;
      outWeight[from] = (outWeight[from] ?? 0) - weight;
      outDegree[from] = (outDegree[from] ?? 0) - 1;
      if (outDegree[from] === 0) loose.push(from);
    }
  };

  while (left > 0) {
    const node = loose.pop() ?? heaviestCaller(present, outWeight, inWeight);
    if (present[node] !== true) continue;
    // A node without callers goes in front even when it also calls nobody.
    if (inDegree[node] !== 0 && outDegree[node] === 0) tail.push(node);
    else head.push(node);
    take(node);
  }
  return [...head, ...tail.reverse()];
}

function heaviestCaller(present: readonly boolean[], outWeight: Float64Array, inWeight: Float64Array): number {
  let best = -1;
  let bestSurplus = -Infinity;
  for (let node = 0; node < present.length; node++) {
    const surplus = (outWeight[node] ?? 0) - (inWeight[node] ?? 0);
    if (present[node] === true && surplus > bestSurplus) {
      best = node;
      bestSurplus = surplus;
    }
  }
  return best;
}
