/** Judges a drawn graph: how often its edges cross each other, and how long they are. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface DrawnEdge {
  readonly source: string;
  readonly destination: string;
  readonly line: readonly Point[];
}

interface Segment {
  readonly edge: number;
  readonly a: Point;
  readonly b: Point;
}

const cell = 64;

/** Pairs of edges that cross, counted once a pair; edges of one card meet there and are not counted. */
export function countCrossings(edges: readonly DrawnEdge[]): number {
  const grid = new Map<string, Segment[]>();
  const crossed = new Set<number>();
  edges.forEach(({ line }, edge) => {
    for (let at = 1; at < line.length; at++) {
      const [a, b] = [line[at - 1], line[at]];
      if (a === undefined || b === undefined) continue;
      const segment = { edge, a, b };
      for (const key of cellsOf(segment)) {
        const there = grid.get(key) ?? [];
        for (const other of there) {
          const pair = other.edge * edges.length + edge;
          if (!crossed.has(pair) && !shareAnEnd(edges, other.edge, edge) && cross(segment, other)) crossed.add(pair);
        }
        there.push(segment);
        grid.set(key, there);
      }
    }
  });
  return crossed.size;
}

export function meanLength(edges: readonly DrawnEdge[]): number {
  let sum = 0;
  for (const { line } of edges) {
    for (let at = 1; at < line.length; at++) {
      const [a, b] = [line[at - 1], line[at]];
      if (a !== undefined && b !== undefined) sum += Math.hypot(b.x - a.x, b.y - a.y);
    }
  }
  return sum / Math.max(1, edges.length);
}

function shareAnEnd(edges: readonly DrawnEdge[], left: number, right: number): boolean {
  const [a, b] = [edges[left], edges[right]];
  if (a === undefined || b === undefined || left === right) return true;
  return [a.source, a.destination].some((end) => end === b.source || end === b.destination);
}

function cellsOf({ a, b }: Segment): string[] {
  const keys: string[] = [];
  const [left, right] = [Math.min(a.x, b.x), Math.max(a.x, b.x)].map((x) => Math.floor(x / cell));
  const [top, bottom] = [Math.min(a.y, b.y), Math.max(a.y, b.y)].map((y) => Math.floor(y / cell));
  for (let x = left ?? 0; x <= (right ?? 0); x++)
    for (let y = top ?? 0; y <= (bottom ?? 0); y++) keys.push(`${x} ${y}`);
  return keys;
}

const side = (a: Point, b: Point, p: Point): number => (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);

function cross(s: Segment, t: Segment): boolean {
  return side(s.a, s.b, t.a) * side(s.a, s.b, t.b) < 0 && side(t.a, t.b, s.a) * side(t.a, t.b, s.b) < 0;
}
