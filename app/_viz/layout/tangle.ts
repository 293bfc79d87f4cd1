/**
 * Judges a placed map: how often the straight lines between its cards cross, and how far they climb. The work is bounded
 * by pairs of edges looked at, not by time, so that the same graph always ends as the same picture.
 */
import type { Layers } from './assign-layers.ts';
import type { Graph } from './graph.ts';
import { columnX, type Metrics } from './metrics.ts';

/** Enough to settle maps of a hundred services; a pair takes 10 to 20 ns. */
const mostPairs = 1_500_000;
/** Beyond this many edges a map is dense whatever is done, and has to be there at once. */
const fewEdges = 400;
const mostPairsWhenMany = 600_000;
/** One crossing is worth as much as this much more height along an edge. */
const crossingWorth = 400;

export interface Tangle {
  /** What crosses and how far edges go up and down, for all edges. */
  total(top: Float64Array): number;
  /** The same for the edges of these cards alone, against all others. */
  around(top: Float64Array, cards: readonly number[]): number;
  isSpent(): boolean;
  /** Whether `total` can be afforded more than once or twice. */
  readonly isSmall: boolean;
}

export function createTangle(graph: Graph, layers: Layers, m: Metrics): Tangle {
  const { edges } = graph;
  const from = Int32Array.from(edges, (edge) => edge.from);
  const to = Int32Array.from(edges, (edge) => edge.to);
  const left = new Float64Array(edges.length);
  const right = new Float64Array(edges.length);
  edges.forEach((edge, at) => {
    left[at] = columnX(m, layers.columnOf[edge.from] ?? 0) + m.cardWidth;
    right[at] = columnX(m, layers.columnOf[edge.to] ?? 0);
  });
  const edgesOf: number[][] = graph.nodes.map(() => []);
  edges.forEach(({ from, to }, at) => {
    edgesOf[from]?.push(at);
    if (to !== from) edgesOf[to]?.push(at);
  });
  const isSmall = edges.length <= fewEdges;
  let pairs = 0;

  const doCross = (a: number, b: number, top: Float64Array): boolean => {
    const [af, at, bf, bt] = [from[a] ?? 0, to[a] ?? 0, from[b] ?? 0, to[b] ?? 0];
    const [al, ar, bl, br] = [left[a] ?? 0, right[a] ?? 0, left[b] ?? 0, right[b] ?? 0];
    if (Math.max(al, ar) <= Math.min(bl, br) || Math.max(bl, br) <= Math.min(al, ar)) return false;
    if (af === bf || at === bt || af === bt || at === bf) return false;
    return segmentsCross(al, top[af] ?? 0, ar, top[at] ?? 0, bl, top[bf] ?? 0, br, top[bt] ?? 0);
  };
  const height = (edge: number, top: Float64Array): number =>
    Math.abs((top[from[edge] ?? 0] ?? 0) - (top[to[edge] ?? 0] ?? 0));

  return {
    total(top) {
      let cost = 0;
      for (let a = 0; a < edges.length; a++) {
        cost += height(a, top);
        for (let b = a + 1; b < edges.length; b++) if (doCross(a, b, top)) cost += crossingWorth;
      }
      pairs += (edges.length * edges.length) / 2;
      return cost;
    },
    around(top, cards) {
      let cost = 0;
      const own = new Set(cards.flatMap((card) => edgesOf[card] ?? []));
      for (const a of own) {
        cost += height(a, top);
        for (let b = 0; b < edges.length; b++) {
          // A pair inside is met from both of its ends.
          if (doCross(a, b, top)) cost += own.has(b) ? crossingWorth / 2 : crossingWorth;
        }
      }
      pairs += own.size * edges.length;
      return cost;
    },
    isSpent: () => pairs >= (isSmall ? mostPairs : mostPairsWhenMany),
    isSmall,
  };
}

/** Called some million times: eight numbers cost less than four points. */
function segmentsCross(
  ax: number,
  ay: number,
  bx: number,
  by: number,
  cx: number,
  cy: number,
  dx: number,
  dy: number,
): boolean {
  if (Math.max(ay, by) < Math.min(cy, dy) || Math.max(cy, dy) < Math.min(ay, by)) return false;
  const c = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  const d = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax);
  if (c * d >= 0) return false;
  const a = (dx - cx) * (ay - cy) - (dy - cy) * (ax - cx);
  const b = (dx - cx) * (by - cy) - (dy - cy) * (bx - cx);
  return a * b < 0;
}
