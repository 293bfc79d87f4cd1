/** Problems that somebody marked as known, each with a note: everyone who opens this Palomar sees them. */
'use client';

import { useMemo } from 'react';

import { useSaved } from '../saved/saved-query.ts';

interface KnownProblem {
  readonly note: string;
  readonly sinceMs: number;
}

/** By the id of the problem; none while nothing is known of them. */
export type Known = ReadonlyMap<string, KnownProblem>;

export function useKnownProblems(): Known {
  const { items } = useSaved();
  return useMemo(
    () =>
      new Map(
        (items ?? [])
          .filter(({ kind }) => kind === 'known')
          .map(({ id, text, changedMs }) => [id, { note: text, sinceMs: changedMs }]),
      ),
    [items],
  );
}
