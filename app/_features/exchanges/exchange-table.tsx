/**
 * A table of what was asked, under who asks whom: sorted by the server, walked by arrows, opened by click or Enter.
 * Routes and DNS names differ only in their columns.
 */
'use client';

import { ArrowDown, ArrowRight } from 'lucide-react';
import type { KeyboardEvent, ReactNode } from 'react';

import type { ExchangeOrder } from '../../../model/api.ts';
import { classes } from '../../_components/classes.ts';
import { formatMilliseconds } from '../../_viz/format/quantities.ts';
import { byPair, type Exchange } from './exchange-words.ts';

export interface Column<T> {
  readonly name: string;
  readonly width: string;
  readonly isNumber?: boolean;
  /** The order that this column stands for. */
  readonly order?: ExchangeOrder;
  /** Left out below 1,200 px. */
  readonly isExtra?: boolean;
  readonly cell: (row: T) => ReactNode;
}

/** A quantile; the 95th is what the server sorts the slowest by. */
export function latencyColumn<T extends Exchange>(quantile: 'p50' | 'p95' | 'p99', width: string): Column<T> {
  return {
    name: quantile,
    width,
    isNumber: true,
    ...(quantile === 'p95' ? { order: 'slowest' as const } : {}),
    cell: ({ latencyMs }) => (latencyMs === null ? '' : formatMilliseconds(latencyMs[quantile])),
  };
}

interface ExchangeTableProps<T> {
  readonly label: string;
  readonly rows: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly idOf: (row: T) => string;
  readonly openId: string | null;
  readonly onOpen: (id: string) => void;
  readonly order: ExchangeOrder;
  readonly onOrder: (order: ExchangeOrder) => void;
}

export function ExchangeTable<T extends Exchange>(props: ExchangeTableProps<T>): ReactNode {
  const { label, rows, columns, idOf, openId, onOpen, order, onOrder } = props;
  const walk = (event: KeyboardEvent<HTMLTableElement>): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const buttons = [...event.currentTarget.querySelectorAll<HTMLButtonElement>('[data-row]')];
    const at = buttons.findIndex((button) => button === document.activeElement);
    buttons[Math.max(0, Math.min(buttons.length - 1, at + step))]?.focus();
  };
  return (
    <table aria-label={label} className="w-full table-fixed border-collapse text-xs" onKeyDown={walk}>
      <colgroup>
        {columns.map(({ name, width, isExtra }) => (
          <col key={name} style={{ width }} className={isExtra === true ? 'max-[1200px]:hidden' : ''} />
        ))}
      </colgroup>
      <thead>
        <tr>
          {columns.map((column) => (
            <Heading key={column.name} column={column} order={order} onOrder={onOrder} />
          ))}
        </tr>
      </thead>
      {byPair(rows).map(([pair, group]) => (
        <tbody key={pair}>
          <tr>
            <th
              scope="rowgroup"
              colSpan={columns.length}
              className="h-7 border-b border-line/60 bg-canvas px-3 text-left font-semibold"
            >
              <span className="inline-flex items-center gap-1.5">
                <Node node={group[0]?.source} />
                <ArrowRight aria-label="to" className="size-3.5 text-ink-faint" />
                <Node node={group[0]?.destination} />
              </span>
            </th>
          </tr>
          {group.map((row) => {
            const id = idOf(row);
            return (
              <tr
                key={id}
                aria-selected={id === openId}
                onClick={() => onOpen(id)}
                className={classes(
                  'h-7 cursor-pointer border-b border-line/60',
                  id === openId ? 'bg-accent-soft' : 'hover:bg-hover',
                )}
              >
                {columns.map((column, index) => (
                  <Cell key={column.name} column={column}>
                    {index === 0 ? (
                      <button type="button" data-row className="max-w-full truncate rounded-sm text-left align-middle">
                        {column.cell(row)}
                      </button>
                    ) : (
                      column.cell(row)
                    )}
                  </Cell>
                ))}
              </tr>
            );
          })}
        </tbody>
      ))}
    </table>
  );
}

function Node({ node }: { node: Exchange['source'] | undefined }): ReactNode {
  if (node === undefined) return null;
  return (
    <span>
      {node.namespace !== '' && <span className="font-normal text-ink-faint">{node.namespace}/</span>}
      {node.name}
    </span>
  );
}

const extra = (isExtra: boolean | undefined): string => (isExtra === true ? 'max-[1200px]:hidden' : '');

function Cell<T>({ column, children }: { column: Column<T>; children: ReactNode }): ReactNode {
  return (
    <td className={classes('truncate px-3', column.isNumber === true && 'text-right', extra(column.isExtra))}>
      {children}
    </td>
  );
}

interface HeadingProps<T> {
  readonly column: Column<T>;
  readonly order: ExchangeOrder;
  readonly onOrder: (order: ExchangeOrder) => void;
}

function Heading<T>({ column, order, onOrder }: HeadingProps<T>): ReactNode {
  const { name, isNumber, isExtra } = column;
  const own = column.order;
  const isSorted = own !== undefined && own === order;
  return (
    <th
      scope="col"
      aria-sort={isSorted ? 'descending' : undefined}
      className={classes(
        'sticky top-0 z-10 h-7 truncate border-b border-line bg-sunken px-3 text-2xs font-medium text-ink-soft',
        isNumber === true ? 'text-right' : 'text-left',
        extra(isExtra),
      )}
    >
      {own === undefined ? (
        name
      ) : (
        <button
          type="button"
          title={`Sort by ${name}`}
          onClick={() => onOrder(own)}
          className={classes(
            'inline-flex items-center gap-0.5 rounded-sm align-top hover:text-ink hover:underline',
            isSorted && 'text-ink',
          )}
        >
          {isSorted && <ArrowDown aria-hidden className="size-3" />}
          {name}
        </button>
      )}
    </th>
  );
}
