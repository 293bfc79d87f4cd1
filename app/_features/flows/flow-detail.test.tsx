// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { NuqsTestingAdapter } from 'nuqs/adapters/testing';
import { afterEach, expect, test, vi } from 'vitest';

import { aFlow, anEndpoint } from '../../../model/flow.fixture.ts';
import { answering, InApp } from '../../testing/in-app.tsx';
import { anEvidence } from '../../../model/series.fixture.ts';
import { FlowDetail } from './flow-detail.tsx';
import { FlowRow } from './flow-row.tsx';
import '../../testing/patience.ts';

afterEach(cleanup);

const dropped = aFlow({
  time: '2026-11-23T09:41:23.501123456Z',
  verdict: 'DROPPED',
  dropReason: 'NETFILTER_DROP',
  dropLocation: 'nft_do_chain',
  from: anEndpoint({
    namespace: 'production',
    pod: 'api-6f4c8d',
    workload: 'api',
    workloadKind: 'Deployment',
    port: 43122,
  }),
  to: anEndpoint({ workload: 'payment.stripe.com', workloadKind: 'name', port: 443 }),
  bytesToDst: '74',
  packetsToDst: 1,
  summary: 'TCP Flags: SYN',
});

test('a row tells time, verdict, both ends and why', () => {
  render(
    <FlowRow
      flow={dropped}
      zone="utc"
      index={0}
      top={0}
      columns={null}
      isOpen={false}
      isFound={false}
      isTabStop
      onOpen={() => {}}
    />,
  );
  const cells = screen.getAllByRole('gridcell').map((cell) => cell.textContent);
  expect(cells).toEqual([
    '09:41:23.501',
    'DROPPED',
    'production/api-6f4c8d:43122',
    'payment.stripe.com:443',
    'TCP',
    'NETFILTER_DROP TCP Flags: SYN',
    '74 B',
  ]);
});

test('the detail has what the row leaves out, and no empty field', () => {
  render(
    <NuqsTestingAdapter>
      <FlowDetail flow={dropped} onClose={() => {}} />
    </NuqsTestingAdapter>,
  );
  for (const text of ['nft_do_chain', 'Deployment api', '1 packet, 74 B', '2026-11-23T09:41:23.501123456Z']) {
    expect(screen.getByText(text)).toBeDefined();
  }
  expect(screen.queryByText('Container')).toBeNull();
  expect(screen.queryByText('Application')).toBeNull();
});

test('the detail has the flow as JSON, nothing left out', () => {
  render(
    <NuqsTestingAdapter>
      <FlowDetail flow={dropped} onClose={() => {}} />
    </NuqsTestingAdapter>,
  );
  const raw = screen.getByText('Raw JSON').parentElement?.querySelector('pre')?.textContent ?? '';
  expect(JSON.parse(raw)).toEqual(dropped);
});

test('a value in the detail filters by itself', async () => {
  const filters: (string | null)[] = [];
  render(
    <NuqsTestingAdapter
      searchParams={{ filter: 'ns:a or ns:b' }}
      onUrlUpdate={({ searchParams }) => filters.push(searchParams.get('filter'))}
    >
      <FlowDetail flow={dropped} onClose={() => {}} />
    </NuqsTestingAdapter>,
  );
  fireEvent.click(screen.getByRole('button', { name: 'NETFILTER_DROP' }));
  fireEvent.click(await screen.findByRole('menuitem', { name: 'Without this' }));
  await expect.poll(() => filters).toEqual(['(ns:a or ns:b) (not (reason:NETFILTER_DROP))']);
});

test('the conversation of a flow is told in order, and leads to each of its rows', async () => {
  const opening = aFlow({ id: '7', kind: 'connection_start', time: '2026-11-23T09:41:20.000000000Z', packetsToDst: 3 });
  const ends: unknown[] = [];
  const range = { fromMs: 0, toMs: 1 };
  const answer = { id: '1', range, ends, flows: [opening, dropped], evidence: anEvidence() };
  vi.stubGlobal('fetch', answering({ '/api/v1/connection': answer }));
  render(
    <InApp>
      <FlowDetail flow={dropped} onClose={() => {}} />
    </InApp>,
  );
  fireEvent.click(screen.getByRole('button', { name: 'Conversation' }));
  const first = await screen.findByRole('button', { name: /opened: 3 packets there, 0 back/ });
  expect(screen.getByRole('button', { name: /\+3.5 s dropped NETFILTER_DROP/ }).ariaCurrent).toBe('true');
  fireEvent.click(first);
  expect(screen.getAllByText('FORWARDED').length).toBeGreaterThan(0);
  vi.unstubAllGlobals();
});
