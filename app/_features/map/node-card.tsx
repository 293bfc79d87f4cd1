/** One card of the map: kind, name, rates, the share that failed as a bar at its left, and its drops. */
'use client';

import { Minus, Pin, Plus, X } from 'lucide-react';
import { memo, type ReactNode } from 'react';

import { classes } from '../../_components/classes.ts';
import { MiddleTruncated } from '../../_components/middle-truncated.tsx';
import { formatCompact, formatShare, plural } from '../../_viz/format/quantities.ts';
import type { Rect } from '../../_viz/layout/metrics.ts';
import { KindIcon } from './kind-icon.tsx';
import type { PictureNode } from './picture.ts';

interface NodeCardProps {
  readonly item: PictureNode;
  readonly rect: Rect;
  readonly isSelected: boolean;
  readonly isTabStop: boolean;
  /** Where the reader put it. */
  readonly isPinned: boolean;
  readonly onSelect: (id: string) => void;
  readonly onPoint: (id: string | null) => void;
}

export const NodeCard = memo(function NodeCard(props: NodeCardProps): ReactNode {
  const { item, rect, isSelected, isTabStop, isPinned, onSelect, onPoint } = props;
  const { node, drops, failed, rates, change } = item;
  return (
    <button
      type="button"
      data-focus={`node ${node.id}`}
      data-card={node.id}
      tabIndex={isTabStop ? 0 : -1}
      aria-label={nodeWords(item, isPinned)}
      aria-pressed={isSelected}
      title={node.name}
      onClick={() => onSelect(node.id)}
      onPointerEnter={() => onPoint(node.id)}
      onPointerLeave={() => onPoint(null)}
      className={classes(
        'absolute flex items-center gap-1.5 rounded-md border bg-raised pr-2 pl-3 text-left shadow-card transition-colors',
        // Set by use-card-marks.ts.
        'group-data-choosing/cards:not-data-kept:bg-canvas group-data-choosing/cards:not-data-kept:text-ink-faint group-data-choosing/cards:not-data-kept:shadow-none',
        isSelected
          ? 'border-accent ring-1 ring-accent'
          : 'border-line hover:border-ink-faint data-lit:border-ink-faint',
        item.isOutside && 'border-dashed',
        change === 'gone' && 'border-2 border-dotted border-line-strong bg-canvas text-ink-faint shadow-none',
        change === 'new' && 'border-accent',
      )}
      style={{ left: rect.x, top: rect.y, width: rect.width, height: rect.height }}
    >
      {change !== 'gone' && <HealthBar failed={failed} hasDrops={drops > 0} />}
      <KindIcon kind={node.kind} className="size-4 shrink-0 text-ink-faint" />
      <span className="min-w-0 flex-1">
        <span className="block text-sm leading-4.5 font-medium">
          <MiddleTruncated text={node.name} />
        </span>
        <span className="block truncate text-2xs text-ink-faint">{rates}</span>
      </span>
      {isPinned && <Pin aria-hidden className="absolute right-1 bottom-1 size-3 text-ink-faint" />}
      {change !== null && <ChangeBadge change={change} />}
      {drops > 0 && change !== 'gone' && (
        <span className="absolute -top-3 right-2 flex items-center gap-0.5 rounded-sm border border-dropped bg-raised px-1 text-2xs leading-4 font-semibold text-dropped">
          <X aria-hidden className="size-3" strokeWidth={3} />
          {formatCompact(drops)}
        </span>
      )}
    </button>
  );
});

function ChangeBadge({ change }: { change: 'new' | 'gone' }): ReactNode {
  const Glyph = change === 'new' ? Plus : Minus;
  return (
    <span
      className={classes(
        'absolute -top-3.5 left-2 flex items-center gap-0.5 rounded-sm border bg-raised px-1 text-2xs leading-4 font-semibold',
        change === 'new' ? 'border-accent text-accent' : 'border-line-strong text-ink-soft',
      )}
    >
      <Glyph aria-hidden className="size-3" strokeWidth={3} />
      {change}
    </span>
  );
}

function HealthBar({ failed, hasDrops }: { failed: number; hasDrops: boolean }): ReactNode {
  const share = failed === 0 ? 0 : Math.max(0.12, Math.min(1, failed));
  return (
    <span aria-hidden className="absolute inset-y-0 left-0 w-1 overflow-hidden rounded-l-[5px] bg-line">
      {share > 0 && (
        <span
          className={classes('absolute bottom-0 left-0 w-full', hasDrops ? 'bg-dropped' : 'bg-edge-warm')}
          style={{ height: `${share * 100}%` }}
        />
      )}
    </span>
  );
}

function nodeWords({ node, rates, drops, failed, change }: PictureNode, isPinned: boolean): string {
  const place = node.namespace === '' ? node.kind : `${node.kind} in ${node.namespace}`;
  return [
    node.name,
    place,
    change ?? '',
    rates,
    drops > 0 ? `${plural(drops, 'packet')} dropped` : '',
    failed > 0 ? `${formatShare(failed, 1)} of its traffic failed` : '',
    isPinned ? 'pinned' : '',
  ]
    .filter(Boolean)
    .join(', ');
}
