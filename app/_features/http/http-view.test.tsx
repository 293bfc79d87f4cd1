// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { Route } from '../../../model/api.ts';
import { healthOf } from '../../testing/fixture-data.ts';
import { answering, InApp } from '../../testing/in-app.tsx';
import { anEvidence, aPoint, aSeries } from '../../../model/series.fixture.ts';
import { HttpView } from './http-view.tsx';

vi.mock('next/navigation', () => ({ useSearchParams: () => new URLSearchParams('range=5m') }));

const node = (name: string) => ({
  id: `c/shop/Deployment/${name}`,
  cluster: 'c',
  namespace: 'shop',
  kind: 'Deployment',
  name,
});
const aRoute = (of: Partial<Route>): Route => ({
  source: node('web'),
  destination: node('api'),
  method: 'GET',
  route: '/',
  requests: 100,
  perSecond: 2,
  unanswered: 0,
  errors: 0,
  latencyMs: { p50: 1, p95: 5, p99: 9 },
  statuses: [{ status: 200, count: 100 }],
  classes: [0, 100, 0, 0, 0],
  ...of,
});
const pay = aRoute({ route: '/pay', errors: 40, statuses: [{ status: 503, count: 40 }], classes: [0, 60, 0, 0, 40] });
const routes = [pay, aRoute({ route: '/orders/{}' }), aRoute({ source: node('cron'), route: '/sweep' })];
const answers = {
  '/api/v1/health': healthOf('live', 0),
  '/api/v1/series': aSeries({ points: [aPoint({ requests: 10 })] }),
  '/api/v1/flows': { range: { fromMs: 0, toMs: 1 }, filter: '', flows: [], cursor: null, evidence: anEvidence() },
  '/api/v1/routes': {
    range: { fromMs: 0, toMs: 1 },
    filter: '',
    order: 'requests',
    totals: { groups: 7, requests: 300, unanswered: 0, errors: 40 },
    routes,
    evidence: anEvidence(),
  },
};

let asked: string[] = [];
beforeEach(() => {
  asked = [];
  vi.stubGlobal('fetch', answering(answers, asked));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const open = (search = '?live=false') =>
  render(
    <InApp search={search}>
      <HttpView />
    </InApp>,
  );

test('routes stand under who calls whom, with what fails said first', async () => {
  open();
  const table = await screen.findByRole('table', { name: 'routes' });
  expect(
    within(table)
      .getAllByRole('rowheader')
      .map((cell) => cell.textContent),
  ).toEqual(['shop/webshop/api', 'shop/cronshop/api']);
  expect(screen.getByText('13 % of requests fail')).toBeDefined();
  expect(within(table).getByText('2xx 60 % · 5xx 40 %')).toBeDefined();
  expect(screen.getByText(/3 of 7 routes are shown/)).toBeDefined();
});

test('a route opens with its own numbers, flows and ways on, within the filter of the page', async () => {
  open('?live=false&filter=ns:shop');
  fireEvent.click(await screen.findByRole('button', { name: /\/pay/ }));
  const panel = await screen.findByRole('complementary', { name: 'GET /pay' });
  expect(within(panel).getByText('503')).toBeDefined();
  const all = within(panel).getByRole('link', { name: 'All its flows' }).getAttribute('href') ?? '';
  expect(new URLSearchParams(all.split('?')[1]).get('filter')).toContain('http.path:"/pay"');
  const filters = asked.map((url) => new URLSearchParams(url.split('?')[1]).get('filter') ?? '');
  expect(filters.some((filter) => filter.startsWith('(ns:shop) ') && filter.includes('/pay'))).toBe(true);
});

test('the server sorts: a title asks it again', async () => {
  open();
  fireEvent.click(await screen.findByRole('button', { name: 'p95' }));
  await vi.waitFor(() => expect(asked.some((url) => url.includes('order=slowest'))).toBe(true));
});

test('arrows walk the rows', async () => {
  open();
  const first = await screen.findByRole('button', { name: /\/pay/ });
  first.focus();
  fireEvent.keyDown(first, { key: 'ArrowDown' });
  expect(document.activeElement?.textContent).toContain('/orders/{}');
});

test('what cannot be read says so in its place, with a way to try again', async () => {
  vi.stubGlobal('fetch', answering({ '/api/v1/health': answers['/api/v1/health'] }));
  open();
  expect((await screen.findAllByText('The store does not answer.')).length).toBeGreaterThan(0);
  expect(screen.getAllByRole('button', { name: 'Retry' }).length).toBeGreaterThan(0);
});
