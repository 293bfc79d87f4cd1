/** The strip tells about the answer that the view shows: the view reports it here. */
'use client';

import { createContext, use, useEffect, useState, type ReactNode } from 'react';

import type { Evidence, Grouping } from '../../../model/api.ts';

export interface Shown {
  readonly evidence: Evidence | null;
  /** When the answer came, by this browser's clock; it tells how old stale data is. */
  readonly updatedMs: number;
  readonly isStale: boolean;
  /** There is no answer because the question was refused or failed; the view says why. */
  readonly hasFailed: boolean;
  /** What the map is grouped by, also when the reader did not choose. */
  readonly grouping?: Grouping | undefined;
}

const nothing: Shown = { evidence: null, updatedMs: 0, isStale: false, hasFailed: false };
const ShownContext = createContext<Shown>(nothing);
const ReportContext = createContext<(shown: Shown) => void>(() => undefined);

export function ShownEvidenceProvider({ children }: { children: ReactNode }): ReactNode {
  const [shown, setShown] = useState<Shown>(nothing);
  return (
    <ReportContext value={setShown}>
      <ShownContext value={shown}>{children}</ShownContext>
    </ReportContext>
  );
}

export const useShownEvidence = (): Shown => use(ShownContext);

/** Null reports nothing: the table of a drawer leaves the strip to the map. A new object with the same in it is no news. */
export function useReportEvidence(shown: Shown | null): void {
  const report = use(ReportContext);
  const isReported = shown !== null;
  const { evidence, updatedMs, isStale, hasFailed, grouping } = shown ?? nothing;
  useEffect(() => {
    if (!isReported) return;
    report({ evidence, updatedMs, isStale, hasFailed, grouping });
    return () => report(nothing);
  }, [report, isReported, evidence, updatedMs, isStale, hasFailed, grouping]);
}
