/** The DNS view: names by who asks which resolver, with what was answered, how fast, and what search domains cost. */
'use client';

import type { ReactNode } from 'react';

import type { DnsName } from '../../../model/api.ts';
import { formatRate } from '../../_viz/format/quantities.ts';
import { ExchangePage, type ExchangeKind } from '../exchanges/exchange-page.tsx';
import { latencyColumn, type Column } from '../exchanges/exchange-table.tsx';
import { dnsFinding, nameFilter, nameId } from '../exchanges/exchange-words.ts';
import { rowsOf, useDnsNames, useExchangeOrder } from '../exchanges/exchanges-query.ts';
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
  latencyColumn('p50', '7%'),
  latencyColumn('p95', '7%'),
  latencyColumn('p99', '7%'),
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
  const answer = rowsOf(useDnsNames(order), (told) => told.names, dnsFinding);
  return <ExchangePage kind={kind} order={order} onOrder={setOrder} answer={answer} />;
}
