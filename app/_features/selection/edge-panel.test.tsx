// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { labWorld, mapOf } from '../../testing/fixture-data.ts';
import { answering, InApp } from '../../testing/in-app.tsx';
import { aPoint, aSeries } from '../../../model/series.fixture.ts';
import { createPicture, type PictureEdge } from '../map/picture.ts';
import { EdgePanel } from './edge-panel.tsx';
import { NodePanel } from './node-panel.tsx';
import '../../testing/patience.ts';

let asked: string[] = [];
beforeEach(() => {
  asked = [];
  vi.stubGlobal('fetch', answering({ '/api/v1/series': aSeries({ points: [aPoint({ drops: 7 })] }) }, asked));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const picture = createPicture(mapOf(labWorld(60_000), 0, 60_000, 'workload'));
const edge = (name: string): PictureEdge =>
  [...picture.edges.values()].find((item) => item.edge.destination.endsWith(`/${name}`)) ?? expect.fail(name);

test('the panel of a dropped edge starts with what it means', () => {
  const opened: string[] = [];
  render(
    <InApp>
      <EdgePanel
        item={edge('payment.stripe.com')}
        picture={picture}
        nowMs={60_000}
        onSelectNode={(id) => opened.push(id)}
        onClose={() => opened.push('closed')}
      />
    </InApp>,
  );
  expect(screen.getByText('api cannot reach payment.stripe.com:443')).toBeDefined();
  expect(screen.getByText('NETFILTER_DROP')).toBeDefined();
  fireEvent.click(screen.getByRole('button', { name: 'api' }));
  fireEvent.click(screen.getByRole('button', { name: 'Close' }));
  expect(opened).toEqual(['default/production/Deployment/api', 'closed']);
});

test('the panel of an HTTP edge has its statuses and its latency', () => {
  render(
    <InApp>
      <EdgePanel item={edge('api')} picture={picture} nowMs={60_000} onSelectNode={() => {}} onClose={() => {}} />
    </InApp>,
  );
  for (const text of ['200', '404', '500', 'p50', 'p95', 'p99', '7.84 ms']) {
    expect(screen.getAllByText(text).length).toBeGreaterThan(0);
  }
});

test('the panel of a card lists its peers, the failing one first', () => {
  const item = picture.nodes.get('default/production/Deployment/api') ?? expect.fail('api');
  const opened: string[] = [];
  render(
    <InApp>
      <NodePanel
        item={item}
        picture={picture}
        onSelectEdge={({ edge: chosen }) => opened.push(chosen.destination)}
        onClose={() => {}}
      />
    </InApp>,
  );
  const peers = screen.getAllByRole('button').map((button) => button.textContent);
  expect(peers.filter(Boolean)[0]).toContain('payment.stripe.com');
  fireEvent.click(screen.getByRole('button', { name: /postgres/ }));
  expect(opened).toEqual(['default/production/StatefulSet/postgres']);
});

test('the panel shows how the edge went over time, within the filter of the page', async () => {
  render(
    <InApp search="?range=5m&filter=verdict:dropped">
      <EdgePanel item={edge('api')} picture={picture} nowMs={60_000} onSelectNode={() => {}} onClose={() => {}} />
    </InApp>,
  );
  expect(await screen.findByRole('img', { name: /Packets dropped over time.*7/ })).toBeDefined();
  const [series] = asked.filter((url) => url.startsWith('/api/v1/series'));
  expect(new URLSearchParams(series?.split('?')[1]).get('filter')).toMatch(
    /^\(verdict:dropped\) .*from\.workload:frontend/,
  );
});

test('the panel of a card has the ports that it answers on and the reasons of its drops', () => {
  const item = picture.nodes.get('default/production/Deployment/api') ?? expect.fail('api');
  render(
    <InApp>
      <NodePanel item={item} picture={picture} onSelectEdge={() => {}} onClose={() => {}} />
    </InApp>,
  );
  expect(screen.getByText('NETFILTER_DROP')).toBeDefined();
  expect(screen.getByText('TCP 8080 HTTP')).toBeDefined();
});
