/** Marks a problem as known, with a note for whoever opens it next. */
'use client';

import { useState, type ReactNode } from 'react';

import { savedLimits } from '../../../model/api.ts';
import { Button } from '../../_components/button.tsx';
import { formatMoment } from '../../_viz/format/time.ts';
import { useZone } from '../frame/zone.ts';
import { useSaving } from '../saved/saved-query.ts';
import { Section } from '../selection/facts.tsx';
import { useKnownProblems } from './known-problems.ts';

export function KnownNote({ id, nowMs }: { id: string; nowMs: number }): ReactNode {
  const marked = useKnownProblems().get(id);
  const { save, remove, isBusy, error } = useSaving();
  const [zone] = useZone();
  /** Null until somebody writes: then what others noted meanwhile does not change under the hand. */
  const [written, setWritten] = useState<string | null>(null);
  return (
    <Section title={marked === undefined ? 'Known?' : `Known since ${formatMoment(marked.sinceMs, nowMs, zone)}`}>
      <form
        className="space-y-2"
        onSubmit={(event) => {
          event.preventDefault();
          save({ kind: 'known', id, text: written ?? marked?.note ?? '', place: '' }, () => setWritten(null));
        }}
      >
        <label className="block text-xs text-ink-faint">
          Note
          <textarea
            value={written ?? marked?.note ?? ''}
            rows={2}
            maxLength={savedLimits.text}
            onChange={({ target }) => setWritten(target.value)}
            className="mt-1 block w-full rounded-md border border-line bg-surface px-2 py-1 text-sm text-ink"
          />
        </label>
        <div className="flex items-center gap-2">
          <Button type="submit" disabled={isBusy}>
            {marked === undefined ? 'Mark as known' : 'Save the note'}
          </Button>
          {marked !== undefined && (
            <Button disabled={isBusy} onClick={() => remove({ kind: 'known', id })}>
              Not known any more
            </Button>
          )}
        </div>
        {error === null ? (
          <p className="text-2xs text-ink-faint">Everyone who opens this Palomar sees it.</p>
        ) : (
          <p role="alert" className="text-xs text-dropped">
            This was not saved: {error.message}
          </p>
        )}
      </form>
    </Section>
  );
}
