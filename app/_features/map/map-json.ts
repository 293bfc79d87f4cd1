/** The map as data: what was asked, what is drawn of the answer and where, and what stands behind it. */
import type { Rect } from '../../_viz/layout/metrics.ts';
import type { MapLayout } from '../../_viz/layout/layout-map.ts';
import { pointsOf } from '../../_viz/layout/route-edges.ts';
import type { MapAbout } from './map-caption.ts';
import type { Picture } from './picture.ts';

const whole = ({ x, y, width, height }: Rect): Rect => ({
  x: Math.round(x),
  y: Math.round(y),
  width: Math.round(width),
  height: Math.round(height),
});

export function mapJson({ response, before }: MapAbout, picture: Picture, layout: MapLayout): string {
  const { range, filter, grouping, budget, evidence } = response;
  const document = {
    query: { path: '/api/v1/map', from: range.fromMs, to: range.toMs, filter, grouping },
    before,
    budget: budget ?? null,
    notice: picture.notice,
    seconds: picture.seconds,
    nodes: [...picture.nodes.values()].map(({ node, box, members, change }) => ({
      ...node,
      box,
      change,
      standsFor: members.map(({ id }) => id),
      position: placed(layout.cards.get(node.id)),
    })),
    edges: [...picture.edges.values()].map(({ edge, state, mark }) => ({
      ...edge,
      state,
      change: mark?.change ?? null,
      path: pointsOf(layout.routes.get(edge.id)).map(({ x, y }) => [Math.round(x), Math.round(y)]),
    })),
    boxes: [...layout.boxes].map(([id, rect]) => ({ id, name: picture.boxes.get(id) ?? '', position: whole(rect) })),
    evidence,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

const placed = (rect: Rect | undefined): Rect | null => (rect === undefined ? null : whole(rect));
