/** What of the edges is drawn crisp above their picture: those pointed at or selected, and the words on edges. */
'use client';

import { memo, useMemo, useSyncExternalStore, type ReactNode } from 'react';

import type { MapLayout } from '../../_viz/layout/layout-map.ts';
import type { Point, Route } from '../../_viz/layout/route-edges.ts';
import { changeShare, changeSign, crossesOf, crossPath, dashOf, pointAt } from './draw-edges.ts';
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

export const EdgeOverlay = memo(function EdgeOverlay(props: EdgeOverlayProps): ReactNode {
  const { picture, layout, pointing, kept, selectedId, focusedId } = props;
  const pointed = useSyncExternalStore(pointing.listen, pointing.now, pointing.now);
  const lit = useMemo(() => neighbourhood(pointed, picture)?.edges ?? null, [pointed, picture]);
  const labels = useMemo(() => placeLabels(layout, picture), [picture, layout]);
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
      {itemsOf(named).map(({ edge, state, label, mark }) => {
        const point = labelPoint(layout, labels, edge.id);
        return point === null ? null : (
          <text
            key={edge.id}
            x={point.x}
            y={point.y - labelRise + 4}
            textAnchor="middle"
            className="edge-label"
            data-state={state}
            data-change={mark?.change}
          >
            {label}
          </text>
        );
      })}
    </svg>
  );
});

interface RaisedEdgeProps {
  readonly item: PictureEdge;
  readonly route: Route;
  readonly isLit: boolean;
  readonly isSelected: boolean;
  readonly isFocused: boolean;
}

function RaisedEdge({ item, route, isLit, isSelected, isFocused }: RaisedEdgeProps): ReactNode {
  const { state, width, mark } = item;
  const { tip, enters, path } = route;
  const arrow = enters === 'right' ? 'l-8,-4.5v9z' : 'l-4.5,8h9z';
  return (
    <g
      className="edge"
      data-state={state}
      data-change={mark?.change}
      data-selected={isSelected}
      data-lit={isLit}
      data-focused={isFocused}
    >
      <path className="edge-halo" d={path} fill="none" stroke="transparent" strokeWidth={14} />
      {/* The picture below shows between the dashes; the paper hides it. */}
      <path d={path} fill="none" className="stroke-canvas" strokeWidth={width + 1.5} />
      <path
        className="edge-line"
        d={path}
        fill="none"
        stroke="currentColor"
        strokeWidth={width}
        strokeDasharray={dashOf(item).join(' ')}
      />
      <path d={`M${tip.x},${tip.y}${arrow}`} fill="currentColor" />
      {crossesOf(item).map((share) => (
        <EdgeSign key={share} at={pointAt(route, share)} path={crossPath} className="edge-cross" />
      ))}
      {mark !== null && <EdgeSign at={pointAt(route, changeShare)} path={changeSign(mark)} className="" />}
    </g>
  );
}

function EdgeSign({ at, path, className }: { at: Point; path: string; className: string }): ReactNode {
  return (
    <g className={className} transform={`translate(${at.x} ${at.y})`}>
      <circle r={7} className="fill-canvas" />
      <path d={path} fill="none" stroke="currentColor" strokeWidth={2.25} strokeLinecap="round" />
    </g>
  );
}
