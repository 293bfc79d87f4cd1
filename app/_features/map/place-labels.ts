/** Finds room for the words on edges: near the middle of each curve, clear of cards and of words placed before, and
 * of lines where that is possible. */
import type { MapLayout } from '../../_viz/layout/layout-map.ts';
import { overlaps, type Rect } from '../../_viz/layout/metrics.ts';
import { pointsOf, type Point } from '../../_viz/layout/route-edges.ts';

const labelWidth = 104;
const labelHeight = 16;
/** Words stand on the line, not in it. */
export const labelRise = 10;
/** On the curve, or beside it where it is steep. */
const besides = [0, -labelWidth / 2 - 8, labelWidth / 2 + 8];

const labelRect = (x: number, y: number): Rect => ({
  x: x - labelWidth / 2,
  y: y - labelRise - labelHeight / 2,
  width: labelWidth,
  height: labelHeight,
});

/** Edges that find no room are left out; theirs appear on hover. */
export function placeLabels(layout: MapLayout, edgeIds: readonly string[]): ReadonlyMap<string, Point> {
  const boxes = [...layout.boxes.values()];
  const taken: Rect[] = [
    ...[...layout.cards.values()].map(withCount),
    ...boxes.flatMap(sidesOf),
    ...boxes.map(titleOf),
  ];
  const isOnLine = linesOf(layout);
  const placed = new Map<string, Point>();
  for (const id of edgeIds) {
    const samples = pointsOf(layout.routes.get(id));
    const middle = samples.length / 2;
    const byCloseness = samples
      .map((point, index) => ({ point, distance: Math.abs(index - middle) }))
      .sort((a, b) => a.distance - b.distance)
      .flatMap(({ point }) => besides.map((dx) => ({ x: point.x + dx, y: point.y })));
    const isFree = (at: Point, obstacles: readonly Rect[]): boolean => {
      const rect = labelRect(at.x, at.y);
      return !obstacles.some((other) => overlaps(rect, other));
    };
    const clear = byCloseness.filter((at) => isWithin(labelRect(at.x, at.y), layout.bounds) && isFree(at, taken));
    const found = clear.find((at) => !isOnLine(labelRect(at.x, at.y))) ?? clear[0];
    if (found === undefined) continue;
    placed.set(id, found);
    taken.push(labelRect(found.x, found.y));
  }
  return placed;
}

/** What leaves the map at its side leaves the window when all of the map is shown. */
const isWithin = (label: Rect, { x, width }: Rect): boolean => label.x >= x && label.x + label.width <= x + width;

const cell = 8;
const cellKey = (column: number, row: number): number => column * 65_536 + row;

/** Which cells of a fine grid an edge passes; asking each sample of each edge would take a second on a large map. */
function linesOf(layout: MapLayout): (rect: Rect) => boolean {
  const passed = new Set<number>();
  for (const { samples } of layout.routes.values()) {
    for (let at = 0; at < samples.length; at += 2) {
      passed.add(cellKey(Math.floor((samples[at] ?? 0) / cell), Math.floor((samples[at + 1] ?? 0) / cell)));
    }
  }
  return ({ x, y, width, height }) => {
    for (let column = Math.floor(x / cell); column <= Math.floor((x + width) / cell); column++) {
      for (let row = Math.floor(y / cell); row < Math.floor((y + height) / cell); row++) {
        if (passed.has(cellKey(column, row))) return true;
      }
    }
    return false;
  };
}

/** A box's outline is as bad to cross as a card. */
function sidesOf({ x, y, width, height }: Rect): Rect[] {
  return [
    { x, y, width: 1, height },
    { x: x + width, y, width: 1, height },
    { x, y, width, height: 1 },
    { x, y: y + height, width, height: 1 },
  ];
}

/** The count of drops sits on a card's upper edge. */
const withCount = ({ x, y, width, height }: Rect): Rect => ({ x, y: y - 12, width, height: height + 12 });

/** Most names of boxes are no longer. */
const titleOf = ({ x, y, width }: Rect): Rect => ({ x, y, width: Math.min(width, 140), height: 28 });

/** Where a label stands when it must be shown: its place, or the middle of the curve. */
export function labelPoint(layout: MapLayout, placed: ReadonlyMap<string, Point>, id: string): Point | null {
  const samples = pointsOf(layout.routes.get(id));
  return placed.get(id) ?? samples[Math.floor(samples.length / 2)] ?? null;
}
