/**
 * The filter's text field. What is typed is checked here at once by the same parser that the server uses; only a filter
 * that parses is applied. `/` puts the cursor here.
 */
'use client';

import { Filter, X } from 'lucide-react';
import { useId, useState, type ReactNode, type RefObject } from 'react';

import { parseFilter } from '../../../model/filter/parse.ts';
import { Button } from '../../_components/button.tsx';
import { classes } from '../../_components/classes.ts';
import { FilterProblem } from './filter-problem.tsx';
import { useInvestigation } from '../url/investigation.ts';

export function FilterInput({ field }: { field: RefObject<HTMLInputElement | null> }): ReactNode {
  const { filter, setFilter } = useInvestigation();
  const [draft, setDraft] = useState<{ text: string; of: string }>({ text: filter, of: filter });
  // The URL changed under the draft: back button, a link, a click on a value.
  const text = draft.of === filter ? draft.text : filter;
  const [isChecked, setChecked] = useState(false);
  const problemId = useId();
  const parsed = parseFilter(text);
  const problem = isChecked && !parsed.ok ? parsed.error : null;
  const apply = (next: string): void => {
    setChecked(true);
    if (parseFilter(next).ok) setFilter(next.trim());
  };
  const accept = (suggestion: string): void => {
    if (parsed.ok) return;
    const { position, length } = parsed.error;
    const mended = text.slice(0, position) + suggestion + text.slice(position + length);
    setDraft({ text: mended, of: filter });
    apply(mended);
  };
  return (
    <form
      role="search"
      className="relative min-w-40 flex-1"
      onSubmit={(event) => {
        event.preventDefault();
        apply(text);
      }}
    >
      <Filter aria-hidden className="pointer-events-none absolute top-1.5 left-2 size-4 text-ink-faint" />
      <input
        ref={field}
        aria-label="Filter"
        aria-invalid={problem !== null}
        aria-describedby={problem === null ? undefined : problemId}
        value={text}
        spellCheck={false}
        autoComplete="off"
        placeholder="ns:production verdict:dropped to.port:443"
        onChange={(event) => {
          setChecked(false);
          setDraft({ text: event.target.value, of: filter });
        }}
        onBlur={() => apply(text)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          event.stopPropagation();
          setDraft({ text: filter, of: filter });
          setChecked(false);
          event.currentTarget.blur();
        }}
        className={classes(
          'h-7 w-full rounded-md border bg-surface pr-8 pl-8 text-sm text-ink placeholder:text-ink-faint',
          problem === null ? 'border-line hover:border-line-strong' : 'border-dropped',
        )}
      />
      {text === '' ? (
        <kbd className="pointer-events-none absolute top-1 right-2 rounded-sm border border-line px-1.5 font-sans text-2xs leading-4.5 text-ink-faint">
          /
        </kbd>
      ) : (
        <Button
          look="ghost"
          size="small"
          aria-label="Clear the filter"
          className="absolute top-0.5 right-0.5 w-6 px-0"
          onClick={() => {
            setDraft({ text: '', of: filter });
            apply('');
          }}
        >
          <X aria-hidden className="size-3.5" />
        </Button>
      )}
      {problem !== null && (
        <div
          id={problemId}
          role="alert"
          className="absolute top-8 left-0 z-40 max-w-full rounded-md border border-line bg-raised px-3 py-2 text-xs shadow-float"
        >
          <FilterProblem text={text} position={problem.position} length={problem.length} message={problem.message} />
          {problem.suggestion !== null && (
            <Button size="small" className="mt-1.5" onClick={() => accept(problem.suggestion ?? '')}>
              Use <code className="font-mono">{problem.suggestion}</code>
            </Button>
          )}
        </div>
      )}
    </form>
  );
}
