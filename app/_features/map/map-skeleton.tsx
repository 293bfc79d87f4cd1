/** Cards of the size of those to come, while the first answer is on its way. */
import type { ReactNode } from 'react';

const columns = [2, 3, 2];

export function MapSkeleton(): ReactNode {
  return (
    <div role="status" aria-label="Loading the map" className="flex h-full items-center justify-center gap-30">
      {columns.map((rows, column) => (
        <div key={column} className="flex flex-col gap-6">
          {Array.from({ length: rows }, (_, row) => (
            <div key={row} className="skeleton h-12 w-42" />
          ))}
        </div>
      ))}
    </div>
  );
}
