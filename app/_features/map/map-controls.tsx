/** Zoom buttons and a legend small enough to leave on. */
'use client';

import { Maximize, Minus, Plus, Wand } from 'lucide-react';
import type { ReactNode } from 'react';

import { Button } from '../../_components/button.tsx';
import type { MapZoom } from './use-map-zoom.ts';

export function MapControls({ zoom, onTidy }: { zoom: MapZoom; onTidy: () => void }): ReactNode {
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
      </div>
      <Legend />
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

function Legend(): ReactNode {
  return (
    <ul
      aria-label="Legend"
      className="pointer-events-none absolute bottom-3 left-3 flex gap-4 rounded-md border border-line bg-surface/90 px-2.5 py-1 text-2xs text-ink-faint"
    >
      <LegendItem name="forwarded" state="plain" />
      <LegendItem name="with errors" state="warm" />
      <LegendItem name="dropped" state="dropped" />
      <li className="max-[1100px]:hidden">width: under 10 kB/s, under 1 MB/s, more</li>
    </ul>
  );
}

function LegendItem({ name, state }: { name: string; state: string }): ReactNode {
  return (
    <li className="flex items-center gap-1.5">
      <svg aria-hidden width="28" height="10" className="edge" data-state={state}>
        <path className="edge-line" d="M0,5H28" stroke="currentColor" strokeWidth="2" />
        {state === 'dropped' && (
          <>
            <circle cx="14" cy="5" r="5" className="fill-surface" />
            <path d="M11,2L17,8M11,8L17,2" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" />
          </>
        )}
      </svg>
      {name}
    </li>
  );
}
