/** What of the edges is drawn crisp above their picture: those pointed at or selected, and the words on edges. */
'use client';

import { memo, useMemo, useSyncExternalStore, type ReactNode } from 'react';

import type { MapLayout } from '../../_viz/layout/layout-map.ts';
import type { Route } from '../../_viz/layout/route-edges.ts';
import { crossShares, pointAt } from './draw-edges.ts';
import { neighbourhood } from './neighbourhood.ts';
import type { Picture, PictureEdge } from './picture.ts';
import type { Pointing } from './pointing.ts';
import { labelPoint, labelRise, placeLabels } from './place-labels.ts';

interface EdgeOverlayProps {
  readonly picture: Picture;
  readonly layout: MapLayout;
  readonly pointing: Pointing;
  /** Edges of what is selected. */
  readonly kept: ReadonlySet<string> | null;
  readonly selectedId: string | null;
  /** The edge that has the keyboard. */
  readonly focusedId: string | null;
}

/** More words than this on one map are noise. */
const mostLabels = 60;

export const EdgeOverlay = memo(function EdgeOverlay(props: EdgeOverlayProps): ReactNode {
  const { picture, layout, pointing, kept, selectedId, focusedId } = props;
  const pointed = useSyncExternalStore(pointing.listen, pointing.now, pointing.now);
  const lit = useMemo(() => neighbourhood(pointed, picture)?.edges ?? null, [pointed, picture]);
  const labels = useMemo(() => {
    const urgent = [...picture.edges.values()].sort((a, b) => urgency[b.state] - urgency[a.state]);
    const wanted = urgent.length <= mostLabels ? urgent : urgent.filter((item) => item.state === 'dropped');
    return placeLabels(
      layout,
      wanted.slice(0, mostLabels).map((item) => item.edge.id),
    );
  }, [picture, layout]);
  const raised = new Set([...(kept ?? []), ...(lit ?? []), ...(focusedId === null ? [] : [focusedId])]);
  const named = kept === null ? new Set([...labels.keys(), ...raised]) : raised;
  const itemsOf = (ids: ReadonlySet<string>): PictureEdge[] => [...ids].flatMap((id) => picture.edges.get(id) ?? []);
  return (
    <svg aria-hidden className="edges pointer-events-none absolute top-0 left-0 size-px overflow-visible">
      {itemsOf(raised).map((item) => {
        const route = layout.routes.get(item.edge.id);
        if (route === undefined) return null;
        const { id } = item.edge;
        return (
          <RaisedEdge
            key={id}
            item={item}
            route={route}
            isLit={lit?.has(id) === true || id === focusedId}
            isSelected={id === selectedId}
            isFocused={id === focusedId}
          />
        );
      })}
      {itemsOf(named).map(({ edge, state, label }) => {
        const point = labelPoint(layout, labels, edge.id);
        return point === null ? null : (
          <text
            key={edge.id}
            x={point.x}
            y={point.y - labelRise + 4}
            textAnchor="middle"
            className="edge-label"
            data-state={state}
          >
            {label}
          </text>
        );
      })}
    </svg>
  );
});

const urgency = { plain: 0, marked: 1, warm: 2, dropped: 3 };

interface RaisedEdgeProps {
  readonly item: PictureEdge;
  readonly route: Route;
  readonly isLit: boolean;
  readonly isSelected: boolean;
  readonly isFocused: boolean;
}

function RaisedEdge({ item: { state, width }, route, isLit, isSelected, isFocused }: RaisedEdgeProps): ReactNode {
  const { tip, enters, path } = route;
  const arrow = enters === 'right' ? 'l-8,-4.5v9z' : 'l-4.5,8h9z';
  return (
    <g className="edge" data-state={state} data-selected={isSelected} data-lit={isLit} data-focused={isFocused}>
      <path className="edge-halo" d={path} fill="none" stroke="transparent" strokeWidth={14} />
      {/* The picture below shows between the dashes; the paper hides it. */}
      <path d={path} fill="none" className="stroke-canvas" strokeWidth={width + 1.5} />
      <path className="edge-line" d={path} fill="none" stroke="currentColor" strokeWidth={width} />
      <path d={`M${tip.x},${tip.y}${arrow}`} fill="currentColor" />
      {(crossShares[state] ?? []).map((share) => {
        const { x, y } = pointAt(route, share);
        return (
          <g key={share} className="edge-cross" transform={`translate(${x} ${y})`}>
            <circle r={7} className="fill-canvas" />
            <path d="M-4,-4L4,4M-4,4L4,-4" stroke="currentColor" strokeWidth={2.25} strokeLinecap="round" />
          </g>
        );
      })}
    </g>
  );
}
