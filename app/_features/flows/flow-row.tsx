/** One line of the flow table, 28 px high. */
'use client';

import { memo, type ReactNode } from 'react';

import type { Flow, FlowEndpoint } from '../../../model/api.ts';
import { classes } from '../../_components/classes.ts';
import { Verdict } from '../../_components/verdict.tsx';
import { formatBytes } from '../../_viz/format/quantities.ts';
import { formatMillis, parseTime, type Zone } from '../../_viz/format/time.ts';
import { endpointName, hasFailed, portSuffix, protocolWords, rowBytes, rowSummary, shortName } from './flow-words.ts';

interface FlowRowProps {
  readonly flow: Flow;
  readonly zone: Zone;
  readonly index: number;
  readonly top: number;
  readonly isOpen: boolean;
  readonly isTabStop: boolean;
  readonly onOpen: (flow: Flow) => void;
}

export const rowHeight = 28;

export const FlowRow = memo(function FlowRow(props: FlowRowProps): ReactNode {
  const { flow, zone, index, top, isOpen, isTabStop, onOpen } = props;
  const bytes = rowBytes(flow);
  return (
    <div
      role="row"
      tabIndex={isTabStop ? 0 : -1}
      aria-rowindex={index + 2}
      aria-selected={isOpen}
      data-row={index}
      onClick={() => onOpen(flow)}
      className={classes(
        'flow-grid absolute left-0 w-full cursor-pointer border-b border-line/60 text-xs -outline-offset-2',
        isOpen ? 'bg-accent-soft' : 'hover:bg-hover',
      )}
      style={{ top, height: rowHeight }}
    >
      <span role="gridcell" className="text-ink-soft">
        {formatMillis(parseTime(flow.time), zone)}
      </span>
      <span role="gridcell">
        <Verdict verdict={flow.verdict} />
      </span>
      <Endpoint end={flow.from} />
      <Endpoint end={flow.to} />
      <span role="gridcell" data-column="protocol" className="text-ink-soft">
        {protocolWords(flow)}
      </span>
      <span
        role="gridcell"
        title={flow.summary}
        className={classes('truncate', hasFailed(flow) ? 'text-warm' : 'text-ink-soft')}
      >
        {flow.dropReason !== '' && <span className="font-medium text-dropped">{flow.dropReason} </span>}
        {rowSummary(flow)}
      </span>
      <span role="gridcell" data-column="bytes" className="text-right text-ink-soft">
        {bytes > 0 ? formatBytes(bytes) : ''}
      </span>
    </div>
  );
});

function Endpoint({ end }: { end: FlowEndpoint }): ReactNode {
  return (
    <span role="gridcell" title={`${endpointName(end)} ${end.ip}`} className="flex min-w-0">
      <span className="truncate">
        {end.namespace !== '' && (
          <span data-column="namespace" className="text-ink-faint">
            {end.namespace}/
          </span>
        )}
        {shortName(end)}
      </span>
      <span className="shrink-0 text-ink-faint">{portSuffix(end)}</span>
    </span>
  );
}
