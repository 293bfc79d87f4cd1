/**
 * The virtualised flow table: newest first, older pages as the reader gets there, new rows on top while live. It never
 * moves what is being read.
 */
'use client';

import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowUp } from 'lucide-react';
import {
  useDeferredValue,
  useEffect,
  useEffectEvent,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react';

import type { Flow } from '../../../model/api.ts';
import { Button } from '../../_components/button.tsx';
import { formatCompact } from '../../_viz/format/quantities.ts';
import { useZone } from '../frame/zone.ts';
import { AnswerProblem } from '../filter/answer-problem.tsx';
import { useReportEvidence } from '../health/shown-evidence.tsx';
import { ColumnChoice } from './column-choice.tsx';
import type { FlowColumn } from './columns.ts';
import { FindField } from './find-field.tsx';
import { findRows, nextFound } from './find.ts';
import { FlowHeader, widthOf } from './flow-header.tsx';
import { FlowRow, rowHeight } from './flow-row.tsx';
import { EmptyRow, SkeletonRows } from './flow-rows-absent.tsx';
import { useColumns } from './use-columns.ts';
import { useFlowRows } from './use-flow-rows.ts';

interface FlowTableProps {
  readonly filter: string;
  readonly open: Flow | null;
  readonly onOpen: (flow: Flow | null) => void;
  /** The table is the view: the strip tells about its answer. */
  readonly isView?: boolean;
}

export function FlowTable({ filter, open, onOpen, isView = false }: FlowTableProps): ReactNode {
  const scroller = useRef<HTMLDivElement>(null);
  const [isAtTop, setAtTop] = useState(true);
  const [isPointed, setPointed] = useState(false);
  const [isWalked, setWalked] = useState(false);
  const answer = useFlowRows(filter, isAtTop && !isPointed && !isWalked && open === null);
  const { rows, error, evidence, updatedMs, isStale, waiting } = answer;
  useReportEvidence(isView ? { evidence, updatedMs, isStale, hasFailed: error !== null } : null);
  const columns = useColumns(rows?.[0]);
  const header = useRef<HTMLDivElement>(null);
  const [typed, setTyped] = useState('');
  const [cursor, setCursor] = useState(0);
  const wanted = useDeferredValue(typed);
  const found = useMemo(() => findRows(rows ?? [], wanted), [rows, wanted]);
  const step = (by: -1 | 1): void => {
    const next = nextFound(found, cursor, by);
    if (next !== null) setCursor(next);
  };

  if (error !== null && rows === undefined) {
    return <AnswerProblem title="The flows could not be read" error={error} filter={filter} onRetry={answer.reread} />;
  }
  return (
    <div className="flow-table relative flex h-full min-h-0 flex-col bg-surface">
      <div className="flex h-8 shrink-0 items-center gap-2 border-b border-line px-3">
        <FindField
          typed={typed}
          onType={setTyped}
          found={found.length}
          place={found.indexOf(cursor) + 1}
          rows={rows?.length ?? 0}
          onStep={step}
        />
        <span className="flex-1" />
        <ColumnChoice columns={columns} />
      </div>
      <div
        role="grid"
        aria-label="Flows"
        aria-rowcount={answer.hasOlder ? -1 : (rows?.length ?? 0) + 1}
        className="flex min-h-0 flex-1 flex-col"
      >
        <div ref={header} role="presentation" className="overflow-hidden">
          <FlowHeader columns={columns} />
        </div>
        <div
          ref={scroller}
          role="rowgroup"
          tabIndex={rows === undefined || rows.length === 0 ? 0 : -1}
          className={`min-h-0 flex-1 overflow-auto ${isStale ? 'opacity-55' : ''}`}
          onScroll={(event) => {
            setAtTop(event.currentTarget.scrollTop < rowHeight);
            // The titles have no bar of their own.
            if (header.current !== null) header.current.scrollLeft = event.currentTarget.scrollLeft;
          }}
          onFocus={() => setWalked(true)}
          onBlur={() => setWalked(false)}
          onPointerEnter={() => setPointed(true)}
          onPointerLeave={() => setPointed(false)}
        >
          {rows === undefined ? (
            <SkeletonRows />
          ) : rows.length === 0 ? (
            <EmptyRow />
          ) : (
            <Rows
              rows={rows}
              columns={columns.chosen}
              found={found}
              cursor={cursor}
              onCursor={setCursor}
              scroller={scroller}
              open={open}
              onOpen={onOpen}
              hasOlder={answer.hasOlder && !answer.isFetchingOlder}
              onNearEnd={answer.fetchOlder}
            />
          )}
        </div>
      </div>
      {waiting > 0 && (
        <Button
          look="accent"
          size="small"
          className="absolute top-9 left-1/2 -translate-x-1/2 shadow-float"
          onClick={() => {
            answer.showWaiting();
            scroller.current?.scrollTo({ top: 0 });
          }}
        >
          <ArrowUp aria-hidden className="size-3.5" />
          {formatCompact(waiting)} new
        </Button>
      )}
    </div>
  );
}

interface RowsProps {
  readonly rows: readonly Flow[];
  readonly columns: readonly FlowColumn[] | null;
  /** Rows that hold what is being looked for. */
  readonly found: readonly number[];
  readonly cursor: number;
  readonly onCursor: (row: number) => void;
  readonly scroller: { readonly current: HTMLDivElement | null };
  readonly open: Flow | null;
  readonly onOpen: (flow: Flow) => void;
  readonly hasOlder: boolean;
  readonly onNearEnd: () => void;
}

/** Rows from the end at which the next page is asked for. */
const nearEnd = 40;

function Rows(props: RowsProps): ReactNode {
  const { rows, columns, found, cursor, onCursor, scroller, open, onOpen, hasOlder, onNearEnd } = props;
  const [zone] = useZone();
  const isFound = useMemo(() => new Set(found), [found]);
  // eslint-disable-next-line react-hooks/incompatible-library -- the compiler leaves this component alone, as it should.
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const isNearEnd = hasOlder && (items.at(-1)?.index ?? 0) > rows.length - nearEnd;
  const askForOlder = useEffectEvent(onNearEnd);
  useEffect(() => {
    if (isNearEnd) askForOlder();
  }, [isNearEnd]);

  const show = useEffectEvent((row: number) => virtual.scrollToIndex(row));
  useEffect(() => {
    if (cursor > 0) show(cursor);
  }, [cursor]);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page }[event.key];
    const next = Math.max(0, Math.min(rows.length - 1, cursor + (steps ?? 0)));
    const row = rows[next];
    if (row === undefined) return;
    if (steps === undefined) {
      if (event.key === 'Enter') onOpen(row);
      return;
    }
    event.preventDefault();
    onCursor(next);
    virtual.scrollToIndex(next);
    // The row may only exist after the scroll.
    requestAnimationFrame(() => {
      scroller.current?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus({ preventScroll: true });
    });
    if (open !== null) onOpen(row);
  };

  return (
    <div
      role="presentation"
      className="relative"
      style={{ height: virtual.getTotalSize(), ...(columns === null ? {} : { minWidth: widthOf(columns) }) }}
      onKeyDown={onKeyDown}
    >
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
            columns={columns}
            isFound={isFound.has(item.index)}
            isOpen={open !== null && open.id === flow.id && open.time === flow.time}
            isTabStop={item.index === Math.min(cursor, rows.length - 1)}
            onOpen={onOpen}
          />
        );
      })}
    </div>
  );
}
