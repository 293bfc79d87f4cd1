/**
 * Problems that somebody marked as known, each with a note. They are kept in this browser alone, bounded, and the page
 * says so: the team does not see them.
 */
'use client';

import { useMemo } from 'react';
import { z } from 'zod';

import { useStored } from '../../_components/stored.ts';

const knownSchema = z.record(z.string(), z.object({ note: z.string(), sinceMs: z.number() }));

export type Known = Readonly<z.infer<typeof knownSchema>>;

export const mostKnown = 500;
const longestNote = 500;

/** What was written by hand, or by another version, is as good as nothing. */
export function parseKnown(text: string): Known {
  const json = z.string().transform((value, context) => {
    try {
      return JSON.parse(value) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'no JSON' });
      return z.NEVER;
    }
  });
  const parsed = json.pipe(knownSchema).safeParse(text);
  return parsed.success ? parsed.data : {};
}

/** The newest stay when there are too many. */
export function withKnown(known: Known, id: string, note: string, nowMs: number): Known {
  const all = { ...known, [id]: { note: note.trim().slice(0, longestNote), sinceMs: nowMs } };
  const newest = Object.entries(all).sort(([, a], [, b]) => b.sinceMs - a.sinceMs);
  return Object.fromEntries(newest.slice(0, mostKnown));
}

export function withoutKnown(known: Known, id: string): Known {
  return Object.fromEntries(Object.entries(known).filter(([key]) => key !== id));
}

interface KnownProblems {
  readonly known: Known;
  readonly mark: (id: string, note: string) => void;
  readonly unmark: (id: string) => void;
}

export function useKnownProblems(): KnownProblems {
  const [stored, store] = useStored('known-problems', '{}');
  const known = useMemo(() => parseKnown(stored), [stored]);
  return {
    known,
    mark: (id, note) => store(JSON.stringify(withKnown(known, id, note, Date.now()))),
    unmark: (id) => store(JSON.stringify(withoutKnown(known, id))),
  };
}
