/** Finds room for the words on edges: near the middle of each curve, clear of cards and of words placed before. */
import type { MapLayout } from '../../_viz/layout/layout-map.ts';
import { overlaps, type Rect } from '../../_viz/layout/metrics.ts';
import type { Point } from '../../_viz/layout/route-edges.ts';

const labelWidth = 104;
const labelHeight = 16;
/** Words stand on the line, not in it. */
export const labelRise = 7;

/** Edges that find no room are left out; theirs appear on hover. */
export function placeLabels(layout: MapLayout, edgeIds: readonly string[]): ReadonlyMap<string, Point> {
  const taken: Rect[] = [...layout.cards.values(), ...[...layout.boxes.values()].flatMap(sidesOf)];
  const placed = new Map<string, Point>();
  for (const id of edgeIds) {
    const samples = layout.routes.get(id)?.samples ?? [];
    const middle = samples.length / 2;
    const byCloseness = samples
      .map((point, index) => ({ point, distance: Math.abs(index - middle) }))
      .sort((a, b) => a.distance - b.distance);
    for (const { point } of byCloseness) {
      const rect = {
        x: point.x - labelWidth / 2,
        y: point.y - labelRise - labelHeight / 2,
        width: labelWidth,
        height: labelHeight,
      };
      if (taken.some((other) => overlaps(rect, other))) continue;
      placed.set(id, point);
      taken.push(rect);
      break;
    }
  }
  return placed;
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

/** Where a label stands when it must be shown: its place, or the middle of the curve. */
export function labelPoint(layout: MapLayout, placed: ReadonlyMap<string, Point>, id: string): Point | null {
  const samples = layout.routes.get(id)?.samples ?? [];
  return placed.get(id) ?? samples[Math.floor(samples.length / 2)] ?? null;
}
