/** One line of the flow table, 28 px high. */
'use client';

import { memo, type ReactNode } from 'react';

import type { Flow, FlowEndpoint } from '../../../model/api.ts';
import { classes } from '../../_components/classes.ts';
import { Verdict } from '../../_components/verdict.tsx';
import { formatBytes } from '../../_viz/format/quantities.ts';
import { formatMillis, parseTime, type Zone } from '../../_viz/format/time.ts';
import { factsById, standardColumns, type FlowColumn } from './columns.ts';
import { endpointName, hasFailed, portSuffix, protocolWords, rowBytes, rowSummary, shortName } from './flow-words.ts';
import { templateOf } from './use-columns.ts';

interface FlowRowProps {
  readonly flow: Flow;
  readonly zone: Zone;
  readonly index: number;
  readonly top: number;
  /** Null for the standard look. */
  readonly columns: readonly FlowColumn[] | null;
  readonly isOpen: boolean;
  /** It holds what is being looked for. */
  readonly isFound: boolean;
  readonly isTabStop: boolean;
  readonly onOpen: (flow: Flow) => void;
}

export const rowHeight = 28;

export const FlowRow = memo(function FlowRow(props: FlowRowProps): ReactNode {
  const { flow, zone, index, top, columns, isOpen, isFound, isTabStop, onOpen } = props;
  return (
    <div
      role="row"
      tabIndex={isTabStop ? 0 : -1}
      aria-rowindex={index + 2}
      aria-selected={isOpen}
      data-row={index}
      onClick={() => onOpen(flow)}
      className={classes(
        columns === null ? 'flow-grid' : 'flow-grid-chosen',
        'absolute left-0 w-full cursor-pointer border-b border-line/60 text-xs -outline-offset-2',
        isOpen ? 'bg-accent-soft' : isFound ? 'bg-warm-soft' : 'hover:bg-hover',
      )}
      style={{ top, height: rowHeight, ...(columns === null ? {} : { gridTemplateColumns: templateOf(columns) }) }}
    >
      {columns === null ? (
        standardColumns.map(({ id }) => <StandardCell key={id} id={id} flow={flow} zone={zone} />)
      ) : (
        <ChosenCells columns={columns} flow={flow} zone={zone} />
      )}
    </div>
  );
});

interface CellProps {
  readonly flow: Flow;
  readonly zone: Zone;
}

function ChosenCells({ columns, flow, zone }: CellProps & { readonly columns: readonly FlowColumn[] }): ReactNode {
  const facts = factsById(flow);
  return columns.map(({ id }) => {
    const fact = facts.get(id);
    if (fact === undefined) return <StandardCell key={id} id={id} flow={flow} zone={zone} />;
    return (
      <span key={id} role="gridcell" title={fact} className="truncate text-ink-soft">
        {fact}
      </span>
    );
  });
}

function StandardCell({ id, flow, zone }: CellProps & { readonly id: string }): ReactNode {
  switch (id) {
    case 'time':
      return (
        <span role="gridcell" className="text-ink-soft">
          {formatMillis(parseTime(flow.time), zone)}
        </span>
      );
    case 'verdict':
      return (
        <span role="gridcell">
          <Verdict verdict={flow.verdict} />
        </span>
      );
    case 'source':
      return <Endpoint end={flow.from} />;
    case 'destination':
      return <Endpoint end={flow.to} />;
    case 'protocol':
      return (
        <span role="gridcell" data-column="protocol" className="text-ink-soft">
          {protocolWords(flow)}
        </span>
      );
    case 'bytes': {
      const bytes = rowBytes(flow);
      return (
        <span role="gridcell" data-column="bytes" className="text-right text-ink-soft">
          {bytes > 0 ? formatBytes(bytes) : ''}
        </span>
      );
    }
    default: {
      const summary = rowSummary(flow);
      return (
        <span
          role="gridcell"
          title={flow.dropReason === '' ? summary : `${flow.dropReason} ${summary}`}
          className={classes('truncate', hasFailed(flow) ? 'text-warm' : 'text-ink-soft')}
        >
          {flow.dropReason !== '' && <span className="font-medium text-dropped">{flow.dropReason} </span>}
          {summary}
        </span>
      );
    }
  }
}

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
