/** The charts of a panel, fetched with the first selection: the map itself needs none of them. */
'use client';

import { lazy, Suspense, type ComponentProps, type ReactNode } from 'react';

const OverTime = lazy(() => import('./over-time.tsx').then((module) => ({ default: module.OverTime })));

export function LazyOverTime(props: ComponentProps<typeof OverTime>): ReactNode {
  return (
    <Suspense fallback={<span role="status" aria-label="Loading the charts" className="skeleton mx-4 block h-70" />}>
      <OverTime {...props} />
    </Suspense>
  );
}
