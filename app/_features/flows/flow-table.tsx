/**
 * The virtualised flow table: newest first, older pages as the reader gets there, new rows on top while live. It never
 * moves what is being read.
 */
'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowUp } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

import type { Flow } from '../../../model/api.ts';
import { Button } from '../../_components/button.tsx';
import { Message, Problem } from '../../_components/message.tsx';
import { formatCompact } from '../../_viz/format/quantities.ts';
import { ApiFailure } from '../api/client.ts';
import { FilterProblem } from '../filter/filter-input.tsx';
import { useZone } from '../frame/zone.ts';
import { useReportEvidence } from '../health/shown-evidence.tsx';
import { useTail } from '../live/live-context.tsx';
import { useInvestigation } from '../url/investigation.ts';
import { FlowRow, rowHeight } from './flow-row.tsx';
import { flowsQuery } from './flows-query.ts';
import { emptyTail, needsRereading, receive, reveal, type Tail } from './tail.ts';

interface FlowTableProps {
  readonly filter: string;
  readonly open: Flow | null;
  readonly onOpen: (flow: Flow | null) => void;
  /** The table is the view: the strip tells about its answer. */
  readonly isView?: boolean;
}

export function FlowTable({ filter, open, onOpen, isView = false }: FlowTableProps): ReactNode {
  const { range, isLive } = useInvestigation();
  const [zone, setZone] = useZone();
  const query = useInfiniteQuery(flowsQuery(range, filter));
  const { data, error, fetchNextPage, hasNextPage, isFetchingNextPage, isPlaceholderData, refetch } = query;
  const question = `${JSON.stringify(range)} ${filter}`;
  const [tail, setTail] = useState<{ question: string; tail: Tail }>({ question, tail: emptyTail });
  const current = tail.question === question ? tail.tail : emptyTail;
  const change = (next: Tail): void => setTail({ question, tail: next });

  const scroller = useRef<HTMLDivElement>(null);
  const [isAtTop, setAtTop] = useState(true);
  const [isPointed, setPointed] = useState(false);
  const isFollowing = isAtTop && !isPointed && open === null;
  const known = useMemo(() => new Set(data?.pages[0]?.flows.map((flow) => flow.id)), [data]);

  useTail(isLive ? filter : null, (flows, skipped) => {
    const received = receive(
      current,
      flows.filter((flow) => !known.has(flow.id)),
      skipped,
    );
    change(isFollowing ? reveal(received) : received);
  });

  const reread = (): void => {
    change(emptyTail);
    scroller.current?.scrollTo({ top: 0 });
    void refetch();
  };
  const showNew = (): void => {
    if (needsRereading(current)) return reread();
    change(reveal(current));
    scroller.current?.scrollTo({ top: 0 });
  };

  const rows = useMemo(
    () => [...current.shown, ...(data?.pages.flatMap((page) => page.flows) ?? [])],
    [current.shown, data],
  );
  const lastPage = data?.pages.at(-1);
  const updatedMs = query.dataUpdatedAt;
  const shown = useMemo(
    () => (isView ? { evidence: lastPage?.evidence ?? null, updatedMs, isStale: isPlaceholderData } : null),
    [isView, lastPage, updatedMs, isPlaceholderData],
  );
  useReportEvidence(shown);

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && rows.length > 0 && lastShown > rows.length - 40) void fetchNextPage();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage, lastShown, rows.length]);

  const [cursor, setCursor] = useState(0);
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page }[event.key];
    if (steps !== undefined) {
      event.preventDefault();
      const next = Math.max(0, Math.min(rows.length - 1, cursor + steps));
      setCursor(next);
      virtual.scrollToIndex(next);
      requestAnimationFrame(() => {
        scroller.current?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus({ preventScroll: true });
      });
      const row = rows[next];
      if (open !== null && row !== undefined) onOpen(row);
    } else if (event.key === 'Enter') {
      const row = rows[cursor];
      if (row !== undefined) onOpen(row);
    }
  };

  if (error !== null && data === undefined) {
    if (error instanceof ApiFailure && error.parameter === 'filter' && error.position !== undefined) {
      return (
        <Message title="The filter was not understood" isProblem>
          <FilterProblem text={filter} position={error.position} message={error.message} />
        </Message>
      );
    }
    return <Problem title="The flows could not be read" error={error} onRetry={() => void refetch()} />;
  }
  const waiting = current.waiting.length;
  return (
    <div className="flow-table relative flex h-full min-h-0 flex-col bg-surface">
      <div
        role="grid"
        aria-label="Flows"
        aria-rowcount={hasNextPage ? -1 : rows.length + 1}
        className="flex min-h-0 flex-1 flex-col"
        onKeyDown={onKeyDown}
      >
        <div role="rowgroup">
          <div role="row" className="flow-grid h-7 border-b border-line bg-sunken text-2xs font-medium text-ink-soft">
            <span role="columnheader">
              <button
                type="button"
                className="rounded-sm hover:text-ink hover:underline"
                title={`Switch to ${zone === 'utc' ? 'local time' : 'UTC'}`}
                onClick={() => setZone(zone === 'utc' ? 'local' : 'utc')}
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
        <div
          ref={scroller}
          role="rowgroup"
          tabIndex={rows.length === 0 ? 0 : -1}
          className={`min-h-0 flex-1 overflow-auto ${isPlaceholderData ? 'opacity-55' : ''}`}
          onScroll={(event) => setAtTop(event.currentTarget.scrollTop < rowHeight)}
          onPointerEnter={() => setPointed(true)}
          onPointerLeave={() => setPointed(false)}
        >
          {data === undefined ? (
            <SkeletonRows />
          ) : rows.length === 0 ? (
            <EmptyRow />
          ) : (
            <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
              {items.map((item) => {
                const flow = rows[item.index];
                if (flow === undefined) return null;
                return (
                  <FlowRow
                    key={`${flow.time} ${flow.id}`}
                    flow={flow}
                    zone={zone}
                    index={item.index}
                    top={item.start}
                    isOpen={open !== null && open.id === flow.id && open.time === flow.time}
                    isTabStop={item.index === Math.min(cursor, rows.length - 1)}
                    onOpen={onOpen}
                  />
                );
              })}
            </div>
          )}
        </div>
      </div>
      {waiting + current.missed > 0 && (
        <Button
          look="accent"
          size="small"
          className="absolute top-9 left-1/2 -translate-x-1/2 shadow-float"
          onClick={showNew}
        >
          <ArrowUp aria-hidden className="size-3.5" />
          {formatCompact(waiting + current.missed)} new
        </Button>
      )}
    </div>
  );
}

function EmptyRow(): ReactNode {
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

function SkeletonRows(): ReactNode {
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
