/** What the reader has to know about the map as a whole: grouped because it was too much, cut to a budget, not refreshed. */
'use client';

import type { ReactNode } from 'react';

import { Button } from '../../_components/button.tsx';
import { classes } from '../../_components/classes.ts';
import { useInvestigation } from '../url/investigation.ts';
import { noticeOfAnswer } from './budget.ts';
import type { MapAnswer } from './map-query.ts';
import type { Picture } from './picture.ts';

interface MapNoticeProps {
  readonly answer: MapAnswer;
  readonly picture: Picture;
  /** At the bottom where the top is read first. */
  readonly isLow?: boolean;
}

export function MapNotice({ answer, picture, isLow = false }: MapNoticeProps): ReactNode {
  const { setGrouping } = useInvestigation();
  if (answer.error !== null) {
    return (
      <Bar role="alert" isLow={isLow}>
        <span>
          Not refreshed: {answer.error.message}{' '}
          <span className="text-ink-faint">What is shown is the last answer.</span>
        </span>
        <Button size="small" onClick={answer.retry}>
          Retry
        </Button>
      </Bar>
    );
  }
  if (answer.isCrowded) {
    return (
      <Bar role="status" isLow={isLow}>
        <span>Too many workloads to read at once: shown by namespace.</span>
        <Button size="small" onClick={() => setGrouping('workload')}>
          Show workloads
        </Button>
      </Bar>
    );
  }
  const notices = [noticeOfAnswer(answer.data?.budget), picture.notice].filter((notice) => notice !== null);
  if (notices.length === 0) return null;
  return (
    <Bar role="status" isLow={isLow}>
      <span>{notices.join('. ')}.</span>
      <Button size="small" onClick={() => setGrouping('namespace')}>
        By namespace
      </Button>
    </Bar>
  );
}

interface BarProps {
  readonly role: 'alert' | 'status';
  readonly isLow: boolean;
  readonly children: ReactNode;
}

function Bar({ role, isLow, children }: BarProps): ReactNode {
  return (
    <div
      role={role}
      className={classes(
        'absolute left-1/2 z-20 flex max-w-[90%] -translate-x-1/2 items-center gap-3 rounded-md border border-line bg-raised py-1 pr-1 pl-3 text-xs shadow-float',
        isLow ? 'bottom-3' : 'top-3',
      )}
    >
      {children}
    </div>
  );
}
