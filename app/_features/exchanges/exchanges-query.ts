/** Routes or names of the range, in the order that the URL says. */
'use client';

import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { parseAsStringLiteral, useQueryState } from 'nuqs';

import {
  dnsResponseSchema,
  exchangeOrders,
  routesResponseSchema,
  type DnsResponse,
  type ExchangeOrder,
  type RoutesResponse,
} from '../../../model/api.ts';
import { getJson } from '../api/client.ts';
import { rangeQuery } from '../range/time-range.ts';
import { refreshOf } from '../series/series-query.ts';
import { useInvestigation } from '../url/investigation.ts';
import type { ExchangeRows } from './exchange-page.tsx';
import type { Finding } from './exchange-words.ts';

export const useExchangeOrder = (): readonly [ExchangeOrder, (order: ExchangeOrder) => void] => {
  const [order, setOrder] = useQueryState(
    'order',
    parseAsStringLiteral(exchangeOrders).withDefault('requests').withOptions({ history: 'push' }),
  );
  return [order, (next) => void setOrder(next)];
};

const mostRows = '500';

function useQuestion(order: ExchangeOrder) {
  const { range, isLive, filter } = useInvestigation();
  return {
    question: { ...rangeQuery(range), filter, order, limit: mostRows },
    refetchInterval: refreshOf(range, isLive, 5_000),
  };
}

export function useRoutes(order: ExchangeOrder): UseQueryResult<RoutesResponse> {
  const { question, refetchInterval } = useQuestion(order);
  return useQuery({
    queryKey: ['routes', question],
    queryFn: ({ signal }) => getJson('/api/v1/routes', question, routesResponseSchema, signal),
    placeholderData: keepPreviousData,
    refetchInterval,
  });
}

export function useDnsNames(order: ExchangeOrder): UseQueryResult<DnsResponse> {
  const { question, refetchInterval } = useQuestion(order);
  return useQuery({
    queryKey: ['dns names', question],
    queryFn: ({ signal }) => getJson('/api/v1/dns', question, dnsResponseSchema, signal),
    placeholderData: keepPreviousData,
    refetchInterval,
  });
}

type Answered = RoutesResponse | DnsResponse;

/** What a page shows of an answer: its rows, and what they come down to. */
export function rowsOf<A extends Answered, T>(
  { data, error, failureReason, dataUpdatedAt, isPlaceholderData, refetch }: UseQueryResult<A>,
  rows: (answer: A) => readonly T[],
  finding: (answer: A) => Finding,
): ExchangeRows<T> {
  return {
    rows: data === undefined ? undefined : rows(data),
    finding: data === undefined ? null : finding(data),
    groups: data?.totals.groups ?? 0,
    evidence: data?.evidence ?? null,
    error: error ?? failureReason,
    updatedMs: dataUpdatedAt,
    isStale: isPlaceholderData,
    retry: () => void refetch(),
  };
}
