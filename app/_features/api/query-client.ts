/** One cache of answers per browser tab; a refusal stays one, an outage is asked about until it is over. */
import { QueryClient } from '@tanstack/react-query';

import { ApiFailure } from './client.ts';

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        gcTime: 5 * 60_000,
        refetchOnWindowFocus: false,
        // The panel shows the reason from the first failure on (`failureReason`), so nobody waits in the dark.
        retry: (_, error) => !(error instanceof ApiFailure && error.isRefusal),
        retryDelay: (attempt) => Math.min(4_000, 500 * 2 ** attempt),
      },
    },
  });
}
