// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { NuqsTestingAdapter } from 'nuqs/adapters/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { healthOf, labWorld, mapOf } from '../../testing/fixture-data.ts';
import { lossWords } from './loss-words.ts';
import { StatusView } from './status-view.tsx';
import '../../testing/patience.ts';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function show(answers: Readonly<Record<string, { status: number; body: unknown }>>): void {
  vi.stubGlobal('fetch', (url: string) => {
    const { status, body } = answers[url.split('?')[0] ?? ''] ?? { status: 404, body: {} };
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  render(
    <NuqsTestingAdapter>
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <StatusView />
      </QueryClientProvider>
    </NuqsTestingAdapter>,
  );
}

const health = { status: 200, body: healthOf('live', 60_000) };

describe('the status page', () => {
  test('tells every counter of a loss and what it means', async () => {
    show({
      '/api/v1/health': health,
      '/api/v1/map': { status: 200, body: mapOf(labWorld(0), 0, 60_000, 'namespace') },
    });
    await screen.findByText('ring_full');
    expect(screen.getByText(lossWords('ring_full'))).toBeDefined();
    expect(screen.getAllByRole('row')).toHaveLength(6);
  });

  test('tells what is kept, what had to go, and what waits for the store', async () => {
    const body = healthOf('live', 60_000);
    const table = { table: 'flows', days: 14, rows: 1_234_567, bytes: '50000000', oldestMs: 0 };
    const dropped = { days: 2, flows: 1000, bytes: '9', lastMs: 1 };
    const store = {
      ...body.store,
      disk: { totalBytes: '1000', freeBytes: '100', usedBytes: '500', isFull: true },
      retention: { tables: [table], diskPercent: 85, dropped, problem: '' },
    };
    const waiting = [{ node: 'node-7', rows: 5, bytes: '99', problem: 'no space left' }];
    const told = { ...body, store, capture: { ...body.capture, waiting } };
    show({ '/api/v1/health': { status: 200, body: told } });
    const kept = await screen.findByRole('region', { name: 'Kept' });
    expect(kept.textContent).toMatch(/flows14 days.*2 days of flows dropped for want of room/);
    expect(screen.getByText(/node-7: 5 rows .* wait on its disk/)).toBeDefined();
    expect(screen.getByRole('region', { name: 'Store' }).textContent).toContain('it is full');
  });

  test('shows the rest when one answer fails', async () => {
    const refused = { error: { code: 'store_unavailable', message: 'The store does not answer.' } };
    show({ '/api/v1/health': health, '/api/v1/map': { status: 503, body: refused } });
    await screen.findByText('The losses could not be read');
    expect(screen.getByRole('region', { name: 'Store' }).textContent).toContain('25.8.2');
  });
});
