/** The terms of the filter as chips over its field: turned round with a click, taken away with another. */
'use client';

import { X } from 'lucide-react';
import type { ReactNode } from 'react';

import type { Expression } from '../../../model/filter/ast.ts';
import { parseFilter } from '../../../model/filter/parse.ts';
import { printFilter } from '../../../model/filter/print.ts';
import { classes } from '../../_components/classes.ts';

interface FilterChipsProps {
  readonly filter: string;
  readonly onChange: (filter: string) => void;
  /** The field is wanted, for editing as text. */
  readonly onEdit: () => void;
}

export function FilterChips({ filter, onChange, onEdit }: FilterChipsProps): ReactNode {
  const terms = termsOf(filter);
  const change = (next: readonly Expression[]): void => onChange(printAll(next));
  return (
    <div
      className="absolute inset-y-0.5 right-8 left-8 flex cursor-text items-center gap-1 overflow-hidden"
      onClick={(event) => {
        if (event.target === event.currentTarget) onEdit();
      }}
    >
      {terms.map((term, at) => {
        const text = printFilter(term);
        const isExcluded = term.kind === 'not';
        return (
          <span
            key={text}
            className={classes(
              'flex h-5.5 min-w-0 shrink items-center rounded-sm text-xs font-medium',
              isExcluded ? 'bg-sunken text-ink-soft' : 'bg-accent-soft text-accent',
            )}
          >
            <button
              type="button"
              className="min-w-0 truncate rounded-l-sm py-0.5 pl-1.5 hover:underline"
              title={text}
              aria-label={isExcluded ? `Include ${printFilter(term.of)} instead` : `Exclude ${text} instead`}
              onClick={() => change(terms.map((other, place) => (place === at ? turnRound(other) : other)))}
            >
              {text}
            </button>
            <button
              type="button"
              className="rounded-r-sm px-1 py-1 hover:bg-hover"
              aria-label={`Remove ${text}`}
              onClick={() => change(terms.filter((_, place) => place !== at))}
            >
              <X aria-hidden className="size-3" />
            </button>
          </span>
        );
      })}
    </div>
  );
}

/** What is joined by "and" at the top; anything else is one term. */
function termsOf(filter: string): readonly Expression[] {
  const parsed = parseFilter(filter);
  if (!parsed.ok || parsed.value.kind === 'all') return [];
  return parsed.value.kind === 'and' ? parsed.value.of : [parsed.value];
}

const turnRound = (term: Expression): Expression => (term.kind === 'not' ? term.of : { kind: 'not', of: term });

function printAll(terms: readonly Expression[]): string {
  const [only] = terms;
  if (only === undefined) return '';
  return printFilter(terms.length === 1 ? only : { kind: 'and', of: terms });
}
