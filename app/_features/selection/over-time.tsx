/** What a selection did over time, against the period before, and the routes and names it was most about. */
'use client';

import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { dnsResponseSchema, routesResponseSchema } from '../../../model/api.ts';
import { formatCompact, formatMilliseconds, formatShare } from '../../_viz/format/quantities.ts';
import { getJson } from '../api/client.ts';
import { failedOf, nameFilter, nameId, routeFilter, routeId, type Exchange } from '../exchanges/exchange-words.ts';
import { allOf } from '../filter/filter-text.ts';
import { ValueMenu } from '../filter/value-menu.tsx';
import { rangeQuery } from '../range/time-range.ts';
import { SignalCharts } from '../series/signal-charts.tsx';
import { useSeries } from '../series/series-query.ts';
import { useInvestigation } from '../url/investigation.ts';
import { Section } from './facts.tsx';

const shown = 5;

interface OverTimeProps {
  /** Passes the flows of the selection. */
  readonly filter: string;
  /** There are requests to have routes or names. */
  readonly hasRequests: boolean;
}

export function OverTime({ filter, hasRequests }: OverTimeProps): ReactNode {
  const { filter: asked } = useInvestigation();
  const own = allOf(asked, filter);
  const series = useSeries(own);
  return (
    <>
      <Section title="Over time; dotted: the period before">
        <SignalCharts answer={series} look="panel" />
      </Section>
      {hasRequests && <Routes filter={own} />}
      {hasRequests && <Names filter={own} />}
    </>
  );
}

function useTop(filter: string): Record<string, string> {
  const { range } = useInvestigation();
  return { ...rangeQuery(range), filter, limit: String(shown) };
}

function Routes({ filter }: { filter: string }): ReactNode {
  const question = useTop(filter);
  const { data, error } = useQuery({
    queryKey: ['routes', question],
    queryFn: ({ signal }) => getJson('/api/v1/routes', question, routesResponseSchema, signal),
  });
  if (error !== null) return <Unread title="Routes" error={error} />;
  if (data === undefined || data.routes.length === 0) return null;
  return (
    <Top
      title={titleOf('Routes', data.routes.length, data.totals.groups)}
      rows={data.routes.map((row) => ({
        id: routeId(row),
        text: `${row.method} ${row.route}`,
        term: routeFilter(row),
        row,
      }))}
    />
  );
}

function Names({ filter }: { filter: string }): ReactNode {
  const question = useTop(filter);
  const { data, error } = useQuery({
    queryKey: ['dns names', question],
    queryFn: ({ signal }) => getJson('/api/v1/dns', question, dnsResponseSchema, signal),
  });
  if (error !== null) return <Unread title="DNS names" error={error} />;
  if (data === undefined || data.names.length === 0) return null;
  return (
    <Top
      title={titleOf('DNS names', data.names.length, data.totals.groups)}
      rows={data.names.map((row) => ({ id: nameId(row), text: `${row.name} ${row.type}`, term: nameFilter(row), row }))}
    />
  );
}

const titleOf = (what: string, listed: number, groups: number): string =>
  groups > listed ? `${what}, the busiest ${listed} of ${groups}` : what;

function Unread({ title, error }: { title: string; error: Error }): ReactNode {
  return (
    <Section title={title}>
      <p role="alert" className="text-xs text-ink-soft">
        Could not be read: {error.message}
      </p>
    </Section>
  );
}

interface TopRow {
  readonly id: string;
  readonly text: string;
  readonly term: string;
  readonly row: Exchange;
}

function Top({ title, rows }: { title: string; rows: readonly TopRow[] }): ReactNode {
  return (
    <Section title={title}>
      <table className="w-full table-fixed text-xs">
        <thead className="sr-only">
          <tr>
            {['What', 'Requests', 'Failed', 'p95'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, text, term, row }) => (
            <tr key={id} className="h-6">
              <td className="truncate px-1" title={text}>
                <ValueMenu text={text} term={term} />
              </td>
              <td className="w-13 text-right" title={`${row.requests} requests`}>
                {formatCompact(row.requests)}
              </td>
              <td className={`w-13 text-right ${failedOf(row) > 0 ? 'font-medium text-warm' : 'text-ink-faint'}`}>
                {formatShare(failedOf(row), row.requests)}
              </td>
              <td className="w-16 text-right text-ink-soft" title="p95">
                {row.latencyMs === null ? '' : formatMilliseconds(row.latencyMs.p95)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
