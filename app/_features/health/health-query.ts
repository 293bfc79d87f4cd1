/** How capture and store stand, asked every five seconds. */
'use client';

import { queryOptions, useQuery, type UseQueryResult } from '@tanstack/react-query';

import { healthSchema, type Health } from '../../../model/api.ts';
import { getJson } from '../api/client.ts';

const healthQuery = queryOptions({
  queryKey: ['health'],
  queryFn: ({ signal }) => getJson('/api/v1/health', {}, healthSchema, signal),
  refetchInterval: 5_000,
  staleTime: 4_000,
  retry: false,
});

export const useHealth = (): UseQueryResult<Health> => useQuery(healthQuery);
