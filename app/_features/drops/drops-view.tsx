/** The Drops view: an inbox of problems, the one that is open at the right, and its flows below. */
'use client';

import { parseAsBoolean, parseAsString, useQueryState } from 'nuqs';
import { useState, type ReactNode } from 'react';

import type { Flow } from '../../../model/api.ts';
import { Button } from '../../_components/button.tsx';
import { Message, Problem } from '../../_components/message.tsx';
import { Resizable } from '../../_components/resizable.tsx';
import { formatCount, plural } from '../../_viz/format/quantities.ts';
import { AnswerProblem } from '../filter/answer-problem.tsx';
import { allOf } from '../filter/filter-text.ts';
import { FlowDetail } from '../flows/flow-detail.tsx';
import { FlowsDrawer } from '../flows/flows-drawer.tsx';
import { useEscape } from '../frame/use-escape.ts';
import { useReportEvidence } from '../health/shown-evidence.tsx';
import { useInvestigation } from '../url/investigation.ts';
import { useProblems, type Problems } from './drops-query.ts';
import { problemOrders, sortProblems, type ProblemGroup, type ProblemOrder } from './drop-groups.ts';
import { useKnownProblems } from './known-problems.ts';
import { ProblemList } from './problem-list.tsx';
import { ProblemPanel } from './problem-panel.tsx';
import { problemFilter, problemTitle } from './problem-words.ts';
import { ReasonTimeline } from './reason-timeline.tsx';

export function DropsView(): ReactNode {
  const problems = useProblems();
  const { filter } = useInvestigation();
  const [openId, setOpenId] = useQueryState('problem', parseAsString.withOptions({ history: 'push' }));
  const [flow, setFlow] = useState<Flow | null>(null);
  const { evidence, updatedMs, isStale, error } = problems;
  useReportEvidence({ evidence, updatedMs, isStale, hasFailed: error !== null });
  const open = (id: string | null): void => {
    setFlow(null);
    void setOpenId(id);
  };
  useEscape(openId !== null || flow !== null, () => (flow === null ? open(null) : setFlow(null)));
  const group = [...(problems.drops ?? []), ...(problems.connects ?? [])].find((item) => item.id === openId) ?? null;
  return (
    <div className="flex h-full min-h-0">
      <div className="flex min-w-0 flex-1 flex-col">
        <div className="min-h-0 flex-1 overflow-y-auto bg-surface">
          <Inbox problems={problems} openId={openId} onOpen={open} />
        </div>
        {group !== null && (
          <FlowsDrawer
            title={`Flows: ${problemTitle(group)}`}
            filter={allOf(filter, problemFilter(group))}
            open={flow}
            onOpen={setFlow}
          />
        )}
      </div>
      {group !== null && (
        <Resizable name="panel" label="Width of the panel" side="left" initial={360} min={300} max={560}>
          {flow === null ? (
            <ProblemPanel group={group} nowMs={updatedMs} onClose={() => open(null)} />
          ) : (
            <FlowDetail flow={flow} onClose={() => setFlow(null)} />
          )}
        </Resizable>
      )}
    </div>
  );
}

interface InboxProps {
  readonly problems: Problems;
  readonly openId: string | null;
  readonly onOpen: (id: string) => void;
}

