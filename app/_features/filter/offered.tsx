/** The list of completions under the filter field, and the keys that move in it. */
'use client';

import { useState, type KeyboardEvent, type ReactNode } from 'react';

import { classes } from '../../_components/classes.ts';
import type { Completion, CompletionOption } from './complete.ts';

interface OfferedState {
  readonly isOpen: boolean;
  readonly options: readonly CompletionOption[];
  readonly start: number;
  /** The highlighted option; -1 for none, so that Enter applies the filter as it stands. */
  readonly at: number;
  /** True when the key was for the list. */
  readonly onKey: (event: KeyboardEvent, take: (option: CompletionOption) => void) => boolean;
}

/** `of` names what was typed: the highlight and a closed list belong to that text only. */
export function useOffered(completion: Completion | null, of: string): OfferedState {
  const [state, setState] = useState({ of, at: -1, isClosed: true });
  const isSame = state.of === of;
  const at = isSame ? state.at : -1;
  const isClosed = isSame && state.isClosed;
  const options = completion?.options ?? [];
  const isOpen = options.length > 0 && !isClosed;
  return {
    isOpen,
    options,
    start: completion?.start ?? 0,
    at,
    onKey(event, take) {
      if (event.key === 'ArrowDown' && options.length > 0) {
        event.preventDefault();
        setState({ of, at: isOpen ? (at + 1) % options.length : 0, isClosed: false });
        return true;
      }
      if (!isOpen) return false;
      const chosen = options[at] ?? (event.key === 'Tab' ? options[0] : undefined);
      switch (event.key) {
        case 'ArrowUp':
          event.preventDefault();
          setState({ of, at: at <= 0 ? options.length - 1 : at - 1, isClosed: false });
          return true;
        case 'Escape':
          event.stopPropagation();
          setState({ of, at: -1, isClosed: true });
          return true;
        case 'Tab':
        case 'Enter':
          if (chosen === undefined || event.shiftKey) return false;
          event.preventDefault();
          take(chosen);
          return true;
        default:
          return false;
      }
    },
  };
}

interface OfferedProps {
  readonly id: string;
  readonly offered: OfferedState;
  readonly onTake: (option: CompletionOption) => void;
}

export function Offered({ id, offered, onTake }: OfferedProps): ReactNode {
  return (
    <ul
      id={id}
      role="listbox"
      aria-label="Completions"
      className="absolute top-8 left-0 z-40 w-full max-w-xl rounded-md border border-line bg-raised p-1 text-sm shadow-float"
    >
      {offered.options.map((option, at) => (
        <li
          key={option.insert}
          id={`${id}-${at}`}
          role="option"
          aria-selected={at === offered.at}
          aria-label={option.label}
          className={classes(
            'flex h-6.5 cursor-pointer items-center gap-3 rounded-sm px-2',
            at === offered.at ? 'bg-accent-soft text-accent' : 'hover:bg-hover',
          )}
          // The field must not lose the cursor.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onTake(option)}
        >
          <span className="shrink-0 font-mono text-xs">{option.label}</span>
          <span className="min-w-0 truncate text-xs text-ink-faint">{option.says}</span>
        </li>
      ))}
    </ul>
  );
}
