/** Zoom buttons and a legend small enough to leave on. */
'use client';

import { Maximize, Minus, PinOff, Plus, Wand } from 'lucide-react';
import type { ReactNode } from 'react';

import { Button } from '../../_components/button.tsx';
import { changeSign, crossPath } from './draw-edges.ts';
import type { PictureEdge } from './picture.ts';
import type { MapZoom } from './use-map-zoom.ts';

interface MapControlsProps {
  readonly zoom: MapZoom;
  readonly isCompared: boolean;
  readonly onTidy: () => void;
  /** Null while no card is pinned. */
  readonly onReset: (() => void) | null;
  readonly children?: ReactNode;
}

export function MapControls({ zoom, isCompared, onTidy, onReset, children }: MapControlsProps): ReactNode {
  return (
    <>
      <div
        role="toolbar"
        aria-label="Map view"
        className="absolute right-3 bottom-3 flex flex-col rounded-md border border-line bg-surface shadow-card"
      >
        <Control
          label="Zoom in"
          hint="+"
          icon={<Plus aria-hidden className="size-4" />}
          onClick={() => zoom.zoomBy(1.3)}
        />
        <Control
          label="Zoom out"
          hint="-"
          icon={<Minus aria-hidden className="size-4" />}
          onClick={() => zoom.zoomBy(1 / 1.3)}
        />
        <Control
          label="Show all"
          hint="0"
          icon={<Maximize aria-hidden className="size-3.5" />}
          onClick={zoom.showAll}
        />
        <Control label="Lay out afresh" hint="" icon={<Wand aria-hidden className="size-3.5" />} onClick={onTidy} />
        {onReset !== null && (
          <Control
            label="Reset positions"
            hint=""
            icon={<PinOff aria-hidden className="size-3.5" />}
            onClick={onReset}
          />
        )}
        {children}
      </div>
      <Legend isCompared={isCompared} />
    </>
  );
}

function Control(props: { label: string; hint: string; icon: ReactNode; onClick: () => void }): ReactNode {
  return (
    <Button
      look="ghost"
      size="icon"
      aria-label={props.label}
      title={`${props.label}  ${props.hint}`.trim()}
      onClick={props.onClick}
    >
      {props.icon}
    </Button>
  );
}

function Legend({ isCompared }: { isCompared: boolean }): ReactNode {
  return (
    <ul
      aria-label="Legend"
      className="pointer-events-none absolute bottom-3 left-3 flex max-w-[calc(100%-5rem)] flex-wrap gap-x-4 gap-y-0.5 rounded-md border border-line bg-surface/90 px-2.5 py-1 text-2xs text-ink-faint"
    >
      {isCompared && (
        <>
          <LegendItem name="new" item={{ state: 'plain', mark: { change: 'new', trend: null, words: '' } }} />
          <LegendItem name="gone" item={{ state: 'plain', mark: { change: 'gone', trend: null, words: '' } }} />
          <LegendItem name="more" item={{ state: 'plain', mark: { change: 'changed', trend: 'more', words: '' } }} />
          <LegendItem name="less" item={{ state: 'plain', mark: { change: 'changed', trend: 'less', words: '' } }} />
        </>
      )}
      <LegendItem name={isCompared ? 'as before' : 'forwarded'} item={{ state: 'plain', mark: null }} />
      <LegendItem name="with errors" item={{ state: 'warm', mark: null }} />
      <LegendItem name="dropped" item={{ state: 'dropped', mark: null }} />
      {!isCompared && <li className="max-[1100px]:hidden">width: under 10 kB/s, under 1 MB/s, more</li>}
    </ul>
  );
}

type LegendEdge = Pick<PictureEdge, 'state' | 'mark'>;

function LegendItem({ name, item: { state, mark } }: { name: string; item: LegendEdge }): ReactNode {
  const sign = mark !== null ? changeSign(mark) : state === 'dropped' ? crossPath : null;
  return (
    <li className="flex items-center gap-1.5">
      <svg aria-hidden width="28" height="12" className="edge" data-state={state} data-change={mark?.change}>
        <path className="edge-line" d="M0,6H28" stroke="currentColor" strokeWidth="2" />
        {sign !== null && (
          <g transform="translate(14 6) scale(0.8)">
            <circle r="7" className="fill-surface" />
            <path d={sign} fill="none" stroke="currentColor" strokeWidth="2.25" strokeLinecap="round" />
          </g>
        )}
      </svg>
      {name}
    </li>
  );
}
