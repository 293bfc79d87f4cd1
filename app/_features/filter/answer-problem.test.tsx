// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { NuqsTestingAdapter, type UrlUpdateEvent } from 'nuqs/adapters/testing';
import { afterEach, expect, it } from 'vitest';

import { ApiFailure } from '../api/client.ts';
import { AnswerProblem } from './answer-problem.tsx';

afterEach(cleanup);

const hour = 3_600_000;
const asked = 'ns:shop http.path:/orders';
const offers = [
  { fromMs: 18 * hour, toMs: 24 * hour, filter: asked, rows: 6_000_000, href: '/api/v1/map?from=1' },
  { fromMs: 0, toMs: 24 * hour, filter: 'ns:shop', rows: 1000, href: '/api/v1/map?from=2' },
];

function shown(error: Error): readonly URLSearchParams[] {
  const updates: URLSearchParams[] = [];
  render(
    <NuqsTestingAdapter onUrlUpdate={({ searchParams }: UrlUpdateEvent) => updates.push(searchParams)}>
      <AnswerProblem title="The map could not be read" error={error} filter={asked} onRetry={() => undefined} />
    </NuqsTestingAdapter>,
  );
  return updates;
}

it('offers a shorter range, and less of the filter, in place of a question that is too much', async () => {
  const updates = shown(new ApiFailure('too_expensive', 'this would read too much', 422, undefined, undefined, offers));
  expect(screen.getByRole('alert').textContent).toContain('this would read too much');
  fireEvent.click(screen.getByRole('button', { name: 'Only the last 6 h' }));
  await expect.poll(() => updates.at(-1)?.get('from')).toBe(String(18 * hour));
  fireEvent.click(screen.getByRole('button', { name: 'Only ns:shop' }));
  await expect.poll(() => updates.at(-1)?.get('filter')).toBe('ns:shop');
});

it('lets what failed otherwise be asked again', () => {
  shown(new ApiFailure('store_busy', 'too many questions', 503));
  expect(screen.getAllByRole('button').map(({ textContent }) => textContent)).toEqual(['Retry']);
});
