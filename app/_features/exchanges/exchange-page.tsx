/**
 * A page about what was asked and answered: the finding in one line, the golden signals over time, the table, and for the
 * row that is open its panel and its flows. What the rows are is said by the page that uses it.
 */
'use client';

import { parseAsString, useQueryState } from 'nuqs';
import { useState, type ReactNode } from 'react';

import type { Evidence, ExchangeOrder, Flow } from '../../../model/api.ts';
import { classes } from '../../_components/classes.ts';
import { Message } from '../../_components/message.tsx';
import { Resizable } from '../../_components/resizable.tsx';
import { formatCount, formatMilliseconds, formatRate, formatShare } from '../../_viz/format/quantities.ts';
import { AnswerProblem } from '../filter/answer-problem.tsx';
import { allOf } from '../filter/filter-text.ts';
import { FlowDetail } from '../flows/flow-detail.tsx';
import { FlowsDrawer } from '../flows/flows-drawer.tsx';
import { useEscape } from '../frame/use-escape.ts';
import { FirstRun } from '../health/first-run.tsx';
import { useHealth } from '../health/health-query.ts';
import { useReportEvidence } from '../health/shown-evidence.tsx';
import { FactGrid, Section, ShareList, type ShareItem } from '../selection/facts.tsx';
import { PanelFrame } from '../selection/panel-frame.tsx';
import { WaysOn } from '../selection/ways-on.tsx';
import { SignalCharts } from '../series/signal-charts.tsx';
import { useSeries } from '../series/series-query.ts';
import { useInvestigation } from '../url/investigation.ts';
import { ExchangeTable, type Column } from './exchange-table.tsx';
import { failedOf, type Exchange, type Finding } from './exchange-words.ts';

export interface ExchangeRows<T> {
  /** Undefined until the first answer. */
  readonly rows: readonly T[] | undefined;
  readonly finding: Finding | null;
  readonly groups: number;
  readonly evidence: Evidence | null;
  readonly error: Error | null;
  readonly updatedMs: number;
  readonly isStale: boolean;
  readonly retry: () => void;
}

export interface ExchangeKind<T> {
  /** "routes", "names". */
  readonly what: string;
  /** The filter that makes the charts about the same as the table. */
  readonly scope: string;
  readonly empty: string;
  readonly columns: readonly Column<T>[];
  readonly idOf: (row: T) => string;
  readonly titleOf: (row: T) => string;
  readonly filterOf: (row: T) => string;
  readonly answersOf: (row: T) => readonly ShareItem[];
}

interface ExchangePageProps<T> {
  readonly kind: ExchangeKind<T>;
  readonly answer: ExchangeRows<T>;
  readonly order: ExchangeOrder;
  readonly onOrder: (order: ExchangeOrder) => void;
}

export function ExchangePage<T extends Exchange>({ kind, answer, order, onOrder }: ExchangePageProps<T>): ReactNode {
  const { filter } = useInvestigation();
  const { data: health } = useHealth();
  const [openId, setOpenId] = useQueryState('row', parseAsString.withOptions({ history: 'push' }));
  const [flow, setFlow] = useState<Flow | null>(null);
  const series = useSeries(allOf(filter, kind.scope));
  const { rows, evidence, updatedMs, isStale, error } = answer;
  useReportEvidence({ evidence, updatedMs, isStale, hasFailed: error !== null });
  const open = (id: string | null): void => {
    setFlow(null);
    void setOpenId(id);
  };
  useEscape(openId !== null || flow !== null, () => (flow === null ? open(null) : setFlow(null)));
  if (health?.newestFlowMs === null) return <FirstRun health={health} />;
  const row = rows?.find((item) => kind.idOf(item) === openId) ?? null;
  return (
    <div className="flex h-full min-h-0">
      <div className="flex min-w-0 flex-1 flex-col bg-surface">
        <FindingLine finding={answer.finding} isFailed={error !== null} />
        <section aria-label="Over time" className="shrink-0 border-b border-line">
          <SignalCharts answer={series} look="band" isOfRequests />
        </section>
        <div
          className={classes('min-h-0 flex-1 overflow-auto', isStale && 'opacity-55')}
          tabIndex={0}
          role="region"
          aria-label={kind.what}
        >
          {rows === undefined ? (
            error === null ? (
              <TableSkeleton />
            ) : (
              <AnswerProblem
                title={`The ${kind.what} could not be read`}
                error={error}
                filter={filter}
                onRetry={answer.retry}
              />
            )
          ) : rows.length === 0 ? (
            <Message title={`No ${kind.what} in this range`}>{kind.empty}</Message>
          ) : (
            <>
              <ExchangeTable
                label={kind.what}
                rows={rows}
                columns={kind.columns}
                idOf={kind.idOf}
                openId={openId}
                onOpen={open}
                order={order}
                onOrder={onOrder}
              />
              {rows.length < answer.groups && (
                <p className="px-3 py-2 text-xs text-ink-faint">
                  {formatCount(rows.length)} of {formatCount(answer.groups)} {kind.what} are shown, the first in this
                  order. Narrow the filter for the others.
                </p>
              )}
            </>
          )}
        </div>
        {row !== null && (
          <FlowsDrawer
            title={`Flows: ${kind.titleOf(row)}`}
            filter={allOf(filter, kind.filterOf(row))}
            open={flow}
            onOpen={setFlow}
          />
        )}
      </div>
      {(row !== null || flow !== null) && (
        <Resizable name="panel" label="Width of the panel" side="left" initial={360} min={300} max={560}>
          {flow !== null ? (
            <FlowDetail flow={flow} onClose={() => setFlow(null)} />
          ) : (
            row !== null && <RowPanel row={row} kind={kind} onClose={() => open(null)} />
          )}
        </Resizable>
      )}
    </div>
  );
}

