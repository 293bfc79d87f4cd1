/** The DNS view: names by who asks which resolver, with what was answered, how fast, and what search domains cost. */
'use client';

import type { ReactNode } from 'react';

import type { DnsName } from '../../../model/api.ts';
import { formatMilliseconds, formatRate } from '../../_viz/format/quantities.ts';
import { ExchangePage, type ExchangeKind } from '../exchanges/exchange-page.tsx';
import type { Column } from '../exchanges/exchange-table.tsx';
import { dnsFinding, nameFilter, nameId } from '../exchanges/exchange-words.ts';
import { useDnsNames, useExchangeOrder } from '../exchanges/exchanges-query.ts';
import { ShareCell } from '../exchanges/share-cell.tsx';

const share = (
  name: string,
  what: string,
  count: (row: DnsName) => number,
  more: Partial<Column<DnsName>> = {},
): Column<DnsName> => ({
  name,
  width: '9%',
  isNumber: true,
  cell: (row) => <ShareCell count={count(row)} of={row.requests} what={what} isTrouble={name !== 'NXDOMAIN'} />,
  ...more,
});

const latency = (quantile: 'p50' | 'p95' | 'p99'): Column<DnsName> => ({
  name: quantile,
  width: '7%',
  isNumber: true,
  ...(quantile === 'p95' ? { order: 'slowest' as const } : {}),
  cell: ({ latencyMs }) => (latencyMs === null ? '' : formatMilliseconds(latencyMs[quantile])),
});

const columns: readonly Column<DnsName>[] = [
  {
    name: 'Name',
    width: '31%',
    cell: ({ name, type }) => (
      <span title={`${name} ${type}`}>
        {name} <span className="text-ink-faint">{type}</span>
      </span>
    ),
  },
  {
    name: 'Lookups',
    width: '8%',
    isNumber: true,
    order: 'requests',
    cell: ({ requests, perSecond }) => <span title={String(requests)}>{formatRate(perSecond, 1)}</span>,
  },
  share('NXDOMAIN', 'NXDOMAIN answer', ({ notFound }) => notFound),
  share('SERVFAIL', 'SERVFAIL answer', ({ serverFailures }) => serverFailures, { order: 'failing' }),
  share('Unanswered', 'lookup without an answer', ({ unanswered }) => unanswered, { width: '10%' }),
  share('Needless', 'NXDOMAIN from a search domain', ({ needless }) => needless),
  latency('p50'),
  latency('p95'),
  latency('p99'),
];

const kind: ExchangeKind<DnsName> = {
  what: 'names',
  scope: 'protocol:dns',
  empty: 'No lookup was seen within the filter. DNS over TLS or HTTPS looks like any other encrypted connection.',
  columns,
  idOf: nameId,
  titleOf: ({ name, type }) => `${name} ${type}`,
  filterOf: nameFilter,
  answersOf: ({ rcodes, unanswered }) => [
    ...rcodes.map(({ rcode, count }) => ({
      name: rcode,
      count,
      ...(['NOERROR', 'NXDOMAIN'].includes(rcode) ? {} : { tone: 'warm' as const }),
    })),
    ...(unanswered > 0 ? [{ name: 'no answer', count: unanswered, tone: 'warm' as const }] : []),
  ],
};

export function DnsView(): ReactNode {
  const [order, setOrder] = useExchangeOrder();
  const { data, error, failureReason, dataUpdatedAt, isPlaceholderData, refetch } = useDnsNames(order);
  return (
    <ExchangePage
      kind={kind}
      order={order}
      onOrder={setOrder}
      answer={{
        rows: data?.names,
        finding: data === undefined ? null : dnsFinding(data),
        groups: data?.totals.groups ?? 0,
        evidence: data?.evidence ?? null,
        error: error ?? failureReason,
        updatedMs: dataUpdatedAt,
        isStale: isPlaceholderData,
        retry: () => void refetch(),
      }}
    />
  );
}
