/** Finds the edge under the pointer: the edges are one picture to the browser, so it cannot tell. */
import type { Route } from '../../_viz/layout/route-edges.ts';

export interface EdgeHits {
  /** The nearest edge within `reach` of this point of the map. */
  at(x: number, y: number, reach: number): string | null;
}

const cell = 48;
const cellKey = (column: number, row: number): number => column * 65_536 + row;

export function createEdgeHits(routes: ReadonlyMap<string, Route>): EdgeHits {
  const ids = [...routes.keys()];
  const samples = [...routes.values()].map((route) => route.samples);
  /** Two numbers per piece of a curve: which edge, and where in its samples the piece begins. */
  const pieces = new Map<number, number[]>();
  samples.forEach((points, edge) => {
    for (let at = 0; at + 3 < points.length; at += 2) {
      for (const key of cellsOf(points, at)) {
        const there = pieces.get(key);
        if (there === undefined) pieces.set(key, [edge, at]);
        else there.push(edge, at);
      }
    }
  });
  return {
    at(x, y, reach) {
      let nearest: string | null = null;
      let least = reach;
      for (let column = Math.floor((x - reach) / cell); column <= Math.floor((x + reach) / cell); column++) {
        for (let row = Math.floor((y - reach) / cell); row <= Math.floor((y + reach) / cell); row++) {
          const there = pieces.get(cellKey(column, row)) ?? [];
          for (let item = 0; item < there.length; item += 2) {
            const edge = there[item] ?? 0;
            const distance = distanceTo(samples[edge], there[item + 1] ?? 0, x, y);
            if (distance > least) continue;
            least = distance;
            nearest = ids[edge] ?? null;
          }
        }
      }
      return nearest;
    },
  };
}

function cellsOf(points: Float32Array, at: number): number[] {
  const [ax, ay, bx, by] = [points[at] ?? 0, points[at + 1] ?? 0, points[at + 2] ?? 0, points[at + 3] ?? 0];
  const keys: number[] = [];
  for (let column = Math.floor(Math.min(ax, bx) / cell); column <= Math.floor(Math.max(ax, bx) / cell); column++) {
    for (let row = Math.floor(Math.min(ay, by) / cell); row <= Math.floor(Math.max(ay, by) / cell); row++) {
      keys.push(cellKey(column, row));
    }
  }
  return keys;
}

function distanceTo(points: Float32Array | undefined, at: number, x: number, y: number): number {
  if (points === undefined) return Infinity;
  const [ax, ay] = [points[at] ?? 0, points[at + 1] ?? 0];
  const [dx, dy] = [(points[at + 2] ?? 0) - ax, (points[at + 3] ?? 0) - ay];
  const length = dx * dx + dy * dy;
  const share = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - share * dx, y - ay - share * dy);
}
