/** The flow table's column titles; the time column switches the zone. */
'use client';

import type { ReactNode } from 'react';

import { useZone } from '../frame/zone.ts';

export function FlowHeader(): ReactNode {
  const [zone, setZone] = useZone();
  const other = zone === 'utc' ? 'local' : 'utc';
  return (
    <div role="rowgroup">
      <div role="row" className="flow-grid h-7 border-b border-line bg-sunken text-2xs font-medium text-ink-soft">
        <span role="columnheader">
          <button
            type="button"
            className="rounded-sm hover:text-ink hover:underline"
            title={`Switch to ${other === 'utc' ? 'UTC' : 'local time'}`}
            onClick={() => setZone(other)}
          >
            Time, {zone === 'utc' ? 'UTC' : 'local'}
          </button>
        </span>
        <span role="columnheader">Verdict</span>
        <span role="columnheader">Source</span>
        <span role="columnheader">Destination</span>
        <span role="columnheader" data-column="protocol">
          Protocol
        </span>
        <span role="columnheader">Summary</span>
        <span role="columnheader" data-column="bytes" className="text-right">
          Bytes
        </span>
      </div>
    </div>
  );
}
