/** One line on how sure the picture is: share seen, losses, gaps, reporting nodes, age of the newest data. */
'use client';

import { Popover } from '@base-ui/react/popover';
import type { ReactNode } from 'react';

import { classes } from '../../_components/classes.ts';
import { formatAge, formatClock } from '../../_viz/format/time.ts';
import { formatBytes, formatCount } from '../../_viz/format/quantities.ts';
import { useZone } from '../frame/zone.ts';
import { evidenceWords, type EvidenceWords } from './evidence-words.ts';
import { useHealth } from './health-query.ts';
import { useShownEvidence } from './shown-evidence.tsx';
import { useNow } from './use-now.ts';

export function HonestStrip({ children }: { children?: ReactNode }): ReactNode {
  const { evidence, updatedMs, isStale, hasFailed } = useShownEvidence();
  const [zone] = useZone();
  const words = evidence === null ? null : evidenceWords(evidence, (ms) => formatClock(ms, zone));
  return (
    <div className="flex h-7 items-center gap-4 overflow-hidden border-b border-line bg-surface px-4 text-xs whitespace-nowrap text-ink-soft">
      {words === null || evidence === null ? (
        hasFailed ? (
          <span className="text-ink-faint">no answer</span>
        ) : (
          <span className="skeleton h-3 w-72" aria-hidden />
        )
      ) : (
        <>
          <Coverage words={words} />
          <span className="text-ink-faint max-[1100px]:hidden">
            {formatCount(evidence.rowsRead)} rows, {formatBytes(evidence.bytesRead)} read in{' '}
            {Math.round(evidence.elapsedMs)} ms
          </span>
          {evidence.truncated && (
            <span className="font-medium text-warm">
              cut at {formatCount(evidence.limit)}: narrow the range or filter
            </span>
          )}
        </>
      )}
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {isStale && <StaleAge updatedMs={updatedMs} />}
      <NewestAge />
    </div>
  );
}

function Coverage({ words }: { words: EvidenceWords }): ReactNode {
  const facts = (
    <>
      <Fact name="seen" value={words.seen} isBad={words.lost !== '0'} />
      <Fact name="lost" value={words.lost} isBad={words.lost !== '0'} />
      <Fact name="gaps" value={words.gaps} isBad={words.gaps !== '0'} />
      <Fact name="nodes" value={words.nodes} isBad={words.nodes === '0'} />
    </>
  );
  if (words.details.length === 0) return <span className="flex gap-4">{facts}</span>;
  return (
    <Popover.Root>
      <Popover.Trigger className="-mx-1 flex h-6 items-center gap-4 rounded-sm px-1 hover:bg-hover">
        {facts}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner side="bottom" align="start" sideOffset={4} className="z-50">
          <Popover.Popup className="max-w-md rounded-md border border-line bg-raised p-3 text-xs shadow-float">
            <Popover.Title className="font-semibold">What this picture lacks</Popover.Title>
            <ul className="mt-1 max-h-64 space-y-1 overflow-auto text-ink-soft">
              {words.details.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Fact({ name, value, isBad }: { name: string; value: string; isBad: boolean }): ReactNode {
  return (
    <span>
      {name} <span className={classes('font-medium', isBad ? 'text-warm' : 'text-ink')}>{value}</span>
    </span>
  );
}

function StaleAge({ updatedMs }: { updatedMs: number }): ReactNode {
  const nowMs = useNow(1_000);
  return (
    <span className="font-medium text-warm" role="status">
      not refreshed for {formatAge(nowMs - updatedMs)}
    </span>
  );
}

function NewestAge(): ReactNode {
  const { data } = useHealth();
  if (data === undefined) return <span className="skeleton h-3 w-24" aria-hidden />;
  if (data.newestFlowMs === null) return <span className="text-ink-faint">no data yet</span>;
  const age = data.nowMs - data.newestFlowMs;
  return (
    <span title="Age of the newest flow in the store">
      newest data{' '}
      <span className={classes('font-medium', age > 60_000 ? 'text-warm' : 'text-ink')}>
        {age < 5_000 ? 'now' : `${formatAge(age)} ago`}
      </span>
    </span>
  );
}
