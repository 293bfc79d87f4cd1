/** Rate, failures, latency and drops over time as charts; what never happened in either period has none. */
'use client';

import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import type { SeriesResponse } from '../../../model/api.ts';
import { classes } from '../../_components/classes.ts';
import { Button } from '../../_components/button.tsx';
import { formatBytes, formatCompact, formatMilliseconds, formatRate } from '../../_viz/format/quantities.ts';
import { TimeChart, type ChartSeries, type Tone } from '../../_viz/chart/time-chart.tsx';
import { useZone } from '../frame/zone.ts';
import {
  byteRate,
  connectionRate,
  drops,
  failedConnects,
  failedPercent,
  latency,
  requestRate,
  retransmits,
  signal,
  sumOf,
} from './signals.ts';

interface SignalChartsProps {
  readonly answer: UseQueryResult<SeriesResponse>;
  /** `panel`: below each other; `band`: side by side, one row. */
  readonly look: 'panel' | 'band';
  /** Only requests: a page about exchanges has no use for bytes. */
  readonly isOfRequests?: boolean;
}

interface Chart {
  readonly title: string;
  readonly says?: string;
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
}

export const perSecond = (value: number): string => formatRate(value, 1);
export const percent = (value: number): string => `${Number(value.toPrecision(3))} %`;

export function SignalCharts({ answer, look, isOfRequests = false }: SignalChartsProps): ReactNode {
  const [zone] = useZone();
  const { data, error, failureReason, refetch, isPlaceholderData } = answer;
  const problem = error ?? failureReason;
  const layout = look === 'band' ? 'grid grid-cols-3 gap-6 px-4 py-2.5' : 'space-y-3';
  const least = look === 'band' ? 'h-35' : 'min-h-70';
  if (data === undefined) {
    return problem === null ? (
      <div role="status" aria-label="Loading the charts" className={classes(layout, least)}>
        {[0, 1, 2].map((key) => (
          <span key={key} className="skeleton block h-24" />
        ))}
      </div>
    ) : (
      <p role="alert" className={classes('flex items-start gap-2 px-4 py-2.5 text-xs text-ink-soft', least)}>
        No charts: {problem.message}
        <Button size="small" onClick={() => void refetch()}>
          Retry
        </Button>
      </p>
    );
  }
  const charts = isOfRequests ? requestCharts(data) : allCharts(data);
  return (
    <div className={classes(layout, look === 'band' && least, isPlaceholderData && 'opacity-55')}>
      {charts.map((chart) => (
        <TimeChart
          key={chart.title}
          {...chart}
          fromMs={data.points[0]?.fromMs ?? data.range.fromMs}
          stepMs={data.stepMs}
          zone={zone}
          height={look === 'band' ? 72 : 56}
        />
      ))}
      {charts.length === 0 && <p className="text-xs text-ink-faint">Nothing was counted in this range.</p>}
    </div>
  );
}

function requestCharts(data: SeriesResponse): Chart[] {
  const seconds = (data.range.toMs - data.range.fromMs) / 1_000;
  const requests = sumOf(data.points, (point) => point.requests);
  const failed = sumOf(data.points, (point) => point.errors + point.unanswered);
  return [
    {
      title: 'Requests',
      says: formatRate(requests, seconds),
      series: [lineOf(data, 'requests', 'accent', requestRate)],
      format: perSecond,
    },
    {
      title: 'Failed',
      says: `${formatCompact(failed)} of ${formatCompact(requests)}`,
      series: [lineOf(data, 'errors and unanswered', 'warm', failedPercent)],
      format: percent,
    },
    latencyChart(data),
  ];
}

function latencyChart(data: SeriesResponse): Chart {
  return {
    title: 'Latency',
    says: 'p50, p95, p99',
    series: [
      { ...lineOf(data, 'p99', 'series-6', latency('p99')), previous: undefined },
      lineOf(data, 'p95', 'accent', latency('p95')),
      { ...lineOf(data, 'p50', 'plain', latency('p50')), previous: undefined },
    ],
    format: formatMilliseconds,
  };
}

function lineOf(data: SeriesResponse, name: string, tone: Tone, read: Parameters<typeof signal>[1]): ChartSeries {
  const { now, before } = signal(data, read);
  return { name, tone, values: now, previous: before };
}

/** Every signal that either period has something of. */
function allCharts(data: SeriesResponse): Chart[] {
  const points = [...data.points, ...(data.previous ?? [])];
  const requests = sumOf(points, (point) => point.requests);
  const optional: readonly (readonly [keyof typeof counts, Chart])[] = [
    ['drops', { title: 'Packets dropped', series: [lineOf(data, 'dropped', 'dropped', drops)], format: formatCompact }],
    [
      'failedConnections',
      { title: 'Connects failed', series: [lineOf(data, 'failed', 'warm', failedConnects)], format: formatCompact },
    ],
    [
      'connections',
      { title: 'Connections', series: [lineOf(data, 'opened', 'accent', connectionRate)], format: perSecond },
    ],
    [
      'retransmits',
      { title: 'Retransmits', series: [lineOf(data, 'sent again', 'warm', retransmits)], format: formatCompact },
    ],
  ];
  const counts = {
    drops: sumOf(points, (point) => point.drops),
    failedConnections: sumOf(points, (point) => point.failedConnections),
    connections: sumOf(points, (point) => point.connections),
    retransmits: sumOf(points, (point) => point.retransmits),
  };
  const bytes: Chart = {
    title: 'Traffic',
    series: [lineOf(data, 'both ways', 'accent', byteRate)],
    format: (value) => `${formatBytes(value)}/s`,
  };
  const [dropped, ...others] = optional.filter(([name]) => counts[name] > 0).map(([, chart]) => chart);
  const isDropped = counts.drops > 0;
  return [
    ...(isDropped && dropped !== undefined ? [dropped] : []),
    ...(requests > 0 ? requestCharts(data) : []),
    ...(sumOf(points, (point) => Number(point.bytesToDestination) + Number(point.bytesToSource)) > 0 ? [bytes] : []),
    ...(!isDropped && dropped !== undefined ? [dropped] : []),
    ...others,
  ];
}
