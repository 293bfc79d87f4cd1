/** The building blocks of the right panel: sections, numbers, shares as bars. */
import type { ReactNode } from 'react';

import { classes } from '../../_components/classes.ts';
import { formatCount, formatShare } from '../../_viz/format/quantities.ts';

export function Section({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <section role="group" aria-label={title} className="border-t border-line px-4 py-3">
      <h3 className="mb-1.5 text-xs font-semibold text-ink-soft">{title}</h3>
      {children}
    </section>
  );
}

export interface FactItem {
  readonly name: string;
  readonly value: ReactNode;
  readonly tone?: 'warm' | 'dropped';
}

export function FactGrid({ facts }: { facts: readonly FactItem[] }): ReactNode {
  return (
    <dl className="grid grid-cols-3 gap-x-3 gap-y-2">
      {facts.map(({ name, value, tone }) => (
        <div key={name} className="min-w-0">
          <dt className="truncate text-2xs text-ink-faint">{name}</dt>
          <dd
            className={classes(
              'truncate text-base font-semibold',
              tone === 'warm' && 'text-warm',
              tone === 'dropped' && 'text-dropped',
            )}
          >
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
}

export interface ShareItem {
  readonly name: string;
  readonly detail?: string;
  readonly count: number;
  readonly tone?: 'warm' | 'dropped';
}

export function ShareList({ items }: { items: readonly ShareItem[] }): ReactNode {
  const total = items.reduce((sum, item) => sum + item.count, 0);
  return (
    <ul className="space-y-1.5">
      {items.map(({ name, detail, count, tone }) => (
        <li key={`${name} ${detail ?? ''}`}>
          <div className="flex items-baseline gap-2">
            <span
              className={classes('font-medium', tone === 'warm' && 'text-warm', tone === 'dropped' && 'text-dropped')}
            >
              {name}
            </span>
            <span className="min-w-0 flex-1 truncate text-xs text-ink-faint">{detail}</span>
            <span>{formatCount(count)}</span>
            <span className="w-12 text-right text-xs text-ink-faint">{formatShare(count, total)}</span>
          </div>
          <div aria-hidden className="mt-0.5 h-1 overflow-hidden rounded-sm bg-sunken">
            <div
              className={classes(
                'h-full',
                tone === 'warm' ? 'bg-edge-warm' : tone === 'dropped' ? 'bg-dropped' : 'bg-line-strong',
              )}
              style={{ width: `${total === 0 ? 0 : (100 * count) / total}%` }}
            />
          </div>
        </li>
      ))}
    </ul>
  );
}
