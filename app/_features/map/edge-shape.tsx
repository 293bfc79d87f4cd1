/** One edge of the map: a curve with its arrow, crosses where packets are dropped, and a wide invisible line to hit. */
'use client';

import { memo, type ReactNode } from 'react';

import { plural } from '../../_viz/format/quantities.ts';
import { pointsOf, type Route } from '../../_viz/layout/route-edges.ts';
import { protocolLabel } from './edge-facts.ts';
import type { PictureEdge } from './picture.ts';

interface EdgeShapeProps {
  readonly item: PictureEdge;
  readonly route: Route;
  readonly sourceName: string;
  readonly destinationName: string;
  readonly isSelected: boolean;
  readonly isLit: boolean;
  readonly isDimmed: boolean;
  readonly isTabStop: boolean;
  readonly onSelect: (id: string) => void;
  readonly onPoint: (id: string | null) => void;
}

export const EdgeShape = memo(function EdgeShape(props: EdgeShapeProps): ReactNode {
  const { item, route, isSelected, isLit, isDimmed, isTabStop, onSelect, onPoint } = props;
  const { edge, state, width } = item;
  const words = [
    `${props.sourceName} → ${props.destinationName}`,
    protocolLabel(edge),
    item.label,
    edge.errors > 0 ? plural(edge.errors, 'error') : '',
  ];
  return (
    <g
      role="button"
      tabIndex={isTabStop ? 0 : -1}
      aria-label={words.filter(Boolean).join(', ')}
      aria-pressed={isSelected}
      className="edge cursor-pointer"
      data-focus={`edge ${edge.id}`}
      data-state={state}
      data-selected={isSelected}
      data-lit={isLit}
      data-dimmed={isDimmed}
      onClick={() => onSelect(edge.id)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onSelect(edge.id);
      }}
      onPointerEnter={() => onPoint(edge.id)}
      onPointerLeave={() => onPoint(null)}
    >
      <path className="edge-halo" d={route.path} fill="none" stroke="transparent" strokeWidth={14} />
      <path className="edge-line" d={route.path} fill="none" stroke="currentColor" strokeWidth={width} />
      <ArrowHead {...route} />
      {(state === 'dropped' || state === 'marked') && <Crosses route={route} only={state === 'marked'} />}
    </g>
  );
});

function ArrowHead({ tip, enters }: Pick<Route, 'tip' | 'enters'>): ReactNode {
  const sides = enters === 'right' ? 'l-8,-4.5v9z' : 'l-4.5,8h9z';
  return <path d={`M${tip.x},${tip.y}${sides}`} fill="currentColor" />;
}

/** The middle is left to the words. */
const crossShares = [0.22, 0.78];

function Crosses({ route, only }: { route: Route; only: boolean }): ReactNode {
  const along = pointsOf(route);
  const points = (only ? [0.5] : crossShares).flatMap((share) => along[Math.round((along.length - 1) * share)] ?? []);
  return points.map((point) => (
    <g key={`${point.x} ${point.y}`} className="edge-cross" transform={`translate(${point.x} ${point.y})`}>
      <circle r={7} className="fill-canvas" />
      <path d="M-4,-4L4,4M-4,4L4,-4" stroke="currentColor" strokeWidth={2.25} strokeLinecap="round" />
    </g>
  ));
}
