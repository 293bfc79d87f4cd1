/** What every view needs around it: the URL, the cache of answers, the live stream, and what the strip tells about. */
'use client';

import { QueryClientProvider } from '@tanstack/react-query';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import { useState, type ReactNode } from 'react';

import { createQueryClient } from '../api/query-client.ts';
import { ShownEvidenceProvider } from '../health/shown-evidence.tsx';
import { LiveProvider } from '../live/live-context.tsx';
import { useInvestigation } from '../url/investigation.ts';

export function Providers({ children }: { children: ReactNode }): ReactNode {
  const [client] = useState(createQueryClient);
  return (
    <NuqsAdapter>
      <QueryClientProvider client={client}>
        <ShownEvidenceProvider>
          <LiveFromUrl>{children}</LiveFromUrl>
        </ShownEvidenceProvider>
      </QueryClientProvider>
    </NuqsAdapter>
  );
}

function LiveFromUrl({ children }: { children: ReactNode }): ReactNode {
  const { isLive } = useInvestigation();
  return <LiveProvider isOn={isLive}>{children}</LiveProvider>;
}
