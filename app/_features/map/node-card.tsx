/** One card of the map: kind, name, rates, the share that failed as a bar at its left, and its drops. */
'use client';

import { X } from 'lucide-react';
import { memo, type ReactNode } from 'react';

import { classes } from '../../_components/classes.ts';
import { formatCompact, formatShare, plural } from '../../_viz/format/quantities.ts';
import { truncateMiddle } from '../../_viz/format/truncate.ts';
import type { Rect } from '../../_viz/layout/metrics.ts';
import { KindIcon } from './kind-icon.tsx';
import type { PictureNode } from './picture.ts';

interface NodeCardProps {
  readonly item: PictureNode;
  readonly rect: Rect;
  readonly isSelected: boolean;
  readonly isDimmed: boolean;
  readonly isTabStop: boolean;
  readonly onSelect: (id: string) => void;
  readonly onPoint: (id: string | null) => void;
}

export const NodeCard = memo(function NodeCard(props: NodeCardProps): ReactNode {
  const { item, rect, isSelected, isDimmed, isTabStop, onSelect, onPoint } = props;
  const { node, drops, failed, rates } = item;
  const room = drops > 0 ? 13 : 18;
  return (
    <button
      type="button"
      data-focus={`node ${node.id}`}
      data-dimmed={isDimmed}
      tabIndex={isTabStop ? 0 : -1}
      aria-label={nodeWords(item)}
      aria-pressed={isSelected}
      title={node.name}
      onClick={() => onSelect(node.id)}
      onPointerEnter={() => onPoint(node.id)}
      onPointerLeave={() => onPoint(null)}
      className={classes(
        'absolute flex items-center gap-2 overflow-hidden rounded-md border bg-raised pr-2.5 pl-3 text-left shadow-card transition-[opacity,border-color]',
        isSelected ? 'border-accent ring-1 ring-accent' : 'border-line hover:border-line-strong',
        item.isOutside && 'border-dashed',
      )}
      style={{ left: rect.x, top: rect.y, width: rect.width, height: rect.height }}
    >
      <HealthBar failed={failed} hasDrops={drops > 0} />
      <KindIcon kind={node.kind} className="size-4 shrink-0 text-ink-faint" />
      <span className="min-w-0 flex-1">
        <span className="block truncate text-sm leading-4.5 font-medium">{truncateMiddle(node.name, room)}</span>
        <span className="block truncate text-2xs text-ink-faint">{rates}</span>
      </span>
      {drops > 0 && (
        <span className="flex items-center gap-0.5 rounded-sm bg-dropped-soft px-1 text-2xs font-semibold text-dropped">
          <X aria-hidden className="size-3" strokeWidth={3} />
          {formatCompact(drops)}
        </span>
      )}
    </button>
  );
});

function HealthBar({ failed, hasDrops }: { failed: number; hasDrops: boolean }): ReactNode {
  const share = failed === 0 ? 0 : Math.max(0.12, Math.min(1, failed));
  return (
    <span aria-hidden className="absolute inset-y-0 left-0 w-1 bg-line">
      {share > 0 && (
        <span
          className={classes('absolute bottom-0 left-0 w-full', hasDrops ? 'bg-dropped' : 'bg-edge-warm')}
          style={{ height: `${share * 100}%` }}
        />
      )}
    </span>
  );
}

function nodeWords({ node, rates, drops, failed }: PictureNode): string {
  const place = node.namespace === '' ? node.kind : `${node.kind} in ${node.namespace}`;
  return [
    node.name,
    place,
    rates,
    drops > 0 ? `${plural(drops, 'packet')} dropped` : '',
    failed > 0 ? `${formatShare(failed, 1)} of its traffic failed` : '',
  ]
    .filter(Boolean)
    .join(', ');
}
