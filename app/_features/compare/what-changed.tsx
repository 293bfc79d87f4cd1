/** The list "what changed": beside the map while it is compared and nothing is selected. A click selects on the map. */
'use client';

import { Minus, Plus, TrendingDown, TrendingUp, X } from 'lucide-react';
import type { KeyboardEvent, ReactNode } from 'react';

import type { EdgeChange } from '../../../model/api.ts';
import { Button } from '../../_components/button.tsx';
import { classes } from '../../_components/classes.ts';
import { Message, Problem } from '../../_components/message.tsx';
import { formatSpan } from '../../_viz/format/time.ts';
import { useZone } from '../frame/zone.ts';
import { PanelFrame } from '../selection/panel-frame.tsx';
import type { Selection } from '../url/investigation.ts';
import { againstFacts } from './against.ts';
import { drawnEdge } from './change-marks.ts';
import type { ChangeSection, ListedChange } from './change-list.ts';
import type { Comparison } from './comparison-query.ts';

interface WhatChangedProps {
  readonly comparison: Comparison;
  readonly sections: readonly ChangeSection[];
  readonly doubts: readonly string[];
  /** The one that was looked at last: the keyboard returns to it. */
  readonly lastId: string | null;
  readonly onChoose: (change: ListedChange) => void;
  readonly onClose: () => void;
}

export function WhatChanged(props: WhatChangedProps): ReactNode {
  const { comparison, sections, doubts, onClose } = props;
  const [zone] = useZone();
  const { diff, error, against, isStale } = comparison;
  return (
    <PanelFrame
      label="What changed"
      title={`What changed since ${againstFacts[against].short}`}
      subtitle={
        diff === undefined ? undefined : `compared with ${formatSpan(diff.before.fromMs, diff.before.toMs, zone)}`
      }
      onClose={onClose}
    >
      {diff === undefined ? (
        error === null ? (
          <ListSkeleton />
        ) : (
          <Problem title="The two could not be compared" error={error} onRetry={comparison.retry} />
        )
      ) : (
        <div className={classes('transition-opacity', isStale && 'opacity-60')}>
          {error !== null && (
            <p role="alert" className="mx-4 mb-2 text-xs text-warm">
              Not refreshed: {error.message}{' '}
              <Button size="small" onClick={comparison.retry}>
                Retry
              </Button>
            </p>
          )}
          <Doubts doubts={doubts} />
          {sections.length === 0 ? <NothingChanged /> : <Sections {...props} />}
        </div>
      )}
    </PanelFrame>
  );
}

function Doubts({ doubts }: { doubts: readonly string[] }): ReactNode {
  if (doubts.length === 0) return null;
  return (
    <ul aria-label="How sure this is" className="mx-4 mb-3 space-y-1 rounded-md bg-warm-soft px-3 py-2 text-xs">
      {doubts.map((doubt) => (
        <li key={doubt}>{doubt}</li>
      ))}
    </ul>
  );
}

function NothingChanged(): ReactNode {
  return (
    <Message title="Nothing changed">
      Who talks to whom, what is dropped and how much is said are as they were. Half or twice as much, from ten events
      on, counts as a change.
    </Message>
  );
}

function Sections({ sections, lastId, onChoose }: WhatChangedProps): ReactNode {
  return (
    <div onKeyDown={walkButtons}>
      {sections.map(({ title, changes }) => (
        <section key={title} className="border-t border-line pt-2 pb-1">
          <h3 className="px-4 pb-1 text-xs font-semibold text-ink-soft">
            {title} {changes.length}
          </h3>
          <ul aria-label={title}>
            {changes.map((change) => (
              <li key={change.id}>
                <ChangeButton change={change} isLast={change.id === lastId} onClick={() => onChoose(change)} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

interface ChangeButtonProps {
  readonly change: ListedChange;
  readonly isLast: boolean;
  readonly onClick: () => void;
}

function ChangeButton({ change, isLast, onClick }: ChangeButtonProps): ReactNode {
  return (
    <button
      type="button"
      autoFocus={isLast}
      onClick={onClick}
      className="flex w-full items-start gap-2 px-4 py-1 text-left -outline-offset-2 hover:bg-hover"
    >
      <ChangeGlyph change={change} />
      <span className="min-w-0 flex-1">
        <span className="block text-sm break-words">{change.title}</span>
        <span className={classes('block text-xs break-words', change.isDrop ? 'text-dropped' : 'text-ink-faint')}>
          {change.detail}
        </span>
      </span>
    </button>
  );
}

const glyphs = { new: Plus, gone: Minus, more: TrendingUp, less: TrendingDown };

function ChangeGlyph({ change: { change, trend, isDrop } }: { change: ListedChange }): ReactNode {
  const Glyph = isDrop && change !== 'gone' ? X : change === 'changed' ? glyphs[trend ?? 'more'] : glyphs[change];
  const tone = isDrop && change !== 'gone' ? 'text-dropped' : change === 'new' ? 'text-accent' : 'text-ink-soft';
  return <Glyph aria-hidden strokeWidth={2.5} className={classes('mt-0.5 size-4 shrink-0', tone)} />;
}

/** Up and down go from one change to the next, whatever section it is in. */
function walkButtons(event: KeyboardEvent<HTMLDivElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const at = buttons.findIndex((button) => button === document.activeElement);
  const next = buttons[at + (event.key === 'ArrowDown' ? 1 : -1)];
  if (at < 0 || next === undefined) return;
  event.preventDefault();
  next.focus();
}

function ListSkeleton(): ReactNode {
  return (
    <div role="status" aria-label="Comparing" className="space-y-3 px-4 pt-2">
      {[72, 88, 64, 80].map((width) => (
        <span key={width} className="skeleton block h-8" style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

/** The change that the selected edge or the edges of the selected card stand for. */
export function changesOf(
  selection: Selection,
  changes: readonly EdgeChange[],
  cardOf: ReadonlyMap<string, string>,
): readonly EdgeChange[] {
  return changes.filter((change) => {
    const { source, destination } = drawnEdge(change, cardOf);
    return selection.kind === 'edge'
      ? source === selection.source && destination === selection.destination
      : source === selection.id || destination === selection.id;
  });
}
