/** The map of the current investigation: asked again while live, kept in place while something newer is on its way. */
'use client';

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { mapResponseSchema, type Grouping, type MapResponse } from '../../../model/api.ts';
import { ApiFailure, getJson } from '../api/client.ts';
import { useTicks } from '../live/live-context.tsx';
import { presetFacts, rangeQuery } from '../range/time-range.ts';
import { useInvestigation } from '../url/investigation.ts';
import { mostNodes } from './budget.ts';
import type { MapShape } from './map-shape.ts';
import type { Slice } from './replay.ts';

export interface MapAnswer {
  readonly data: MapResponse | undefined;
  readonly error: Error | null;
  readonly updatedMs: number;
  /** What is shown belongs to an earlier question, or could not be refreshed. */
  readonly isStale: boolean;
  readonly grouping: Grouping;
  /** Grouped by namespace because there were too many workloads. */
  readonly isCrowded: boolean;
  readonly retry: () => void;
}

/** Whether the map that was asked for was by workload. */
function isByWorkload(queryKey: readonly unknown[] | undefined): boolean {
  const question = queryKey?.[1];
  return (
    typeof question === 'object' && question !== null && 'grouping' in question && question.grouping === 'workload'
  );
}

/** As many as the server gives; more than can be drawn, for what lists them. */
const mostListed = '5000';

/** `slice` is asked for in place of the range while the reader walks through it. */
export function useMapAnswer(shape: MapShape, slice: Slice | null): MapAnswer {
  const { range, filter, grouping: chosen, isLive } = useInvestigation();
  const [crowdedFilter, setCrowdedFilter] = useState<string | null>(null);
  const isCrowded = shape === 'map' && chosen === null && crowdedFilter === filter;
  const grouping = chosen ?? (isCrowded ? 'namespace' : 'workload');
  const asked = rangeQuery(slice === null ? range : { kind: 'absolute', ...slice });
  const question = { ...asked, filter, grouping, ...(shape === 'map' ? {} : { limit: mostListed }) };
  const queryKey = ['map', question];
  const client = useQueryClient();
  const { data, error, failureReason, dataUpdatedAt, isPlaceholderData, refetch } = useQuery<
    MapResponse,
    ApiFailure | Error
  >({
    queryKey,
    queryFn: ({ signal }) => getJson('/api/v1/map', question, mapResponseSchema, signal),
    // A map by workload that turned out to be too large was never meant to be read: nothing stands until the smaller one.
    placeholderData: (previous, asked) =>
      isCrowded && previous !== undefined && isByWorkload(asked?.queryKey) ? undefined : previous,
  });
  const problem = error ?? failureReason;
  const nodes = data !== undefined && !isPlaceholderData ? (data.budget?.nodes.total ?? data.nodes.length) : 0;
  if (shape === 'map' && chosen === null && grouping === 'workload' && nodes > mostNodes) setCrowdedFilter(filter);

  useTicks(() => {
    if (!isLive || range.kind === 'absolute' || slice !== null) return;
    const state = client.getQueryState(queryKey);
    const age = Date.now() - (state?.dataUpdatedAt ?? 0);
    // A slow answer is not asked for faster than it comes.
    const pause = Math.max(presetFacts[range.preset].refreshMs, 4 * (data?.evidence.elapsedMs ?? 0));
    const isRefused = state?.error instanceof ApiFailure && state.error.isRefusal;
    if (state?.fetchStatus === 'idle' && !isRefused && age >= pause - 200) void client.invalidateQueries({ queryKey });
  });

  return {
    data,
    error: problem,
    updatedMs: dataUpdatedAt,
    isStale: isPlaceholderData || (problem !== null && data !== undefined),
    grouping,
    isCrowded,
    retry: () => void refetch(),
  };
}
