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

  test('shows the rest when one answer fails', async () => {
    const refused = { error: { code: 'store_unavailable', message: 'The store does not answer.' } };
    show({ '/api/v1/health': health, '/api/v1/map': { status: 503, body: refused } });
    await screen.findByText('The losses could not be read');
    expect(screen.getByRole('region', { name: 'Store' }).textContent).toContain('25.8.2');
  });
});
