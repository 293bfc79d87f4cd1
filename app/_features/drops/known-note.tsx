/** Marks a problem as known, with a note for whoever opens it next in this browser. */
'use client';

import { useState, type ReactNode } from 'react';

import { Button } from '../../_components/button.tsx';
import { formatMoment } from '../../_viz/format/time.ts';
import { useZone } from '../frame/zone.ts';
import { Section } from '../selection/facts.tsx';
import { useKnownProblems } from './known-problems.ts';

export function KnownNote({ id, nowMs }: { id: string; nowMs: number }): ReactNode {
  const { known, mark, unmark } = useKnownProblems();
  const [zone] = useZone();
  const [note, setNote] = useState(known[id]?.note ?? '');
  const marked = known[id];
  return (
    <Section title={marked === undefined ? 'Known?' : `Known since ${formatMoment(marked.sinceMs, nowMs, zone)}`}>
      <form
        className="space-y-2"
        onSubmit={(event) => {
          event.preventDefault();
          mark(id, note);
        }}
      >
        <label className="block text-xs text-ink-faint">
          Note
          <textarea
            value={note}
            rows={2}
            maxLength={500}
            onChange={({ target }) => setNote(target.value)}
            className="mt-1 block w-full rounded-md border border-line bg-surface px-2 py-1 text-sm text-ink"
          />
        </label>
        <div className="flex items-center gap-2">
          <Button type="submit">{marked === undefined ? 'Mark as known' : 'Save the note'}</Button>
          {marked !== undefined && <Button onClick={() => unmark(id)}>Not known any more</Button>}
        </div>
        <p className="text-2xs text-ink-faint">Kept in this browser alone: others do not see it.</p>
      </form>
    </Section>
  );
}
