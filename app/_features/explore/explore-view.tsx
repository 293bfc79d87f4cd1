/** The Explore view: any dimension by any measure over time, as a chart and as a table of the same. */
'use client';

import { useMemo, type ReactNode } from 'react';

import { topMeasures, type TopMeasure, type TopResponse } from '../../../model/api.ts';
import { Button } from '../../_components/button.tsx';
import { classes } from '../../_components/classes.ts';
import { Message } from '../../_components/message.tsx';
import { TimeChart } from '../../_viz/chart/time-chart.tsx';
import { formatShare } from '../../_viz/format/quantities.ts';
import { ValueMenu } from '../filter/value-menu.tsx';
import { useZone } from '../frame/zone.ts';
import { AnswerProblem } from '../filter/answer-problem.tsx';
import { FirstRun } from '../health/first-run.tsx';
import { useHealth } from '../health/health-query.ts';
import { useReportEvidence } from '../health/shown-evidence.tsx';
import { useInvestigation } from '../url/investigation.ts';
import { linesOf, type ExploreLine } from './explore-lines.ts';
import { chartKinds, useExplore, useQuestion, type ChartKind, type Question } from './explore-query.ts';
import {
  dimensionName,
  dimensionNames,
  figuresOf,
  inSentence,
  isStackable,
  keyFilter,
  measureWords,
  type Figures,
} from './explore-words.ts';

export function ExploreView(): ReactNode {
  const [question, change] = useQuestion();
  const { filter } = useInvestigation();
  const { data: health } = useHealth();
  const { now, before } = useExplore(question);
  const { data, dataUpdatedAt, isPlaceholderData, refetch } = now;
  const error = now.error ?? now.failureReason;
  useReportEvidence({
    evidence: data?.evidence ?? null,
    updatedMs: dataUpdatedAt,
    isStale: isPlaceholderData,
    hasFailed: error !== null,
  });
  if (health?.newestFlowMs === null) return <FirstRun health={health} />;
  return (
    <div className="flex h-full min-h-0 flex-col bg-surface">
      <Questions question={question} onChange={change} />
      <div
        tabIndex={0}
        role="region"
        aria-label="Answer"
        className={classes('min-h-0 flex-1 overflow-auto', isPlaceholderData && 'opacity-55')}
      >
        {data === undefined ? (
          error === null ? (
            <ExploreSkeleton />
          ) : (
            <AnswerProblem
              title="This could not be read"
              error={error}
              filter={filter}
              onRetry={() => void refetch()}
            />
          )
        ) : data.groups.length === 0 ? (
          <Message title={`No ${inSentence(measureWords[data.measure].name)} in this range`}>
            Nothing that passes the filter has any by {inSentence(dimensionName(data.by))}. Widen the range, take a term
            away, or choose another measure.
          </Message>
        ) : (
          <Answer data={data} before={question.previous ? (before.data ?? null) : null} chart={question.chart} />
        )}
      </div>
    </div>
  );
}

const chartNames: Readonly<Record<ChartKind, string>> = { stacked: 'Stacked', lines: 'Lines' };

interface QuestionsProps {
  readonly question: Question;
  readonly onChange: (change: Partial<Question>) => void;
}

function Questions({ question, onChange }: QuestionsProps): ReactNode {
  const isLabel = !dimensionNames.some(([by]) => by === question.dimension);
  const field = 'h-7 rounded-md border border-line bg-surface px-1.5 text-sm text-ink';
  return (
    <div className="flex min-h-11 shrink-0 flex-wrap items-center gap-3 border-b border-line px-4 py-1.5 text-xs text-ink-faint">
      <label className="flex items-center gap-2">
        Measure
        <select
          className={field}
          value={question.measure}
          onChange={({ target }) => onChange({ measure: topMeasures.find((one) => one === target.value) ?? 'bytes' })}
        >
          {topMeasures.map((measure) => (
            <option key={measure} value={measure}>
              {measureWords[measure].name}
            </option>
          ))}
        </select>
      </label>
      <label className="flex items-center gap-2">
        by
        <select
          className={field}
          value={question.dimension}
          onChange={({ target }) => onChange({ dimension: target.value })}
        >
          {dimensionNames.map(([by, name]) => (
            <option key={by} value={by}>
              {name}
            </option>
          ))}
          <option value={isLabel ? question.dimension : 'to.label:app'}>
            {isLabel ? question.dimension : 'A label of the destination'}
          </option>
        </select>
      </label>
      {isLabel && <LabelKey key={question.dimension} dimension={question.dimension} onChange={onChange} />}
      <span className="flex-1" />
      <span role="group" aria-label="Chart" className="flex gap-1">
        {chartKinds.map((chart) => (
          <Button
            key={chart}
            isOn={chartOf(question) === chart}
            aria-pressed={chartOf(question) === chart}
            disabled={chart === 'stacked' && !isStackable(question.measure)}
            title={chart === 'stacked' && !isStackable(question.measure) ? 'Percentiles do not add up' : undefined}
            onClick={() => onChange({ chart })}
          >
            {chartNames[chart]}
          </Button>
        ))}
      </span>
      <Button
        isOn={question.previous}
        aria-pressed={question.previous}
        onClick={() => onChange({ previous: !question.previous, ...(question.previous ? {} : { chart: 'lines' }) })}
      >
        Period before
      </Button>
    </div>
  );
}

