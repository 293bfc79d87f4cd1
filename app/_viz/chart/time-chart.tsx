/**
 * A chart over time: lines or stacked areas, the period before as a ghost, gaps as gaps, and a crosshair that all charts
 * of the page share. It draws what it is given and asks nobody.
 */
'use client';

import { useState, type KeyboardEvent, type ReactNode } from 'react';

import { formatMoment, type Zone } from '../format/time.ts';
import { pointAt, useCrosshair } from './crosshair.ts';
import {
  box,
  bucketAt,
  layerPath,
  linePath,
  mostOf,
  shareOfBucket,
  stacked,
  ticksUpTo,
  type Values,
} from './geometry.ts';

export type Tone = 'plain' | 'accent' | 'warm' | 'dropped' | 'faint' | `series-${number}`;

export interface ChartSeries {
  readonly name: string;
  readonly tone: Tone;
  readonly values: Values;
  /** The same of the period before, bucket by bucket. */
  readonly previous?: Values | undefined;
}

interface TimeChartProps {
  readonly title: string;
  /** The number that sums the chart up, beside its title. */
  readonly says?: string;
  readonly series: readonly ChartSeries[];
  readonly fromMs: number;
  readonly stepMs: number;
  readonly format: (value: number) => string;
  readonly zone: Zone;
  readonly kind?: 'lines' | 'stacked';
  readonly height?: number;
}

const colourOf = (tone: Tone): string => `var(--chart-${tone})`;

export function TimeChart(props: TimeChartProps): ReactNode {
  const { title, says, series, fromMs, stepMs, format, zone, kind = 'lines', height = 72 } = props;
  const count = Math.max(0, ...series.map(({ values }) => values.length));
  const layers = stacked(series.map(({ values }) => values));
  const drawn = kind === 'stacked' ? layers.map(({ upper }) => upper) : series.map(({ values }) => values);
  const ghosts = series.flatMap(({ previous }) => (previous === undefined ? [] : [previous]));
  const ticks = ticksUpTo(mostOf([...drawn, ...ghosts]));
  const top = ticks.at(-1) ?? 1;
  const toMs = fromMs + count * stepMs;
  return (
    <figure className="min-w-0">
      <figcaption className="mb-2.5 flex items-baseline gap-2 text-xs">
        <span className="font-medium text-ink-soft">{title}</span>
        {says !== undefined && <span className="ml-auto text-ink-soft">{says}</span>}
      </figcaption>
      <div className="flex gap-1.5">
        <div aria-hidden className="relative w-12 shrink-0 text-right text-2xs text-ink-faint" style={{ height }}>
          {ticks.map((tick) => (
            <span
              key={tick}
              className="absolute right-0 -translate-y-1/2 whitespace-nowrap"
              style={{ top: `${100 - (100 * tick) / top}%` }}
            >
              {format(tick)}
            </span>
          ))}
        </div>
        <Plot {...props} count={count} height={height} summary={summaryOf(title, series, format)}>
          <svg
            aria-hidden
            viewBox={`0 0 ${box.width} ${box.height}`}
            preserveAspectRatio="none"
            className="absolute inset-0 size-full overflow-visible"
          >
            {ticks.map((tick) => (
              <line
                key={tick}
                x1={0}
                x2={box.width}
                y1={box.height - (box.height * tick) / top}
                y2={box.height - (box.height * tick) / top}
                vectorEffect="non-scaling-stroke"
                className={tick === 0 ? 'stroke-line-strong' : 'stroke-line'}
              />
            ))}
            {kind === 'stacked' &&
              layers.map((layer, index) => (
                <path
                  key={series[index]?.name}
                  d={layerPath(layer, top)}
                  fill={colourOf(series[index]?.tone ?? 'plain')}
                />
              ))}
            {series.map(({ name, previous }) =>
              previous === undefined ? null : (
                <path
                  key={name}
                  d={linePath(previous, top)}
                  className="chart-line"
                  strokeDasharray="2 3"
                  stroke={colourOf('faint')}
                />
              ),
            )}
            {kind === 'lines' &&
              series.map(({ name, tone, values }) => (
                <path key={name} d={linePath(values, top)} className="chart-line" stroke={colourOf(tone)} />
              ))}
          </svg>
        </Plot>
      </div>
      <div aria-hidden className="mt-1 ml-13.5 flex justify-between text-2xs text-ink-faint">
        <span>{formatMoment(fromMs, toMs, zone)}</span>
        <span>{formatMoment(toMs, toMs, zone)}</span>
      </div>
    </figure>
  );
}