function Inbox({ problems, openId, onOpen }: InboxProps): ReactNode {
  const { drops, connects, error, connectsError, updatedMs, retry } = problems;
  const [order, setOrder] = useState<ProblemOrder>('worst');
  const known = useKnownProblems();
  const { filter } = useInvestigation();
  const [hidesKnown, setHidesKnown] = useQueryState('hide-known', parseAsBoolean.withDefault(false));
  const knownCount = (drops ?? []).filter(({ id }) => known.has(id)).length;
  const worthShowing = (groups: readonly ProblemGroup[]): readonly ProblemGroup[] =>
    hidesKnown ? groups.filter(({ id }) => !known.has(id)) : groups;
  const attempts = (connects ?? []).reduce((sum, group) => sum + group.count, 0);
  return (
    <>
      <Part
        title="Dropped packets"
        says={dropsWords(problems)}
        tools={
          <>
            <span className="flex-1" />
            {knownCount > 0 && (
              <Button
                size="small"
                isOn={hidesKnown}
                aria-pressed={hidesKnown}
                onClick={() => void setHidesKnown(!hidesKnown)}
              >
                Hide {plural(knownCount, 'known problem')}
              </Button>
            )}
            <OrderChoice order={order} onChoose={setOrder} />
          </>
        }
      >
        <ReasonTimeline />
        {drops === undefined ? (
          error === null ? (
            <InboxSkeleton />
          ) : (
            <AnswerProblem title="The drops could not be read" error={error} filter={filter} onRetry={retry} />
          )
        ) : drops.length === 0 ? (
          <Message title="Nothing was dropped">
            No packet was dropped in this range within the filter. The line above says what share of it was seen.
          </Message>
        ) : (
          <ProblemList
            groups={sortProblems(worthShowing(drops), order)}
            openId={openId}
            nowMs={updatedMs}
            onOpen={onOpen}
          />
        )}
      </Part>
      <Part
        title="Failed connects"
        says={
          connects === undefined
            ? ''
            : `${plural(connects.length, 'problem')}, ${plural(attempts, 'attempt')}${problems.isConnectsCut ? ' among the newest 500 rows' : ''}`
        }
      >
        {connects === undefined ? (
          connectsError === null ? (
            <InboxSkeleton />
          ) : (
            <Problem title="The failed connects could not be read" error={connectsError} onRetry={retry} />
          )
        ) : connects.length === 0 ? (
          <p className="px-4 py-3 text-ink-faint">Every connection that was opened in this range came about.</p>
        ) : (
          <ProblemList groups={sortProblems(connects, order)} openId={openId} nowMs={updatedMs} onOpen={onOpen} />
        )}
      </Part>
    </>
  );
}

function dropsWords({ drops, totals, isDropsCut }: Problems): string {
  if (drops === undefined || totals === null) return '';
  const cut = isDropsCut ? ` of the largest groups among ${formatCount(totals.groups)}` : '';
  return `${plural(drops.length, 'problem')}${cut}, ${formatCount(totals.packets)} packets in all`;
}

const orderNames: Readonly<Record<ProblemOrder, string>> = {
  worst: 'New, then largest',
  latest: 'Last seen',
  newest: 'First seen',
};

function OrderChoice({ order, onChoose }: { order: ProblemOrder; onChoose: (order: ProblemOrder) => void }): ReactNode {
  return (
    <label className="flex items-center gap-2 text-xs text-ink-faint">
      Order
      <select
        value={order}
        onChange={({ target }) => onChoose(problemOrders.find((one) => one === target.value) ?? 'worst')}
        className="h-6 rounded-sm border border-line bg-surface px-1 text-ink"
      >
        {problemOrders.map((one) => (
          <option key={one} value={one}>
            {orderNames[one]}
          </option>
        ))}
      </select>
    </label>
  );
}

interface PartProps {
  readonly title: string;
  readonly says: string;
  readonly tools?: ReactNode;
  readonly children: ReactNode;
}

function Part({ title, says, tools, children }: PartProps): ReactNode {
  return (
    <section aria-label={title}>
      <header className="sticky top-0 z-10 flex h-9 items-center gap-3 border-b border-line bg-sunken px-4">
        <h2 className="text-xs font-semibold">{title}</h2>
        <p className="text-xs text-ink-faint">{says}</p>
        {tools}
      </header>
      {children}
    </section>
  );
}

function InboxSkeleton(): ReactNode {
  return (
    <div role="status" aria-label="Loading" className="divide-y divide-line">
      {Array.from({ length: 4 }, (_, index) => (
        <div key={index} className="flex h-14 items-center gap-3 px-4">
          <span className="skeleton size-4" />
          <span className="skeleton h-4 flex-1" />
          <span className="skeleton h-4 w-20" />
        </div>
      ))}
    </div>
  );
}
