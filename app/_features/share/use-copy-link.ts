/** Copies a link to what is on the screen, and tells for a while how that went. */
'use client';

import { useEffect, useState } from 'react';

import { copyText } from '../../_components/copy-text.ts';
import { useInvestigation } from '../url/investigation.ts';
import { pinnedUrl } from './pinned-url.ts';

export type Outcome = 'none' | 'copied' | 'refused';

export interface CopyLink {
  readonly outcome: Outcome;
  readonly copy: () => void;
}

const toldForMs = 3_000;

export function useCopyLink(): CopyLink {
  const { range } = useInvestigation();
  const [outcome, setOutcome] = useState<Outcome>('none');
  useEffect(() => {
    if (outcome === 'none') return;
    const timer = setTimeout(() => setOutcome('none'), toldForMs);
    return () => clearTimeout(timer);
  }, [outcome]);
  return {
    outcome,
    copy: () =>
      void copyText(pinnedUrl(window.location.href, range, Date.now())).then((isCopied) =>
        setOutcome(isCopied ? 'copied' : 'refused'),
      ),
  };
}
