/** Renders a part of the console as it stands in the app: the URL as given, and answers of the API as given. */
import { QueryClientProvider } from '@tanstack/react-query';
import { NuqsTestingAdapter } from 'nuqs/adapters/testing';
import type { ReactNode } from 'react';

import { LiveProvider } from '../_features/live/live-context.tsx';
import { createQueryClient } from '../_features/api/query-client.ts';

/** A path of the API and what it answers; a path that is not there answers 503. */
export type Answers = Readonly<Record<string, unknown>>;

/** Stands in for the browser's fetch; `asked` gets every URL. */
export function answering(answers: Answers, asked: string[] = []): typeof fetch {
  return (input) => {
    const url = new URL(input instanceof Request ? input.url : input, 'http://palomar');
    asked.push(`${url.pathname}${url.search}`);
    const found = answers[url.pathname];
    const away = { error: { code: 'store_unavailable', message: 'The store does not answer.' } };
    return Promise.resolve(Response.json(found ?? away, { status: found === undefined ? 503 : 200 }));
  };
}

export function InApp({ search = '', children }: { search?: string; children: ReactNode }): ReactNode {
  return (
    <NuqsTestingAdapter searchParams={search}>
      <QueryClientProvider client={createQueryClient()}>
        <LiveProvider isOn={false}>{children}</LiveProvider>
      </QueryClientProvider>
    </NuqsTestingAdapter>
  );
}
