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
