/**
 * The filter's text field. What is typed is checked here at once by the same parser that the server uses; only a filter
 * that parses is applied. `/` puts the cursor here; fields and values are offered below; at rest it shows its terms as
 * chips.
 */
'use client';

import { Filter, X } from 'lucide-react';
import { useQueryClient } from '@tanstack/react-query';
import { useId, useState, type KeyboardEvent, type ReactNode, type RefObject } from 'react';

import { parseFilter } from '../../../model/filter/parse.ts';
import { Button } from '../../_components/button.tsx';
import { classes } from '../../_components/classes.ts';
import { complete, wantedValue, type CompletionOption } from './complete.ts';
import { FilterChips } from './filter-chips.tsx';
import { FilterProblem } from './filter-problem.tsx';
import { Offered, useOffered } from './offered.tsx';
import { useStoredValues } from './stored-values.ts';
import { valuesOnPage } from './values-on-page.ts';
import { useInvestigation } from '../url/investigation.ts';

export function FilterInput({ field }: { field: RefObject<HTMLInputElement | null> }): ReactNode {
  const { filter, setFilter } = useInvestigation();
  const [draft, setDraft] = useState<{ text: string; of: string }>({ text: filter, of: filter });
  // The URL changed under the draft: back button, a link, a click on a value.
  const text = draft.of === filter ? draft.text : filter;
  const [isChecked, setChecked] = useState(false);
  const [isFocused, setFocused] = useState(false);
  const [cursor, setCursor] = useState(text.length);
  const problemId = useId();
  const listId = useId();
  const client = useQueryClient();
  const wanted = isFocused ? wantedValue(text, cursor) : null;
  const stored = useStoredValues(wanted);
  const onPage = valuesOnPage(client);
  const completion = isFocused ? complete(text, cursor, (name) => [...stored, ...onPage(name)]) : null;
  const offered = useOffered(completion, `${text} ${cursor}`);
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
  const take = (option: CompletionOption): void => {
    const { start } = offered;
    const isWhole = !option.insert.endsWith(':');
    const before = text.slice(0, start) + option.insert + (isWhole ? ' ' : '');
    setDraft({ text: before + text.slice(cursor).trimStart(), of: filter });
    setCursor(before.length);
    setChecked(false);
    requestAnimationFrame(() => field.current?.setSelectionRange(before.length, before.length));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (offered.onKey(event, take)) return;
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    setDraft({ text: filter, of: filter });
    setChecked(false);
    event.currentTarget.blur();
  };
  // Only what parses has terms to show as chips; a filter of a link that does not stays legible as it is.
  const hasChips = !isFocused && problem === null && parsed.ok && filter !== '' && text === filter;
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
        role="combobox"
        aria-label="Filter"
        aria-autocomplete="list"
        aria-expanded={offered.isOpen}
        aria-controls={offered.isOpen ? listId : undefined}
        aria-activedescendant={offered.isOpen && offered.at >= 0 ? `${listId}-${offered.at}` : undefined}
        aria-invalid={problem !== null}
        aria-describedby={problem === null ? undefined : problemId}
        value={text}
        spellCheck={false}
        autoComplete="off"
        placeholder="ns:production verdict:dropped to.port:443"
        onChange={(event) => {
          setChecked(false);
          setDraft({ text: event.target.value, of: filter });
          setCursor(event.target.selectionStart ?? event.target.value.length);
        }}
        onSelect={(event) => setCursor(event.currentTarget.selectionStart ?? text.length)}
        onFocus={() => setFocused(true)}
        onBlur={() => {
          setFocused(false);
          apply(text);
        }}
        onKeyDown={onKeyDown}
        className={classes(
          'h-7 w-full rounded-md border bg-surface pr-8 pl-8 text-sm placeholder:text-ink-faint',
          hasChips ? 'text-transparent' : 'text-ink',
          problem === null ? 'border-line hover:border-line-strong' : 'border-dropped',
        )}
      />
      {hasChips && <FilterChips filter={filter} onChange={setFilter} onEdit={() => field.current?.focus()} />}
      {offered.isOpen && problem === null && <Offered id={listId} offered={offered} onTake={take} />}
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
