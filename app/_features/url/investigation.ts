/**
 * The URL is the investigation: range, live, filter, grouping and selection as query parameters, the view as the path.
 * Everything else on the page follows from these.
 */
'use client';

import {
  createParser,
  parseAsBoolean,
  parseAsInteger,
  parseAsString,
  parseAsStringLiteral,
  useQueryStates,
} from 'nuqs';
import { useCallback, useMemo } from 'react';

import { groupings, type Grouping } from '../../../model/api.ts';
import { againsts, type Against } from '../compare/against.ts';
import { presets, type Preset, type TimeRange } from '../range/time-range.ts';

export type Selection =
  | { readonly kind: 'node'; readonly id: string }
  | { readonly kind: 'edge'; readonly source: string; readonly destination: string };

const arrow = '~>';

/** `select=<node id>` or `select=<source id>~><destination id>`. */
export const parseAsSelection = createParser<Selection>({
  parse(text) {
    const at = text.indexOf(arrow);
    if (text === '') return null;
    if (at < 0) return { kind: 'node', id: text };
    return { kind: 'edge', source: text.slice(0, at), destination: text.slice(at + arrow.length) };
  },
  serialize: (value) => (value.kind === 'node' ? value.id : `${value.source}${arrow}${value.destination}`),
  eq: (a, b) => selectionKey(a) === selectionKey(b),
});

export const selectionKey = (selection: Selection): string =>
  selection.kind === 'node' ? selection.id : `${selection.source}${arrow}${selection.destination}`;

export const parsers = {
  range: parseAsStringLiteral(presets).withDefault('15m'),
  from: parseAsInteger,
  to: parseAsInteger,
  live: parseAsBoolean.withDefault(true),
  filter: parseAsString.withDefault(''),
  by: parseAsStringLiteral(groupings),
  select: parseAsSelection,
  against: parseAsStringLiteral(againsts),
};

export interface Investigation {
  readonly range: TimeRange;
  /** Follows the newest data; never with a fixed range. */
  readonly isLive: boolean;
  readonly filter: string;
  /** Null until the reader chooses: then the size of the map decides. */
  readonly grouping: Grouping | null;
  readonly selection: Selection | null;
  /** The earlier time that the map is compared with. */
  readonly against: Against | null;
  readonly showPreset: (preset: Preset) => void;
  readonly showSpan: (fromMs: number, toMs: number) => void;
  readonly setLive: (live: boolean) => void;
  readonly setFilter: (filter: string) => void;
  readonly setGrouping: (grouping: Grouping) => void;
  readonly select: (selection: Selection | null) => void;
  readonly compareWith: (against: Against | null) => void;
}

export function useInvestigation(): Investigation {
  const [state, set] = useQueryStates(parsers, { history: 'push' });
  const { range: preset, from, to, live, filter, by, select, against } = state;
  const range = useMemo<TimeRange>(
    () =>
      from !== null && to !== null && from < to
        ? { kind: 'absolute', fromMs: from, toMs: to }
        : { kind: 'relative', preset },
    [from, to, preset],
  );
  const actions = useMemo(
    () => ({
      showPreset: (next: Preset) => void set({ range: next, from: null, to: null }),
      showSpan: (fromMs: number, toMs: number) =>
        void set({ range: null, from: Math.round(fromMs), to: Math.round(toMs), live: null }),
      setLive: (next: boolean) => void set(next ? { live: null, from: null, to: null } : { live: false }),
      setFilter: (next: string) => void set({ filter: next === '' ? null : next }),
      setGrouping: (next: Grouping) => void set({ by: next, select: null }),
      compareWith: (next: Against | null) => void set({ against: next }),
    }),
    [set],
  );
  const setSelection = useCallback((next: Selection | null) => void set({ select: next }), [set]);
  return useMemo(
    () => ({
      range,
      isLive: live && range.kind === 'relative',
      filter,
      grouping: by,
      selection: select,
      against,
      ...actions,
      select: setSelection,
    }),
    [range, live, filter, by, select, against, actions, setSelection],
  );
}
