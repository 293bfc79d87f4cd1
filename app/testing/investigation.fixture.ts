/** An investigation for tests: the last quarter of an hour, live, unfiltered, and actions that do nothing. */
import type { Investigation } from '../_features/url/investigation.ts';

export function anInvestigation(of: Partial<Investigation> = {}): Investigation {
  const nothing = (): void => undefined;
  return {
    range: { kind: 'relative', preset: '15m' },
    isLive: true,
    filter: '',
    grouping: null,
    selection: null,
    against: null,
    showPreset: nothing,
    showSpan: nothing,
    setLive: nothing,
    setFilter: nothing,
    setGrouping: nothing,
    select: nothing,
    compareWith: nothing,
    ...of,
  };
}
