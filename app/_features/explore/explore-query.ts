/** What is explored, from the URL, and the answer now and for the period before. */
'use client';

import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { parseAsBoolean, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';

import { topMeasures, topResponseSchema, type TopMeasure, type TopResponse } from '../../../model/api.ts';
import { getJson } from '../api/client.ts';
import { rangeQuery } from '../range/time-range.ts';
import { refreshOf } from '../series/series-query.ts';
import { useInvestigation } from '../url/investigation.ts';

export const chartKinds = ['stacked', 'lines'] as const;
export type ChartKind = (typeof chartKinds)[number];

export interface Question {
  readonly dimension: string;
  readonly measure: TopMeasure;
  readonly chart: ChartKind;
  readonly previous: boolean;
}

/** `by` is the map's grouping: the dimension has a name of its own in the URL. */
const parsers = {
  dimension: parseAsString.withDefault('to.workload'),
  measure: parseAsStringLiteral(topMeasures).withDefault('bytes'),
  chart: parseAsStringLiteral(chartKinds).withDefault('stacked'),
  previous: parseAsBoolean.withDefault(false),
};

export function useQuestion(): readonly [Question, (change: Partial<Question>) => void] {
  const [question, set] = useQueryStates(parsers, { history: 'push' });
  return [question, (change) => void set(change)];
}

const shown = '8';
const points = '60';

export interface ExploreAnswer {
  readonly now: UseQueryResult<TopResponse>;
  readonly before: UseQueryResult<TopResponse>;
}

export function useExplore({ dimension, measure, previous }: Question): ExploreAnswer {
  const { range, isLive, filter } = useInvestigation();
  const question = { ...rangeQuery(range), filter, by: dimension, measure, limit: shown, points };
  const now = useQuery({
    queryKey: ['top', question],
    queryFn: ({ signal }) => getJson('/api/v1/top', question, topResponseSchema, signal),
    placeholderData: keepPreviousData,
    refetchInterval: refreshOf(range, isLive, 5_000),
  });
  const { fromMs, toMs } = now.data?.range ?? { fromMs: 0, toMs: 0 };
  const earlier = { ...question, from: String(2 * fromMs - toMs), to: String(fromMs) };
  const before = useQuery({
    queryKey: ['top before', earlier],
    queryFn: ({ signal }) => getJson('/api/v1/top', earlier, topResponseSchema, signal),
    enabled: previous && now.data !== undefined && !now.isPlaceholderData,
    placeholderData: keepPreviousData,
  });
  return { now, before };
}
