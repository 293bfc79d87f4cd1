/** How the traffic under a filter went over the range, with the period of equal length before it. */
'use client';

import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';

import { seriesResponseSchema, type SeriesResponse } from '../../../model/api.ts';
import { getJson } from '../api/client.ts';
import { presetFacts, rangeQuery, type TimeRange } from '../range/time-range.ts';
import { useInvestigation } from '../url/investigation.ts';

const buckets = 60;

/** How often a page about this range asks again while live; false when it does not. */
export function refreshOf(range: TimeRange, isLive: boolean, leastMs: number): number | false {
  return isLive && range.kind === 'relative' ? Math.max(leastMs, presetFacts[range.preset].refreshMs) : false;
}

export function useSeries(filter: string): UseQueryResult<SeriesResponse> {
  const { range, isLive } = useInvestigation();
  const question = { ...rangeQuery(range), filter, points: String(buckets), previous: '1' };
  return useQuery({
    queryKey: ['series', question],
    queryFn: ({ signal }) => getJson('/api/v1/series', question, seriesResponseSchema, signal),
    placeholderData: keepPreviousData,
    refetchInterval: refreshOf(range, isLive, 10_000),
  });
}
