/** The frame before any script has run, of the same size as the one to come. */
import type { ReactNode } from 'react';

import { Mark } from './mark.tsx';

export function FrameSkeleton(): ReactNode {
  return (
    <div className="flex h-dvh flex-col">
      <header className="flex h-11 items-center border-b border-line bg-surface px-4">
        <h1 className="flex items-center gap-2 text-base font-semibold tracking-tight">
          <Mark />
          Palomar
        </h1>
      </header>
      <div className="flex h-11 items-center gap-3 border-b border-line bg-surface px-4">
        <span className="skeleton h-7 w-32" />
        <span className="skeleton h-7 flex-1" />
      </div>
      <div className="h-9 border-b border-line bg-surface px-4 py-1">
        <span className="skeleton block h-full" />
      </div>
      <div className="h-7 border-b border-line bg-surface" />
    </div>
  );
}
