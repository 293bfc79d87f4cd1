/** In the panel of what is selected while the map is compared: what of it was before, what is now, and the way through the list. */
'use client';

import { ArrowLeft, ChevronDown, ChevronUp } from 'lucide-react';
import type { ReactNode } from 'react';

import { measures, type EdgeChange, type Measure } from '../../../model/api.ts';
import { Button } from '../../_components/button.tsx';
import { classes } from '../../_components/classes.ts';
import { factorWords, formatMeasure, measureName } from './change-words.ts';

interface ListBarProps {
  /** Place in the list, from 0; -1 for what is not in it. */
  readonly at: number;
  readonly total: number;
  /** The keyboard came from the list. */
  readonly isFocused: boolean;
  readonly onBack: () => void;
  readonly onStep: (to: number) => void;
}

/** Back to the list, or on to the next of it. */
export function ListBar({ at, total, isFocused, onBack, onStep }: ListBarProps): ReactNode {
  return (
    <nav
      aria-label="What changed"
      className="flex h-9 items-center gap-1 border-b border-l border-line bg-surface px-2"
    >
      <Button look="ghost" size="small" autoFocus={isFocused} onClick={onBack}>
        <ArrowLeft aria-hidden className="size-3.5" />
        What changed
      </Button>
      <span className="flex-1" />
      {at >= 0 && (
        <span className="text-xs text-ink-faint">
          {at + 1} of {total}
        </span>
      )}
      <Button look="ghost" size="icon" aria-label="Change before" disabled={at <= 0} onClick={() => onStep(at - 1)}>
        <ChevronUp aria-hidden className="size-4" />
      </Button>
      <Button
        look="ghost"
        size="icon"
        aria-label="Next change"
        disabled={at + 1 >= total}
        onClick={() => onStep(at + 1)}
      >
        <ChevronDown aria-hidden className="size-4" />
      </Button>
    </nav>
  );
}

interface ComparedSectionProps {
  readonly changes: readonly EdgeChange[];
  /** "yesterday" */
  readonly than: string;
  readonly isEdge: boolean;
  readonly onShowBefore: () => void;
}

export function ComparedSection({ changes, than, isEdge, onShowBefore }: ComparedSectionProps): ReactNode {
  const [first] = changes;
  if (first === undefined) {
    return <p className="mx-4 mb-3 rounded-md bg-sunken px-3 py-2 text-xs">As {than}, within a factor of two.</p>;
  }
  const only = isEdge && changes.length === 1 ? first : null;
  return (
    <section aria-label="Compared" className="mx-4 mb-3 rounded-md border border-line px-3 py-2">
      <p className="text-sm font-semibold">{headline(changes, only, than)}</p>
      <MeasureTable changes={changes} than={than} />
      {only?.change !== 'new' && (
        <Button size="small" className="mt-2" onClick={onShowBefore}>
          Show {than}
        </Button>
      )}
    </section>
  );
}

function headline(changes: readonly EdgeChange[], only: EdgeChange | null, than: string): string {
  if (only === null) return `${changes.length} of its edges differ from ${than}`;
  return {
    new: `New: not there ${than}`,
    gone: `Gone: it was there ${than}`,
    changed: `Changed since ${than}`,
  }[only.change];
}

function MeasureTable({ changes, than }: { changes: readonly EdgeChange[]; than: string }): ReactNode {
  const sum = (side: 'before' | 'after', measure: Measure): number =>
    changes.reduce((total, change) => total + (change[side]?.[measure] ?? 0), 0);
  const rows = measures
    .map((measure) => ({ measure, before: sum('before', measure), after: sum('after', measure) }))
    .filter(({ before, after }) => before + after > 0);
  return (
    <table className="mt-1 w-full text-xs">
      <thead>
        <tr className="text-right text-2xs text-ink-faint">
          <th scope="col" className="text-left font-normal">
            Measure
          </th>
          <th scope="col" className="font-normal first-letter:uppercase">
            {than}
          </th>
          <th scope="col" className="font-normal">
            Now
          </th>
          <th scope="col" className="font-normal">
            Change
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ measure, before, after }) => (
          <tr key={measure} className={classes('text-right', measure === 'drops' && after > 0 && 'text-dropped')}>
            <th scope="row" className="text-left font-normal">
              {measureName(measure)}
            </th>
            <td>{formatMeasure(measure, before)}</td>
            <td className="font-semibold">{formatMeasure(measure, after)}</td>
            <td>{factorWords(before === 0 ? null : after / before)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
