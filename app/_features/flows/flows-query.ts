/** Pages of flows, newest first; older ones by cursor. */
'use client';

import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query';

import { flowsResponseSchema, type FlowsResponse } from '../../../model/api.ts';
import { getJson } from '../api/client.ts';
import { rangeQuery, type TimeRange } from '../range/time-range.ts';

const pageSize = 200;
const firstPage: Readonly<Record<string, string>> = {};

export function flowsQuery(range: TimeRange, filter: string) {
  const question = { ...rangeQuery(range), filter, limit: String(pageSize) };
  return infiniteQueryOptions({
    queryKey: ['flows', question],
    queryFn: ({ pageParam, signal }) =>
      getJson('/api/v1/flows', { ...question, ...pageParam }, flowsResponseSchema, signal),
    initialPageParam: firstPage,
    // Older pages belong to the range of the first one, which may have been relative.
    getNextPageParam: (last: FlowsResponse) =>
      last.cursor === null
        ? undefined
        : { cursor: last.cursor, from: String(last.range.fromMs), to: String(last.range.toMs) },
    placeholderData: keepPreviousData,
    refetchOnMount: false,
    staleTime: Infinity,
  });
}
