/** One cache of answers per browser tab; refusals are not asked again, outages twice before the panel says so. */
import { QueryClient } from '@tanstack/react-query';

import { ApiFailure } from './client.ts';

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        gcTime: 5 * 60_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < 2 && !(error instanceof ApiFailure && error.isRefusal),
        retryDelay: (attempt) => Math.min(4_000, 500 * 2 ** attempt),
      },
    },
  });
}
