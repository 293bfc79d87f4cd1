/** Dropped packets over time, by reason: when each began and whether it goes on. */
'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { topResponseSchema } from '../../../model/api.ts';
import { Button } from '../../_components/button.tsx';
import { TimeChart } from '../../_viz/chart/time-chart.tsx';
import { formatCompact, plural } from '../../_viz/format/quantities.ts';
import { getJson } from '../api/client.ts';
import { linesOf } from '../explore/explore-lines.ts';
import { useZone } from '../frame/zone.ts';
import { rangeQuery } from '../range/time-range.ts';
import { refreshOf } from '../series/series-query.ts';
import { useInvestigation } from '../url/investigation.ts';

const shown = '7';
const points = '60';

export function ReasonTimeline(): ReactNode {
  const { range, filter, isLive } = useInvestigation();
  const [zone] = useZone();
  const question = { ...rangeQuery(range), filter, by: 'reason', measure: 'drops', limit: shown, points };
  const { data, error, failureReason, refetch } = useQuery({
    queryKey: ['top', question],
    queryFn: ({ signal }) => getJson('/api/v1/top', question, topResponseSchema, signal),
    placeholderData: keepPreviousData,
    refetchInterval: refreshOf(range, isLive, 10_000),
  });
  const problem = error ?? failureReason;
  if (data === undefined) {
    return problem === null ? (
      <div role="status" aria-label="Loading the timeline" className="h-35 px-4 py-3">
        <span className="skeleton block h-full" />
      </div>
    ) : (
      <p role="alert" className="flex h-35 items-start gap-2 px-4 py-3 text-xs text-ink-soft">
        No timeline: {problem.message}
        <Button size="small" onClick={() => void refetch()}>
          Retry
        </Button>
      </p>
    );
  }
  if (data.groups.length === 0) return null;
  // The largest is in the colour of drops; with one reason alone nothing else is needed.
  const lines = linesOf(data, null).map((line, index) => (index === 0 ? { ...line, tone: 'dropped' as const } : line));
  return (
    <div className="flex min-h-35 gap-6 border-b border-line px-4 py-3">
      <div className="min-w-0 flex-1">
        <TimeChart
          title="Dropped packets by reason"
          says={plural(data.total.value, 'packet')}
          series={lines}
          fromMs={Math.floor(data.range.fromMs / data.stepMs) * data.stepMs}
          stepMs={data.stepMs}
          zone={zone}
          kind="stacked"
          format={formatCompact}
        />
      </div>
      <ul aria-label="Reasons" className="w-64 shrink-0 space-y-0.5 self-center text-xs max-[1100px]:w-52">
        {lines.map(({ name, tone, total }) => (
          <li key={name} className="flex items-center gap-2">
            <span aria-hidden className="size-2.5 shrink-0 rounded-sm" style={{ background: `var(--chart-${tone})` }} />
            <span className="min-w-0 flex-1 truncate" title={name}>
              {name}
            </span>
            <span>{formatCompact(total)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