const chartOf = ({ chart, measure }: { chart: ChartKind; measure: TopMeasure }): ChartKind =>
  isStackable(measure) ? chart : 'lines';

function LabelKey({ dimension, onChange }: { dimension: string; onChange: QuestionsProps['onChange'] }): ReactNode {
  const [, side = 'to', key = ''] = /^(from|to)\.label:(.*)$/s.exec(dimension) ?? [];
  return (
    <form
      className="flex items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        const typed = new FormData(event.currentTarget).get('key');
        if (typeof typed === 'string' && typed !== '') onChange({ dimension: `${side}.label:${typed}` });
      }}
    >
      <label className="flex items-center gap-2">
        Label
        <input
          name="key"
          defaultValue={key}
          className="h-7 w-44 rounded-md border border-line bg-surface px-2 text-sm text-ink"
        />
      </label>
      <Button type="submit">Show</Button>
    </form>
  );
}

interface AnswerProps {
  readonly data: TopResponse;
  readonly before: TopResponse | null;
  readonly chart: ChartKind;
}

function Answer({ data, before, chart }: AnswerProps): ReactNode {
  const [zone] = useZone();
  const { measure, by, stepMs, range, total } = data;
  const lines = useMemo(() => linesOf(data, before), [data, before]);
  const words = measureWords[measure];
  return (
    <>
      <section aria-label="Over time" className="border-b border-line px-4 py-3">
        <TimeChart
          title={`${words.name} by ${inSentence(dimensionName(by))}`}
          says={isStackable(measure) ? `${words.format(total.value)} in all` : ''}
          series={lines}
          fromMs={Math.floor(range.fromMs / stepMs) * stepMs}
          stepMs={stepMs}
          zone={zone}
          kind={chartOf({ chart, measure })}
          format={words.formatBucket}
          height={240}
        />
      </section>
      <Figured lines={lines} data={data} hasBefore={before !== null} before={before} />
    </>
  );
}

interface FiguredProps {
  readonly lines: readonly ExploreLine[];
  readonly data: TopResponse;
  readonly hasBefore: boolean;
  readonly before: TopResponse | null;
}

const figureNames = ['min', 'avg', 'p95', 'max'] as const satisfies readonly (keyof Figures)[];

function Figured({ lines, data: { measure, by, total }, hasBefore, before }: FiguredProps): ReactNode {
  const words = measureWords[measure];
  const earlier = new Map(before?.groups.map((group) => [group.key.join('\n'), group.value]));
  const heading = 'h-7 border-b border-line bg-sunken px-3 text-2xs font-medium text-ink-soft';
  return (
    <table aria-label={`${words.name} by ${dimensionName(by)}`} className="w-full border-collapse text-xs">
      <thead>
        <tr>
          <th scope="col" className={classes(heading, 'text-left')}>
            {dimensionName(by)}
          </th>
          {figureNames.map((name) => (
            <th key={name} scope="col" className={classes(heading, 'w-28 text-right')}>
              {name}
            </th>
          ))}
          <th scope="col" className={classes(heading, 'w-28 text-right')}>
            {isStackable(measure) ? 'total' : 'range'}
          </th>
          {hasBefore && (
            <th scope="col" className={classes(heading, 'w-28 text-right')}>
              before
            </th>
          )}
          {isStackable(measure) && (
            <th scope="col" className={classes(heading, 'w-20 text-right')}>
              share
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => {
          const figures = figuresOf(line.values);
          const filter = line.group === null ? null : keyFilter(line.group.key, by);
          const known = line.group === null ? undefined : earlier.get(line.group.key.join('\n'));
          return (
            <tr key={line.name} className="h-7 border-b border-line/60 hover:bg-hover">
              <td className="max-w-0 truncate px-3">
                <span className="flex items-center gap-2">
                  <span
                    aria-hidden
                    className="size-2.5 shrink-0 rounded-sm"
                    style={{ background: `var(--chart-${line.tone})` }}
                  />
                  <span className="min-w-0 truncate" title={line.name}>
                    {filter === null ? line.name : <ValueMenu text={line.name} term={filter} />}
                  </span>
                </span>
              </td>
              {figureNames.map((name) => (
                <td key={name} className="px-3 text-right text-ink-soft">
                  {figures === null ? '' : words.formatBucket(figures[name])}
                </td>
              ))}
              <td className="px-3 text-right font-medium">{words.format(line.total)}</td>
              {hasBefore && (
                <td className="px-3 text-right text-ink-soft">{known === undefined ? '' : words.format(known)}</td>
              )}
              {isStackable(measure) && (
                <td className="px-3 text-right text-ink-soft">{formatShare(line.total, total.value)}</td>
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function ExploreSkeleton(): ReactNode {
  return (
    <div role="status" aria-label="Loading" className="space-y-3 px-4 py-3">
      <span className="skeleton block h-69" />
      {Array.from({ length: 8 }, (_, index) => (
        <span key={index} className="skeleton block h-4" />
      ))}
    </div>
  );
}