function FindingLine({ finding, isFailed }: { finding: Finding | null; isFailed: boolean }): ReactNode {
  return (
    <div
      role="status"
      className={classes(
        'flex h-9 shrink-0 items-center gap-2 border-b border-line px-4',
        finding?.tone === 'warm' && 'bg-warm-soft',
      )}
    >
      {finding === null ? (
        !isFailed && <span className="skeleton h-4 w-96" />
      ) : (
        <>
          <span className={classes('shrink-0 font-semibold', finding.tone === 'warm' && 'text-warm')}>
            {finding.headline}
          </span>
          <span className="truncate text-ink-soft" title={finding.detail}>
            {finding.detail}
          </span>
        </>
      )}
    </div>
  );
}

interface RowPanelProps<T> {
  readonly row: T;
  readonly kind: ExchangeKind<T>;
  readonly onClose: () => void;
}

function RowPanel<T extends Exchange>({ row, kind, onClose }: RowPanelProps<T>): ReactNode {
  const { filter } = useInvestigation();
  const own = kind.filterOf(row);
  const series = useSeries(allOf(filter, own));
  const title = kind.titleOf(row);
  const answers = kind.answersOf(row);
  const { source, destination, latencyMs } = row;
  return (
    <PanelFrame label={title} title={title} subtitle={`${source.name} → ${destination.name}`} onClose={onClose}>
      <div className="space-y-3 px-4 pb-3">
        <FactGrid
          facts={[
            { name: 'Requests', value: formatRate(row.perSecond, 1) },
            {
              name: 'Failed',
              value: formatShare(failedOf(row), row.requests),
              ...(failedOf(row) > 0 ? { tone: 'warm' as const } : {}),
            },
            { name: 'Unanswered', value: formatCount(row.unanswered) },
            ...(latencyMs === null
              ? []
              : (['p50', 'p95', 'p99'] as const).map((name) => ({ name, value: formatMilliseconds(latencyMs[name]) }))),
          ]}
        />
        <WaysOn source={source.id} destination={destination.id} filter={own} without={['row', 'order']} />
      </div>
      <Section title="Over time">
        <SignalCharts answer={series} look="panel" isOfRequests />
      </Section>
      {answers.length > 0 && (
        <Section title="Answers">
          <ShareList items={answers} />
        </Section>
      )}
    </PanelFrame>
  );
}

function TableSkeleton(): ReactNode {
  return (
    <div role="status" aria-label="Loading">
      {Array.from({ length: 12 }, (_, index) => (
        <div key={index} className="flex h-7 items-center gap-6 border-b border-line/60 px-3">
          <span className="skeleton h-3 flex-1" />
          <span className="skeleton h-3 w-16" />
          <span className="skeleton h-3 w-16" />
          <span className="skeleton h-3 w-16" />
        </div>
      ))}
    </div>
  );
}
