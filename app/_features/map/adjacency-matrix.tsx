/** The map's data as an adjacency matrix, for what is too dense to follow as lines. One cell per edge, walked by arrows. */
'use client';

import { memo, useMemo, useState, type KeyboardEvent, type ReactNode } from 'react';

import { classes } from '../../_components/classes.ts';
import { formatCount } from '../../_viz/format/quantities.ts';
import type { Selection } from '../url/investigation.ts';
import { protocolLabel } from './edge-facts.ts';
import { spokenName } from './edge-rows.ts';
import { cellKey, matrixOf, mostAcross, shadeOf, type Matrix } from './matrix-cells.ts';
import type { Picture, PictureEdge } from './picture.ts';

interface AdjacencyMatrixProps {
  readonly picture: Picture;
  readonly typed: string;
  readonly selection: Selection | null;
  readonly onSelect: (selection: Selection) => void;
}

export function AdjacencyMatrix({ picture, typed, selection, onSelect }: AdjacencyMatrixProps): ReactNode {
  const matrix = useMemo(() => matrixOf(picture, typed), [picture, typed]);
  const [visited, setVisited] = useState<string | null>(null);
  const selected = selection?.kind === 'edge' ? cellKey(selection.source, selection.destination) : null;
  const stop = [visited, selected].find((key) => key !== null && matrix.cells.has(key)) ?? firstCell(matrix);
  if (matrix.cells.size === 0) return <p className="p-4 text-ink-soft">No edge has “{typed}” in a name of its ends.</p>;
  return (
    <div className="h-full overflow-auto bg-surface p-3">
      <p className="mb-2 text-xs text-ink-soft">
        Rows call, columns are called. The stronger the cell, the more traffic; ✕ drops, ! fails
        {picture.isCompared && ', + new, − gone, ▴ more, ▾ less'}.
        {matrix.left > 0 &&
          ` ${formatCount(matrix.left)} edges have no room among ${mostAcross} by ${mostAcross}: those with drops and the busiest are here. Find narrows it, the list has all.`}
      </p>
      <table
        role="grid"
        aria-label="Who talks to whom, as a matrix"
        className="border-separate border-spacing-px text-2xs"
        onKeyDown={(event) => walkCells(event, matrix, stop, setVisited)}
      >
        <thead>
          <tr>
            <th
              scope="col"
              className="sticky top-0 left-0 z-20 bg-surface pr-2 text-right align-bottom font-normal text-ink-faint"
            >
              from \ to
            </th>
            {matrix.destinations.map((id) => (
              <th
                key={id}
                scope="col"
                title={spokenName(id)}
                className="sticky top-0 z-10 h-36 bg-surface align-bottom font-normal"
              >
                <span className="inline-block max-h-34 w-6 rotate-180 truncate text-left [writing-mode:vertical-rl]">
                  {spokenName(id)}
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.sources.map((source) => (
            <MatrixRow
              key={source}
              source={source}
              matrix={matrix}
              picture={picture}
              stop={stop}
              selected={selected}
              onSelect={onSelect}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface MatrixRowProps {
  readonly source: string;
  readonly matrix: Matrix;
  readonly picture: Picture;
  readonly stop: string | null;
  readonly selected: string | null;
  readonly onSelect: (selection: Selection) => void;
}

function MatrixRow({ source, matrix, picture, stop, selected, onSelect }: MatrixRowProps): ReactNode {
  return (
    <tr>
      <th
        scope="row"
        title={spokenName(source)}
        className="sticky left-0 z-10 max-w-52 truncate bg-surface pr-2 text-right font-normal"
      >
        {spokenName(source)}
      </th>
      {matrix.destinations.map((destination) => {
        const key = cellKey(source, destination);
        const item = matrix.cells.get(key);
        return (
          <td key={destination} className="size-6 bg-sunken/60 p-0">
            {item !== undefined && (
              <Cell
                item={item}
                cell={key}
                seconds={picture.seconds}
                isStop={key === stop}
                isSelected={key === selected}
                onSelect={onSelect}
              />
            )}
          </td>
        );
      })}
    </tr>
  );
}

interface CellProps {
  readonly item: PictureEdge;
  readonly cell: string;
  readonly seconds: number;
  readonly isStop: boolean;
  readonly isSelected: boolean;
  readonly onSelect: (selection: Selection) => void;
}

const shades = ['', 'bg-ink/8', 'bg-ink/15', 'bg-ink/25', 'bg-ink/35', 'bg-ink/45'];

const Cell = memo(function Cell({ item, cell, seconds, isStop, isSelected, onSelect }: CellProps): ReactNode {
  const { edge, state, label, mark } = item;
  const { source, destination } = edge;
  const isDropped = edge.drops > 0 && mark?.change !== 'gone';
  const words = [`${spokenName(source)} → ${spokenName(destination)}`, protocolLabel(edge), label]
    .filter(Boolean)
    .join(', ');
  return (
    <button
      type="button"
      data-cell={cell}
      tabIndex={isStop ? 0 : -1}
      aria-label={words}
      aria-pressed={isSelected}
      title={words}
      onClick={() => onSelect({ kind: 'edge', source, destination })}
      className={classes(
        'flex size-6 items-center justify-center font-bold',
        isDropped
          ? 'bg-dropped-soft text-dropped'
          : state === 'warm'
            ? 'bg-warm-soft text-warm'
            : shades[shadeOf(item, seconds)],
        mark?.change === 'gone' && 'border border-dotted border-line-strong bg-transparent text-ink-soft',
        mark?.change === 'new' && !isDropped && 'text-accent',
        isSelected && 'ring-2 ring-accent',
      )}
    >
      <span aria-hidden>{signOf(item, isDropped)}</span>
    </button>
  );
});

function signOf({ state, mark }: PictureEdge, isDropped: boolean): string {
  if (isDropped) return '✕';
  if (mark !== null) return { new: '+', gone: '−', changed: mark.trend === 'less' ? '▾' : '▴' }[mark.change];
  return state === 'warm' ? '!' : '';
}

function firstCell({ sources, destinations, cells }: Matrix): string | null {
  for (const source of sources)
    for (const destination of destinations) {
      const key = cellKey(source, destination);
      if (cells.has(key)) return key;
    }
  return null;
}

/** Arrows go to the next cell with an edge in that direction. */
function walkCells(
  event: KeyboardEvent<HTMLTableElement>,
  { sources, destinations, cells }: Matrix,
  from: string | null,
  visit: (key: string) => void,
): void {
  const [dx, dy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key] ?? [0, 0];
  const edge = from === null ? undefined : cells.get(from)?.edge;
  if ((dx === 0 && dy === 0) || edge === undefined) return;
  event.preventDefault();
  let [column, row] = [destinations.indexOf(edge.destination), sources.indexOf(edge.source)];
  for (;;) {
    column += dx ?? 0;
    row += dy ?? 0;
    const [source, destination] = [sources[row], destinations[column]];
    if (source === undefined || destination === undefined) return;
    const key = cellKey(source, destination);
    if (!cells.has(key)) continue;
    visit(key);
    for (const cell of event.currentTarget.querySelectorAll<HTMLElement>('[data-cell]')) {
      if (cell.dataset['cell'] === key) cell.focus();
    }
    return;
  }
}