interface PlotProps extends TimeChartProps {
  readonly count: number;
  readonly height: number;
  readonly summary: string;
  readonly children: ReactNode;
}

/** The box that the hand moves over; arrows do the same. */
function Plot({ series, fromMs, stepMs, format, zone, count, height, summary, children }: PlotProps): ReactNode {
  const [isHere, setHere] = useState(false);
  const pointedMs = useCrosshair();
  const index = pointedMs === null ? null : Math.floor((pointedMs - fromMs) / stepMs);
  const isInside = index !== null && index >= 0 && index < count;
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined || count === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = index === null ? count - 1 : Math.max(0, Math.min(count - 1, index + step));
    pointAt(fromMs + (next + 0.5) * stepMs);
  };
  const leave = (): void => {
    setHere(false);
    pointAt(null);
  };
  return (
    <div
      role="img"
      tabIndex={0}
      aria-label={summary}
      className="relative min-w-0 flex-1 cursor-crosshair"
      style={{ height }}
      onPointerMove={(event) => {
        const { left, width } = event.currentTarget.getBoundingClientRect();
        setHere(true);
        pointAt(fromMs + (bucketAt((event.clientX - left) / Math.max(1, width), count) + 0.5) * stepMs);
      }}
      onPointerLeave={leave}
      onFocus={() => setHere(true)}
      onBlur={leave}
      onKeyDown={onKeyDown}
    >
      {children}
      {isInside && (
        <>
          <span
            className="pointer-events-none absolute inset-y-0 w-px bg-ink-faint"
            style={{ left: `${100 * shareOfBucket(index, count)}%` }}
          />
          {isHere && (
            <Reading
              at={formatMoment(fromMs + index * stepMs, fromMs + index * stepMs, zone)}
              series={series}
              index={index}
              format={format}
              isRight={index > count / 2}
              share={shareOfBucket(index, count)}
            />
          )}
        </>
      )}
    </div>
  );
}

interface ReadingProps {
  readonly at: string;
  readonly series: readonly ChartSeries[];
  readonly index: number;
  readonly format: (value: number) => string;
  readonly isRight: boolean;
  readonly share: number;
}

const mostRead = 12;

/** Every series at that moment, the largest first. */
function Reading({ at, series, index, format, isRight, share }: ReadingProps): ReactNode {
  const said = (value: number | null | undefined): string =>
    value === null || value === undefined ? 'nothing' : format(value);
  const sorted = [...series].sort((a, b) => (b.values[index] ?? -1) - (a.values[index] ?? -1));
  return (
    <div
      className="pointer-events-none absolute top-1 z-30 rounded-md border border-line bg-raised px-2 py-1 text-2xs shadow-float"
      style={isRight ? { right: `calc(${100 - 100 * share}% + 8px)` } : { left: `calc(${100 * share}% + 8px)` }}
    >
      <p className="text-ink-faint">{at}</p>
      {sorted.slice(0, mostRead).map(({ name, tone, values, previous }) => (
        <p key={name} className="flex items-center gap-1.5 whitespace-nowrap">
          <span className="size-2 shrink-0 rounded-sm" style={{ background: colourOf(tone) }} />
          <span className="max-w-56 truncate">{name}</span>
          <span className="ml-auto pl-2 font-medium">{said(values[index])}</span>
          {previous !== undefined && <span className="text-ink-faint">before {said(previous[index])}</span>}
        </p>
      ))}
      {sorted.length > mostRead && <p className="text-ink-faint">and {sorted.length - mostRead} more</p>}
    </div>
  );
}

function summaryOf(title: string, series: readonly ChartSeries[], format: (value: number) => string): string {
  const parts = series.slice(0, mostRead).map(({ name, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return `${name} nothing`;
    return `${name} ${format(Math.min(...known))} to ${format(Math.max(...known))}, last ${format(known.at(-1) ?? 0)}`;
  });
  return `${title} over time: ${parts.join('; ')}`;
}
