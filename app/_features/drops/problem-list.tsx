/** One list of the inbox: a line per problem, in the order given, opened by click or Enter. */
'use client';

import { Unplug, X } from 'lucide-react';
import type { ReactNode } from 'react';

import { classes } from '../../_components/classes.ts';
import { formatCompact, formatCount } from '../../_viz/format/quantities.ts';
import { formatMoment } from '../../_viz/format/time.ts';
import { useZone } from '../frame/zone.ts';
import { isNew, type ProblemGroup } from './drop-groups.ts';
import { useKnownProblems } from './known-problems.ts';
import { explain, problemTitle } from './problem-words.ts';
import { TrendBars } from './trend-bars.tsx';

interface ProblemListProps {
  readonly groups: readonly ProblemGroup[];
  readonly openId: string | null;
  readonly nowMs: number;
  readonly onOpen: (id: string) => void;
}

export function ProblemList({ groups, openId, nowMs, onOpen }: ProblemListProps): ReactNode {
  const known = useKnownProblems();
  return (
    <ul className="divide-y divide-line">
      {groups.map((group) => (
        <Problem
          key={group.id}
          group={group}
          note={known.get(group.id)?.note}
          isOpen={group.id === openId}
          nowMs={nowMs}
          onOpen={onOpen}
        />
      ))}
    </ul>
  );
}

interface ProblemProps {
  readonly group: ProblemGroup;
  /** Of who marked it as known; undefined when nobody did. */
  readonly note: string | undefined;
  readonly isOpen: boolean;
  readonly nowMs: number;
  readonly onOpen: (id: string) => void;
}

function Problem({ group, note, isOpen, nowMs, onOpen }: ProblemProps): ReactNode {
  const [zone] = useZone();
  const isDrop = group.kind === 'drop';
  const Glyph = isDrop ? X : Unplug;
  return (
    <li>
      <button
        type="button"
        aria-pressed={isOpen}
        onClick={() => onOpen(group.id)}
        className={classes(
          'flex w-full items-center gap-3 px-4 py-2 text-left -outline-offset-2',
          isOpen ? 'bg-accent-soft' : 'hover:bg-hover',
        )}
      >
        <Glyph
          aria-hidden
          strokeWidth={2.5}
          className={classes('size-4 shrink-0', isDrop ? 'text-dropped' : 'text-warm')}
        />
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2">
            <span className="truncate font-medium">{problemTitle(group)}</span>
            {note !== undefined && (
              <span className="min-w-0 truncate rounded-sm border border-line px-1 text-2xs leading-4 text-ink-soft">
                {note === '' ? 'known' : `known: ${note}`}
              </span>
            )}
            {isNew(group) && note === undefined && (
              <span className="shrink-0 rounded-sm border border-dropped px-1 text-2xs leading-4 font-semibold text-dropped">
                new
              </span>
            )}
          </span>
          <span className="block truncate text-xs text-ink-faint">
            <span className={classes('font-medium', isDrop ? 'text-dropped' : 'text-warm')}>{group.reason}</span>{' '}
            {explain(group).says}
          </span>
        </span>
        {group.trend.length > 0 && <TrendBars trend={group.trend} />}
        <span className="w-24 shrink-0 text-right text-xs text-ink-faint max-[1100px]:hidden">
          since {formatMoment(group.firstMs, nowMs, zone)}
        </span>
        <span className="w-24 shrink-0 text-right">
          <span className="block font-semibold" title={formatCount(group.count)}>
            {formatCompact(group.count)}
          </span>
          <span className="block text-2xs text-ink-faint">{trendWords(group)}</span>
        </span>
      </button>
    </li>
  );
}

export function trendWords({ before, count }: Pick<ProblemGroup, 'before' | 'count'>): string {
  if (before === null) return '';
  if (before === 0) return 'none before';
  const ratio = count / before;
  if (ratio > 1.2) return `${ratio >= 10 ? Math.round(ratio) : ratio.toFixed(1)} × before`;
  return ratio < 0.8 ? `down from ${formatCompact(before)}` : 'as before';
}
