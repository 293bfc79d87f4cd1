/** The flow table's column titles; the time column switches the zone, and chosen columns are dragged wider at their end. */
'use client';

import type { PointerEvent, ReactNode } from 'react';

import { useZone } from '../frame/zone.ts';
import { narrowest, standardColumns, widest, type FlowColumn } from './columns.ts';
import { templateOf, type Columns } from './use-columns.ts';

export function FlowHeader({ columns: { chosen, resize } }: { columns: Columns }): ReactNode {
  return (
    <div role="rowgroup">
      <div
        role="row"
        className={`${chosen === null ? 'flow-grid' : 'flow-grid-chosen'} h-7 border-b border-line bg-sunken text-2xs font-medium text-ink-soft`}
        style={chosen === null ? {} : { gridTemplateColumns: templateOf(chosen), minWidth: widthOf(chosen) }}
      >
        {(chosen ?? standardColumns).map((column) => (
          <span
            key={column.id}
            role="columnheader"
            data-column={column.id}
            title={column.name}
            className={`relative min-w-0 ${column.id === 'bytes' ? 'text-right' : ''}`}
          >
            {column.id === 'time' ? <TimeTitle /> : <span className="block truncate">{column.name}</span>}
            {chosen !== null && <Edge column={column} onResize={(width) => resize(column.id, width)} />}
          </span>
        ))}
      </div>
    </div>
  );
}

const columnGap = 12;

/** Of all columns, their gaps and the room at both sides. */
export const widthOf = (columns: readonly FlowColumn[]): number =>
  columns.reduce((sum, { width }) => sum + width + columnGap, columnGap);

function TimeTitle(): ReactNode {
  const [zone, setZone] = useZone();
  const other = zone === 'utc' ? 'local' : 'utc';
  return (
    <button
      type="button"
      className="max-w-full truncate rounded-sm align-top hover:text-ink hover:underline"
      title={`Switch to ${other === 'utc' ? 'UTC' : 'local time'}`}
      onClick={() => setZone(other)}
    >
      Time, {zone === 'utc' ? 'UTC' : 'local'}
    </button>
  );
}

const keyStep = 16;

function Edge({ column, onResize }: { column: FlowColumn; onResize: (width: number) => void }): ReactNode {
  const drag = (event: PointerEvent<HTMLSpanElement>): void => {
    const handle = event.currentTarget;
    handle.setPointerCapture(event.pointerId);
    const stop = new AbortController();
    const origin = event.clientX;
    const move = (at: globalThis.PointerEvent): void => onResize(column.width + at.clientX - origin);
    handle.addEventListener('pointermove', move, { signal: stop.signal });
    for (const end of ['pointerup', 'pointercancel']) {
      handle.addEventListener(end, () => stop.abort(), { signal: stop.signal });
    }
  };
  return (
    <span
      role="separator"
      tabIndex={0}
      aria-label={`Width of ${column.name}`}
      aria-orientation="vertical"
      aria-valuenow={column.width}
      aria-valuemin={narrowest}
      aria-valuemax={widest}
      className="absolute top-0 -right-2.5 h-full w-2 cursor-col-resize touch-none border-r border-line hover:border-accent"
      onPointerDown={drag}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -keyStep, ArrowRight: keyStep }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        onResize(column.width + step);
      }}
    />
  );
}
