/** Routes and names as rows of a table: what they share, who asks whom, and the filter for the flows behind one. */
import type { DnsName, DnsResponse, Route, RoutesResponse } from '../../../model/api.ts';
import { formatCount, formatMilliseconds, formatShare, plural } from '../../_viz/format/quantities.ts';
import { allOf, edgeFilter, quote } from '../filter/filter-text.ts';

export type Exchange = Pick<
  Route,
  'source' | 'destination' | 'requests' | 'perSecond' | 'unanswered' | 'errors' | 'latencyMs'
>;

export const failedOf = ({ errors, unanswered }: Pick<Exchange, 'errors' | 'unanswered'>): number =>
  errors + unanswered;

export const pairOf = ({ source, destination }: Exchange): string => `${source.id}~>${destination.id}`;

export const routeId = (route: Route): string => `${pairOf(route)} ${route.method} ${route.route}`;
export const nameId = (name: DnsName): string => `${pairOf(name)} ${name.type} ${name.name}`;

/** A route's `{}` stands for one part of a path; the language knows only any number of letters. */
export function routeFilter({ source, destination, method, route }: Route): string {
  const path = route
    .split('{}')
    .map((part) => part.replace(/[\\"*]/g, (letter) => `\\${letter}`))
    .join('*');
  // What asks has a query string behind its path now and then.
  const paths = `(http.path:"${path}" or http.path:"${path}?*")`;
  return allOf(`${method === '' ? '' : `http.method:${quote(method)} `}${paths}`, edgeFilter(source, destination));
}

export function nameFilter({ source, destination, name, type }: DnsName): string {
  return allOf(`dns.name:${quote(name)} dns.type:${quote(type)}`, edgeFilter(source, destination));
}

/** Groups rows by who asks whom, in the order in which the pairs first stand. */
export function byPair<T extends Exchange>(
  rows: readonly T[],
): readonly (readonly [pair: string, rows: readonly T[]])[] {
  const pairs = new Map<string, T[]>();
  for (const row of rows) {
    const pair = pairOf(row);
    const known = pairs.get(pair);
    if (known === undefined) pairs.set(pair, [row]);
    else known.push(row);
  }
  return [...pairs];
}

export interface Finding {
  readonly tone: 'plain' | 'warm';
  readonly headline: string;
  readonly detail: string;
}

const worthSaying = 0.01;

/** "Which route fails", in one line. */
export function routesFinding({ totals, routes }: RoutesResponse): Finding {
  const failed = failedOf(totals);
  const worst = [...routes].sort((a, b) => failedOf(b) - failedOf(a))[0];
  if (totals.requests === 0 || failed === 0 || worst === undefined) {
    return {
      tone: 'plain',
      headline: 'No request fails',
      detail: `${plural(totals.requests, 'request')} over ${plural(totals.groups, 'route')}, each answered without a server error.`,
    };
  }
  const share = formatShare(failedOf(worst), worst.requests);
  return {
    tone: failed / totals.requests >= worthSaying ? 'warm' : 'plain',
    headline: `${formatShare(failed, totals.requests)} of requests fail`,
    detail: `Most of them ${worst.source.name} → ${worst.destination.name}, ${worst.method} ${worst.route}: ${formatCount(failedOf(worst))} of ${formatCount(worst.requests)} (${share}).`,
  };
}

/** "Is DNS the problem", in one line. NXDOMAIN alone is an answer, not a failure. */
export function dnsFinding({ totals, names }: DnsResponse): Finding {
  const failed = failedOf(totals);
  const notFound = names.reduce((sum, { notFound: count }) => sum + count, 0);
  const slowest = names.reduce((most, { latencyMs }) => Math.max(most, latencyMs?.p95 ?? 0), 0);
  const parts = [
    totals.unanswered > 0 ? `${plural(totals.unanswered, 'lookup')} without an answer` : '',
    totals.errors > 0 ? `${plural(totals.errors, 'answer')} with an error` : '',
    notFound > 0 ? `${formatCount(notFound)} NXDOMAIN` : '',
    totals.needless > 0 ? `${formatCount(totals.needless)} of them needless, from search domains` : '',
    slowest > 0 ? `slowest p95 of a name ${formatMilliseconds(slowest)}` : '',
  ].filter(Boolean);
  const detail = parts.length === 0 ? 'Every lookup got an answer.' : `${parts.join('; ')}.`;
  if (totals.requests === 0) return { tone: 'plain', headline: 'No lookups', detail: 'Nothing was asked for.' };
  const isTrouble = failed / totals.requests >= worthSaying;
  return {
    tone: isTrouble ? 'warm' : 'plain',
    headline: isTrouble
      ? `${formatShare(failed, totals.requests)} of ${plural(totals.requests, 'lookup')} fail`
      : `DNS answers: ${formatShare(totals.requests - failed, totals.requests)} of ${plural(totals.requests, 'lookup')}`,
    detail: detail.charAt(0).toUpperCase() + detail.slice(1),
  };
}
