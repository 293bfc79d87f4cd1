/** The line above the view when what is shown is not this host's live traffic, with the command that mends it. */
'use client';

import { CircleAlert, Disc, ChevronDown } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import { classes } from '../../_components/classes.ts';
import { Button } from '../../_components/button.tsx';
import { WithCode } from '../../_components/with-code.tsx';
import { captureNotice } from './capture-words.ts';
import { useHealth } from './health-query.ts';

const tones = {
  info: 'bg-accent-soft text-ink',
  warning: 'bg-warm-soft text-ink',
  problem: 'bg-dropped-soft text-ink',
};

export function CaptureBanner(): ReactNode {
  const { data } = useHealth();
  const [isOpen, setOpen] = useState(false);
  const notice = data === undefined ? null : captureNotice(data);
  if (notice === null) return null;
  const Icon = notice.tone === 'info' ? Disc : CircleAlert;
  const iconTone = { info: 'text-accent', warning: 'text-warm', problem: 'text-dropped' }[notice.tone];
  return (
    <section
      aria-label="What is shown"
      className={classes('border-b border-line px-4 py-1 text-xs', tones[notice.tone])}
    >
      <div className="flex min-h-6 items-center gap-2">
        <Icon aria-hidden className={classes('size-3.5 shrink-0', iconTone)} />
        <p className="min-w-0 flex-1">
          <span className="font-semibold">{notice.title}.</span> <WithCode text={notice.detail} />
        </p>
        {notice.missing.length > 0 && (
          <Button look="ghost" size="small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? 'Hide' : `What is missing (${notice.missing.length})`}
            <ChevronDown aria-hidden className={classes('size-3.5 transition-transform', isOpen && 'rotate-180')} />
          </Button>
        )}
      </div>
      {isOpen && <MissingList missing={notice.missing} />}
    </section>
  );
}

export function MissingList({ missing }: { missing: readonly string[] }): ReactNode {
  return (
    <ul className="my-1 space-y-1 pl-5.5">
      {missing.map((line) => {
        const colon = line.indexOf(': ');
        return (
          <li key={line}>
            {colon > 0 && <span className="font-medium">{line.slice(0, colon)}: </span>}
            <span className="text-ink-soft">
              <WithCode text={colon > 0 ? line.slice(colon + 2) : line} canCopy />
            </span>
          </li>
        );
      })}
    </ul>
  );
}
