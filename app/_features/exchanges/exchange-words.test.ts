import { describe, expect, test } from 'vitest';

import type { DnsName, DnsResponse, Route, RoutesResponse } from '../../../model/api.ts';
import { parseFilter } from '../../../model/filter/parse.ts';
import { anEvidence } from '../../../model/series.fixture.ts';
import { byPair, dnsFinding, nameFilter, routeFilter, routesFinding } from './exchange-words.ts';

const node = (name: string) => ({
  id: `c/shop/Deployment/${name}`,
  cluster: 'c',
  namespace: 'shop',
  kind: 'Deployment',
  name,
});
const asked = {
  source: node('web'),
  destination: node('api'),
  requests: 100,
  perSecond: 1,
  unanswered: 0,
  errors: 0,
  latencyMs: null,
};
const aRoute = (of: Partial<Route> = {}): Route => ({
  ...asked,
  method: 'GET',
  route: '/orders/{}',
  statuses: [],
  classes: [0, 0, 0, 0, 0],
  ...of,
});
const aName = (of: Partial<DnsName> = {}): DnsName => ({
  ...asked,
  name: 'db.shop.svc',
  type: 'A',
  notFound: 0,
  serverFailures: 0,
  rcodes: [],
  needless: 0,
  ...of,
});
const frame = { range: { fromMs: 0, toMs: 1 }, filter: '', order: 'requests' as const, evidence: anEvidence() };
const routes = (list: Route[]): RoutesResponse => ({
  ...frame,
  routes: list,
  totals: {
    groups: list.length,
    requests: list.reduce((sum, { requests }) => sum + requests, 0),
    unanswered: list.reduce((sum, { unanswered }) => sum + unanswered, 0),
    errors: list.reduce((sum, { errors }) => sum + errors, 0),
  },
});
const names = (list: DnsName[], needless = 0): DnsResponse => ({
  ...frame,
  names: list,
  totals: {
    ...routes(list.map((one) => aRoute({ requests: one.requests, unanswered: one.unanswered, errors: one.errors })))
      .totals,
    needless,
  },
});

describe('the finding about routes', () => {
  test('names the route that fails most, and how much of it', () => {
    const found = routesFinding(
      routes([aRoute({ requests: 900 }), aRoute({ route: '/pay', errors: 20, unanswered: 5 })]),
    );
    expect(found).toEqual({
      tone: 'warm',
      headline: '2.5 % of requests fail',
      detail: 'Most of them web → api, GET /pay: 25 of 100 (25 %).',
    });
  });
  test('is calm when nothing fails', () => {
    expect(routesFinding(routes([aRoute()]))).toMatchObject({ tone: 'plain', headline: 'No request fails' });
  });
});

describe('the finding about DNS', () => {
  test('does not take NXDOMAIN for a failure', () => {
    expect(dnsFinding(names([aName({ notFound: 60, needless: 50 })], 50))).toEqual({
      tone: 'plain',
      headline: 'DNS answers: 100 % of 100 lookups',
      detail: '60 NXDOMAIN; 50 of them needless, from search domains.',
    });
  });
  test('says what share fails and how', () => {
    expect(dnsFinding(names([aName({ unanswered: 10, errors: 5, serverFailures: 5 })]))).toMatchObject({
      tone: 'warm',
      headline: '15 % of 100 lookups fail',
      detail: '10 lookups without an answer; 5 answers with an error.',
    });
  });
  test('says when nothing was asked', () => {
    expect(dnsFinding(names([]))).toMatchObject({ headline: 'No lookups' });
  });
});

describe('the filter of a row', () => {
  test.each([
    routeFilter(aRoute()),
    routeFilter(aRoute({ route: '/a "quoted" *', method: '' })),
    nameFilter(aName({ name: 'x*.y', type: 'TYPE65' })),
  ])('%s parses', (filter) => {
    expect(parseFilter(filter)).toMatchObject({ ok: true });
  });
});

test('rows stand under who asks whom, in the order of the first of each', () => {
  const other = aRoute({ source: node('cron') });
  expect(byPair([aRoute(), other, aRoute({ route: '/b' })]).map(([, rows]) => rows.length)).toEqual([2, 1]);
});
