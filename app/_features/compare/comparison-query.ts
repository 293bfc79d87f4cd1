/**
 * What is different between the map shown and an earlier time. Asks for the very range that the map answered, so that
 * both speak of the same traffic; while live, no faster than the comparison itself takes.
 */
'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { diffResponseSchema, type DiffResponse, type MapResponse } from '../../../model/api.ts';
import { getJson } from '../api/client.ts';
import { useInvestigation } from '../url/investigation.ts';
import { startOfOther, type Against } from './against.ts';

export interface Comparison {
  readonly against: Against;
  readonly diff: DiffResponse | undefined;
  readonly error: Error | null;
  /** What is shown belongs to an earlier question, or could not be refreshed. */
  readonly isStale: boolean;
  readonly retry: () => void;
}

export interface Question {
  readonly from: string;
  readonly to: string;
  readonly before: string;
  readonly filter: string;
  readonly grouping: string;
}

const leastPauseMs = 5_000;
const mostChanges = '2000';

/** Null while nothing is compared, or before there is a map to compare. */
export function useComparison(map: MapResponse | undefined, filter: string): Comparison | null {
  const { against } = useInvestigation();
  const wanted = map === undefined || against === null ? null : questionOf(map, filter, against);
  const [asked, setAsked] = useState<Question | null>(wanted);
  const { data, error, failureReason, isPlaceholderData, isFetching, refetch } = useQuery({
    queryKey: ['diff', asked],
    queryFn: ({ signal }) => getJson('/api/v1/diff', { ...asked, limit: mostChanges }, diffResponseSchema, signal),
    enabled: asked !== null,
    placeholderData: keepPreviousData,
  });
  const pauseMs = Math.max(leastPauseMs, 4 * (data?.evidence.elapsedMs ?? 0));
  if (isWorthAsking(asked, wanted, isFetching, pauseMs)) setAsked(wanted);
  if (against === null || asked === null) return null;
  const problem = error ?? failureReason;
  return {
    against,
    diff: data,
    error: problem,
    isStale: isPlaceholderData || (problem !== null && data !== undefined),
    retry: () => void refetch(),
  };
}

function questionOf({ range, grouping }: MapResponse, filter: string, against: Against): Question {
  return {
    from: String(range.fromMs),
    to: String(range.toMs),
    before: String(startOfOther(against, range)),
    filter,
    grouping,
  };
}

/** Another question is asked at once; the same of a range that moved on, when the last was answered and some time passed. */
export function isWorthAsking(
  asked: Question | null,
  wanted: Question | null,
  isFetching: boolean,
  pauseMs: number,
): boolean {
  if (asked === null || wanted === null) return asked !== wanted;
  const movedMs = Number(wanted.to) - Number(asked.to);
  const isSame =
    asked.filter === wanted.filter &&
    asked.grouping === wanted.grouping &&
    Number(asked.to) - Number(asked.from) === Number(wanted.to) - Number(wanted.from) &&
    Number(asked.from) - Number(asked.before) === Number(wanted.from) - Number(wanted.before);
  if (!isSame || movedMs < 0) return true;
  return movedMs >= pauseMs && !isFetching;
}
