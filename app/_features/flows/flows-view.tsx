/** The Flows view: the table over the whole width, one flow's fields at the right. */
'use client';

import { X } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import type { Flow } from '../../../model/api.ts';
import { Button } from '../../_components/button.tsx';
import { Resizable } from '../../_components/resizable.tsx';
import { allOf } from '../filter/filter-text.ts';
import { FirstRun } from '../health/first-run.tsx';
import { useHealth } from '../health/health-query.ts';
import { selectionFilter, selectionWords } from '../selection/selection-filter.ts';
import { useEscape } from '../frame/use-escape.ts';
import { useInvestigation } from '../url/investigation.ts';
import { FlowTable } from './flow-table.tsx';

import { FlowDetail } from './flow-detail.tsx';

export function FlowsView(): ReactNode {
  const { filter, selection, select } = useInvestigation();
  const { data: health } = useHealth();
  const [flow, setFlow] = useState<Flow | null>(null);
  useEscape(flow !== null, () => setFlow(null));
  if (health?.newestFlowMs === null) return <FirstRun health={health} />;
  return (
    <div className="flex h-full min-h-0">
      <div className="flex min-w-0 flex-1 flex-col">
        {selection !== null && (
          <div className="flex h-9 shrink-0 items-center gap-2 border-b border-line bg-surface px-3 text-xs">
            <span className="text-ink-faint">Only flows of</span>
            <span className="flex items-center gap-1 rounded-md bg-accent-soft py-0.5 pr-0.5 pl-2 font-medium text-accent">
              {selectionWords(selection)}
              <Button
                look="ghost"
                size="small"
                className="size-5 px-0"
                aria-label="Show all flows"
                onClick={() => select(null)}
              >
                <X aria-hidden className="size-3.5" />
              </Button>
            </span>
          </div>
        )}
        <div className="min-h-0 flex-1">
          <FlowTable filter={allOf(filter, selectionFilter(selection))} open={flow} onOpen={setFlow} isView />
        </div>
      </div>
      {flow !== null && (
        <Resizable name="panel" label="Width of the panel" side="left" initial={360} min={300} max={560}>
          <FlowDetail flow={flow} onClose={() => setFlow(null)} />
        </Resizable>
      )}
    </div>
  );
}
