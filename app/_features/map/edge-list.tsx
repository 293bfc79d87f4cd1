/** The map's edges as a ranked list: every edge of the answer, also those beyond what can be drawn. */
'use client';

import { ArrowDown, X } from 'lucide-react';
import { useMemo, useState, type KeyboardEvent, type ReactNode } from 'react';

import { Button } from '../../_components/button.tsx';
import { classes } from '../../_components/classes.ts';
import {
  formatByteRate,
  formatCompact,
  formatCount,
  formatMilliseconds,
  formatRate,
  formatShare,
} from '../../_viz/format/quantities.ts';
import type { Selection } from '../url/investigation.ts';
import { bytesOf, protocolLabel } from './edge-facts.ts';
import { edgeOrders, findEdges, sortEdges, type EdgeOrder, type EdgeRow } from './edge-rows.ts';
import type { Picture } from './picture.ts';

interface EdgeListProps {
  readonly picture: Picture;
  readonly typed: string;
  readonly selection: Selection | null;
  readonly onSelect: (selection: Selection) => void;
}

interface Column {
  readonly title: string;
  readonly width: string;
  readonly order?: EdgeOrder;
  readonly cell: (row: EdgeRow, seconds: number) => ReactNode;
}

const columns: readonly Column[] = [
  { title: 'Protocol', width: '136px', cell: ({ item }) => protocolLabel(item.edge) },
  {
    title: 'Requests',
    width: '84px',
    order: 'requests',
    cell: ({ item: { edge } }, seconds) => (edge.requests === 0 ? '' : formatRate(edge.requests, seconds)),
  },
  {
    title: 'p95',
    width: '76px',
    order: 'latency',
    cell: ({ item: { edge } }) => (edge.latencyMs === null ? '' : formatMilliseconds(edge.latencyMs.p95)),
  },
  {
    title: 'Errors',
    width: '76px',
    order: 'errors',
    cell: ({ item: { edge } }) => (edge.errors === 0 ? '' : formatShare(edge.errors, edge.requests)),
  },
  { title: 'Dropped', width: '84px', order: 'drops', cell: ({ item }) => <Dropped count={item.edge.drops} /> },
  {
    title: 'Traffic',
    width: '88px',
    order: 'bytes',
    cell: ({ item }, seconds) => formatByteRate(bytesOf(item.edge), seconds),
  },
];

/** So many more rows at a time; thousands at once would hold up the page. */
const page = 200;

export function EdgeList({ picture, typed, selection, onSelect }: EdgeListProps): ReactNode {
  const [order, setOrder] = useState<EdgeOrder>('worst');
  const [shown, setShown] = useState(page);
  const rows = useMemo(() => sortEdges(findEdges(picture, typed), order), [picture, typed, order]);
  if (rows.length === 0) return <p className="p-4 text-ink-soft">No edge has “{typed}” in a name of its ends.</p>;
  return (
    <div className="h-full overflow-auto bg-surface" tabIndex={0} role="region" aria-label="List of edges">
      <table aria-label="Edges, ranked" className="w-full table-fixed border-collapse text-xs" onKeyDown={walkRows}>
        <colgroup>
          <col />
          {columns.map(({ title, width }) => (
            <col key={title} style={{ width }} />
          ))}
          {picture.isCompared && <col style={{ width: '132px' }} />}
        </colgroup>
        <thead>
          <tr className="sticky top-0 z-10 h-7 bg-surface shadow-[inset_0_-1px_var(--line)]">
            <OrderHead title="Who talks to whom" order="worst" now={order} onOrder={setOrder} isLeft />
            {columns.map(({ title, order: its }) => (
              <OrderHead
                key={title}
                title={title}
                order={its}
                now={order}
                onOrder={setOrder}
                isLeft={its === undefined}
              />
            ))}
            {picture.isCompared && <OrderHead title="Change" now={order} onOrder={setOrder} isLeft />}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, shown).map((row) => (
            <Row key={row.item.edge.id} row={row} picture={picture} selection={selection} onSelect={onSelect} />
          ))}
        </tbody>
      </table>
      {rows.length > shown && (
        <p className="flex items-center gap-3 p-3 text-xs text-ink-soft">
          The first {formatCount(shown)} of {formatCount(rows.length)} edges.
          <Button size="small" onClick={() => setShown(shown + page)}>
            Show {page} more
          </Button>
        </p>
      )}
    </div>
  );
}

interface OrderHeadProps {
  readonly title: string;
  /** Undefined where nothing is ranked by it. */
  readonly order?: EdgeOrder | undefined;
  readonly now: EdgeOrder;
  readonly isLeft: boolean;
  readonly onOrder: (order: EdgeOrder) => void;
}

function OrderHead({ title, order, now, isLeft, onOrder }: OrderHeadProps): ReactNode {
  const isOn = order === now;
  return (
    <th
      scope="col"
      aria-sort={isOn ? 'descending' : undefined}
      className={classes('px-2 font-medium text-ink-soft', isLeft ? 'text-left' : 'text-right')}
    >
      {order === undefined || !edgeOrders.includes(order) ? (
        title
      ) : (
        <button
          type="button"
          className={classes('inline-flex items-center gap-1 rounded-sm hover:text-ink', isOn && 'text-ink')}
          title={order === 'worst' ? 'Rank by what is worst: drops, failures, traffic' : `Rank by ${title}`}
          onClick={() => onOrder(order)}
        >
          {title}
          {isOn && <ArrowDown aria-hidden className="size-3" />}
        </button>
      )}
    </th>
  );
}

interface RowProps {
  readonly row: EdgeRow;
  readonly picture: Picture;
  readonly selection: Selection | null;
  readonly onSelect: (selection: Selection) => void;
}

function Row({ row, picture, selection, onSelect }: RowProps): ReactNode {
  const { edge, mark } = row.item;
  const { source, destination } = edge;
  const isOn =
    selection?.kind === 'edge'
      ? selection.source === source && selection.destination === destination
      : selection?.id === source || selection?.id === destination;
  const select = (): void => onSelect({ kind: 'edge', source, destination });
  return (
    <tr
      className={classes('h-7 cursor-pointer border-b border-line/60', isOn ? 'bg-accent-soft' : 'hover:bg-hover')}
      onClick={select}
    >
      <th scope="row" className="px-2 text-left font-normal">
        <button
          type="button"
          data-row
          aria-pressed={isOn}
          title={`${row.from} → ${row.to}`}
          className="block w-full truncate text-left text-sm"
          onClick={(event) => {
            event.stopPropagation();
            select();
          }}
        >
          {row.from} → {row.to}
        </button>
      </th>
      {columns.map(({ title, cell, order }) => (
        <td key={title} className={classes('truncate px-2', order !== undefined && 'text-right')}>
          {cell(row, picture.seconds)}
        </td>
      ))}
      {picture.isCompared && <td className="truncate px-2">{mark?.words ?? 'as before'}</td>}
    </tr>
  );
}

function Dropped({ count }: { count: number }): ReactNode {
  if (count === 0) return null;
  return (
    <span className="inline-flex items-center gap-1 font-semibold text-dropped">
      <X aria-hidden className="size-3" strokeWidth={3} />
      {formatCompact(count)}
    </span>
  );
}

function walkRows(event: KeyboardEvent<HTMLTableElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const rows = [...event.currentTarget.querySelectorAll<HTMLButtonElement>('[data-row]')];
  const at = rows.findIndex((row) => row === document.activeElement);
  rows[Math.max(0, Math.min(rows.length - 1, at + step))]?.focus();
}
