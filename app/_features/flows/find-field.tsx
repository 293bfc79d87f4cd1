/** The field that finds in the table: Enter goes to the next row, Shift-Enter back, Esc empties it. */
'use client';

import type { ReactNode } from 'react';

import { formatCount } from '../../_viz/format/quantities.ts';

interface FindFieldProps {
  readonly typed: string;
  readonly onType: (typed: string) => void;
  readonly found: number;
  /** 1-based place among those found; 0 when the cursor is on none. */
  readonly place: number;
  readonly rows: number;
  readonly onStep: (step: -1 | 1) => void;
}

export function FindField({ typed, onType, found, place, rows, onStep }: FindFieldProps): ReactNode {
  return (
    <div role="search" className="flex items-center gap-2">
      <input
        aria-label="Find in the table"
        placeholder="Find in the rows loaded"
        value={typed}
        onChange={({ target }) => onType(target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onStep(event.shiftKey ? -1 : 1);
          if (event.key !== 'Escape' || typed === '') return;
          event.stopPropagation();
          onType('');
        }}
        className="h-6 w-52 rounded-md border border-line bg-surface px-2 text-xs"
      />
      <span role="status" className="text-2xs text-ink-faint">
        {typed === ''
          ? ''
          : `${place > 0 ? `${formatCount(place)} of ` : ''}${formatCount(found)} in ${formatCount(rows)} rows`}
      </span>
    </div>
  );
}
