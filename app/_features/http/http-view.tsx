/** The HTTP view: routes by who calls whom, with rate, failures, latency and what was answered. */
'use client';

import type { ReactNode } from 'react';

import type { Route } from '../../../model/api.ts';
import { classes } from '../../_components/classes.ts';
import { formatRate, formatShare } from '../../_viz/format/quantities.ts';
import { ExchangePage, type ExchangeKind } from '../exchanges/exchange-page.tsx';
import { latencyColumn, type Column } from '../exchanges/exchange-table.tsx';
import { failedOf, routeFilter, routeId, routesFinding } from '../exchanges/exchange-words.ts';
import { rowsOf, useExchangeOrder, useRoutes } from '../exchanges/exchanges-query.ts';
import { ShareCell } from '../exchanges/share-cell.tsx';

const columns: readonly Column<Route>[] = [
  {
    name: 'Route',
    width: '34%',
    cell: ({ method, route }) => (
      <span className="font-mono" title={`${method} ${route}`}>
        <span className="text-ink-faint">{method}</span> {route}
      </span>
    ),
  },
  {
    name: 'Requests',
    width: '9%',
    isNumber: true,
    order: 'requests',
    cell: ({ requests, perSecond }) => <span title={String(requests)}>{formatRate(perSecond, 1)}</span>,
  },
  {
    name: 'Failed',
    width: '8%',
    isNumber: true,
    order: 'failing',
    cell: (row) => <ShareCell count={failedOf(row)} of={row.requests} what="failed request" />,
  },
  latencyColumn('p50', '8%'),
  latencyColumn('p95', '8%'),
  latencyColumn('p99', '8%'),
  { name: 'Answers', width: '25%', cell: (row) => <Classes {...row} /> },
];

const classTones = ['bg-line-strong', 'bg-fine', 'bg-edge', 'bg-edge-warm', 'bg-dropped'];

/** Status classes as one bar and in words; what had no answer is the part left empty. */
function Classes({ classes: counts, requests }: Route): ReactNode {
  const said = counts
    .flatMap((count, index) => (count === 0 ? [] : [`${index + 1}xx ${formatShare(count, requests)}`]))
    .join(' · ');
  return (
    <span className="flex items-center gap-2">
      <span aria-hidden className="flex h-1.5 w-20 shrink-0 overflow-hidden rounded-sm bg-sunken">
        {counts.map((count, index) => (
          <span
            key={index}
            className={classes('h-full', classTones[index])}
            style={{ width: `${(100 * count) / Math.max(1, requests)}%` }}
          />
        ))}
      </span>
      <span title={said} className="truncate text-ink-soft">
        {said}
      </span>
    </span>
  );
}

const kind: ExchangeKind<Route> = {
  what: 'routes',
  scope: 'protocol:http or protocol:grpc',
  empty: 'No HTTP or gRPC request was seen within the filter. What is encrypted can only be read where its program is.',
  columns,
  idOf: routeId,
  titleOf: ({ method, route }) => `${method} ${route}`,
  filterOf: routeFilter,
  answersOf: ({ statuses, unanswered }) => [
    ...statuses.map(({ status, count }) => ({
      name: String(status),
      count,
      ...(status >= 500 ? { tone: 'dropped' as const } : status >= 400 ? { tone: 'warm' as const } : {}),
    })),
    ...(unanswered > 0 ? [{ name: 'no answer', count: unanswered, tone: 'warm' as const }] : []),
  ],
};

export function HttpView(): ReactNode {
  const [order, setOrder] = useExchangeOrder();
  const answer = rowsOf(useRoutes(order), (told) => told.routes, routesFinding);
  return <ExchangePage kind={kind} order={order} onOrder={setOrder} answer={answer} />;
}
