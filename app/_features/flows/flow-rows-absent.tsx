/** The flow table without rows: not yet, or none. */
import type { ReactNode } from 'react';

import { Message } from '../../_components/message.tsx';
import { rowHeight } from './flow-row.tsx';

export function EmptyRow(): ReactNode {
  return (
    <div role="row" className="h-full min-h-24">
      <div role="gridcell" className="h-full">
        <Message title="No flows match">
          Nothing in this range passes the filter. Widen the range or take a term away.
        </Message>
      </div>
    </div>
  );
}

export function SkeletonRows(): ReactNode {
  return (
    <div role="row">
      <div role="gridcell" aria-label="Loading flows">
        {Array.from({ length: 12 }, (_, index) => (
          <div key={index} aria-hidden className="flow-grid border-b border-line/60" style={{ height: rowHeight }}>
            <span className="skeleton h-3 w-20" />
            <span className="skeleton h-3 w-20" />
            <span className="skeleton h-3 w-3/4" />
            <span className="skeleton h-3 w-2/3" />
            <span className="skeleton h-3 w-10" data-column="protocol" />
            <span className="skeleton h-3 w-4/5" />
            <span className="skeleton h-3 w-12" data-column="bytes" />
          </div>
        ))}
      </div>
    </div>
  );
}
