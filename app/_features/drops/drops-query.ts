/** What the inbox is made of: the drops now and in the stretch before, and rows of failed connects. */
'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

import { dropsResponseSchema, flowsResponseSchema, type Evidence } from '../../../model/api.ts';
import { parseTime } from '../../_viz/format/time.ts';
import { getJson } from '../api/client.ts';
import { allOf } from '../filter/filter-text.ts';
import { rangeQuery } from '../range/time-range.ts';
import { useInvestigation } from '../url/investigation.ts';
import { connectGroups, dropGroups, dropsPart, type ProblemGroup } from './drop-groups.ts';

/** Groups of drops that are read, the largest first. */
const dropRows = 1_000;
/** Rows of failed connects that are read; more is said to be more. */
const connectRows = 500;
const refreshMs = 10_000;

export interface Problems {
  /** Undefined until the first answer. */
  readonly drops: readonly ProblemGroup[] | undefined;
  /** Over all groups, also those that were not read. */
  readonly totals: { readonly groups: number; readonly packets: number } | null;
  readonly isDropsCut: boolean;
  readonly connects: readonly ProblemGroup[] | undefined;
  /** There are more failed connects than were read. */
  readonly isConnectsCut: boolean;
  readonly error: Error | null;
  readonly connectsError: Error | null;
  readonly evidence: Evidence | null;
  readonly updatedMs: number;
  readonly isStale: boolean;
  readonly retry: () => void;
}

export function useProblems(): Problems {
  const { range, filter, isLive } = useInvestigation();
  const question = { ...rangeQuery(range), filter, limit: String(dropRows) };
  const refetchInterval = isLive ? refreshMs : false;
  const now = useQuery({
    queryKey: ['drops', question],
    queryFn: ({ signal }) => getJson('/api/v1/drops', question, dropsResponseSchema, signal),
    placeholderData: keepPreviousData,
    refetchInterval,
  });
  // The stretch before slides by the minute, not with every refresh.
  const fromMs = Math.floor((now.data?.range.fromMs ?? 0) / 60_000) * 60_000;
  const lengthMs =
    now.data === undefined ? 0 : Math.ceil((now.data.range.toMs - now.data.range.fromMs) / 1_000) * 1_000;
  const earlier = { ...question, from: String(fromMs - lengthMs), to: String(fromMs) };
  const before = useQuery({
    queryKey: ['drops before', earlier],
    queryFn: ({ signal }) => getJson('/api/v1/drops', earlier, dropsResponseSchema, signal),
    enabled: now.data !== undefined && !now.isPlaceholderData,
    placeholderData: keepPreviousData,
  });
  const failed = { ...rangeQuery(range), filter: allOf(filter, 'connect:failed'), limit: String(connectRows) };
  const connects = useQuery({
    queryKey: ['failed connects', failed],
    queryFn: ({ signal }) => getJson('/api/v1/flows', failed, flowsResponseSchema, signal),
    placeholderData: keepPreviousData,
    refetchInterval,
  });
  const drops = useMemo(
    () =>
      now.data === undefined
        ? undefined
        : dropGroups(dropsPart(now.data), before.data === undefined ? null : dropsPart(before.data)),
    [now.data, before.data],
  );
  const connectProblems = useMemo(
    () =>
      connects.data === undefined ? undefined : connectGroups(connects.data.flows, (flow) => parseTime(flow.time)),
    [connects.data],
  );
  return {
    drops,
    totals: now.data?.totals ?? null,
    isDropsCut: now.data?.evidence.truncated ?? false,
    connects: connectProblems,
    isConnectsCut: connects.data !== undefined && connects.data.cursor !== null,
    error: now.error ?? now.failureReason,
    connectsError: connects.error ?? connects.failureReason,
    evidence: now.data?.evidence ?? null,
    updatedMs: now.dataUpdatedAt,
    isStale: now.isPlaceholderData,
    retry: () => {
      void now.refetch();
      void connects.refetch();
    },
  };
}
