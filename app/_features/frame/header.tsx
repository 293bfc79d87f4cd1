/** The top line: the product, the views that exist, and how the stack stands. */
'use client';

import { CircleQuestionMark, Search } from 'lucide-react';
import Link from 'next/link';
import { usePathname, useSearchParams } from 'next/navigation';
import type { ReactNode } from 'react';

import { Button } from '../../_components/button.tsx';
import { classes } from '../../_components/classes.ts';
import { useHealth } from '../health/health-query.ts';
import { LinkButton } from '../share/link-button.tsx';
import type { CopyLink } from '../share/use-copy-link.ts';
import { placeOf } from '../url/place.ts';
import { Mark } from './mark.tsx';
import { ThemeToggle } from './theme-toggle.tsx';
import { views } from './views.ts';

interface HeaderProps {
  readonly link: CopyLink;
  readonly onHelp: () => void;
  readonly onCommands: () => void;
}

export function Header({ link, onHelp, onCommands }: HeaderProps): ReactNode {
  const path = usePathname();
  const search = useSearchParams().toString();
  return (
    <div className="flex h-11 items-center gap-6 border-b border-line bg-surface px-4">
      <h1 className="flex items-center gap-2 text-base font-semibold tracking-tight">
        <Mark />
        Palomar
      </h1>
      <nav aria-label="Views" className="flex h-full gap-1">
        {views.map(({ path: href, name }) => {
          const isOn = path === href;
          return (
            <Link
              key={href}
              prefetch={false}
              href={placeOf(href, search)}
              aria-current={isOn ? 'page' : undefined}
              className={classes(
                'relative flex h-full items-center px-2.5 text-sm transition-colors',
                isOn
                  ? 'font-medium text-ink after:absolute after:inset-x-2 after:-bottom-px after:h-0.5 after:bg-accent'
                  : 'text-ink-soft hover:text-ink',
              )}
            >
              {name}
            </Link>
          );
        })}
      </nav>
      <span className="flex-1" />
      <Status />
      <Button look="ghost" aria-label="Commands" title="Commands  Ctrl K" onClick={onCommands}>
        <Search aria-hidden className="size-3.5" />
        <kbd className="rounded-sm border border-line px-1.5 font-sans text-2xs leading-4.5 text-ink-faint">Ctrl K</kbd>
      </Button>
      <div className="flex items-center">
        <LinkButton {...link} />
        <Button look="ghost" size="icon" aria-label="Keys" title="Keys  ?" onClick={onHelp}>
          <CircleQuestionMark aria-hidden className="size-4" />
        </Button>
        <ThemeToggle />
      </div>
    </div>
  );
}

function Status(): ReactNode {
  const { data, error } = useHealth();
  const status = error !== null ? 'unreachable' : (data?.status ?? 'asking');
  const looks: Record<string, { dot: string; word: string }> = {
    ok: { dot: 'bg-fine', word: data?.capture.mode === 'live' ? 'Capturing' : 'Running' },
    degraded: { dot: 'bg-edge-warm', word: 'Degraded' },
    down: { dot: 'bg-dropped', word: 'Down' },
    unreachable: { dot: 'bg-dropped', word: 'Server unreachable' },
    asking: { dot: 'bg-line-strong', word: '' },
  };
  const { dot, word } = looks[status] ?? { dot: 'bg-line-strong', word: status };
  return (
    <span role="status" className="flex items-center gap-2 text-xs text-ink-soft" title={data?.capture.detail ?? ''}>
      <span aria-hidden className={classes('size-2 rounded-full', dot)} />
      {word}
    </span>
  );
}
