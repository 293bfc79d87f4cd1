/** The Map view: the map, the panel of what is selected, and the drawer with its flows. */
'use client';

import { lazy, Suspense, useMemo, useState, type ReactNode } from 'react';

import type { Flow } from '../../../model/api.ts';
import { Button } from '../../_components/button.tsx';
import { Message } from '../../_components/message.tsx';
import { Resizable } from '../../_components/resizable.tsx';
import { useComparison, type Comparison } from '../compare/comparison-query.ts';
import { AnswerProblem } from '../filter/answer-problem.tsx';
import { allOf } from '../filter/filter-text.ts';
import { FlowsDrawer } from '../flows/flows-drawer.tsx';
import { useEscape } from '../frame/use-escape.ts';
import { useZone } from '../frame/zone.ts';
import { FirstRun } from '../health/first-run.tsx';
import { useHealth } from '../health/health-query.ts';
import { useReportEvidence } from '../health/shown-evidence.tsx';
import { EdgePanel } from '../selection/edge-panel.tsx';
import { NodePanel } from '../selection/node-panel.tsx';
import { PanelFrame } from '../selection/panel-frame.tsx';
import { selectionFilter, selectionWords } from '../selection/selection-filter.ts';
import { useInvestigation, type Selection } from '../url/investigation.ts';
import { MapNotice } from './map-notice.tsx';
import { useMapShape, type MapShape } from './map-shape.ts';
import { MapSkeleton } from './map-skeleton.tsx';
import { useMapAnswer, type MapAnswer } from './map-query.ts';
import { createPicture, type Picture } from './picture.ts';
import { SaveMenu } from './save-menu.tsx';
import { usePlaying, useReplay, type Replay } from './replay.ts';
import { ServiceMap } from './service-map.tsx';
import { ShapeBar } from './shape-bar.tsx';

/** Fetched with the first flow that is opened: the map itself needs none of it. */
const FlowDetail = lazy(() => import('../flows/flow-detail.tsx').then((module) => ({ default: module.FlowDetail })));

/** Fetched when the map is first shown so. */
const EdgeList = lazy(() => import('./edge-list.tsx').then((module) => ({ default: module.EdgeList })));
const AdjacencyMatrix = lazy(() =>
  import('./adjacency-matrix.tsx').then((module) => ({ default: module.AdjacencyMatrix })),
);

/** Fetched when a map is first compared. */
const ComparisonPanel = lazy(() =>
  import('../compare/comparison-panel.tsx').then((module) => ({ default: module.ComparisonPanel })),
);

export function MapView(): ReactNode {
  const [shape, setShape] = useMapShape();
  const { filter, range } = useInvestigation();
  const { replay, slice, start } = useReplay(range);
  const answer = useMapAnswer(shape, slice);
  usePlaying(replay, !answer.isStale);
  const { data: health } = useHealth();
  const { data, error, updatedMs, isStale, grouping } = answer;
  const comparison = useComparison(data, filter);
  const diff = comparison?.diff ?? null;
  const picture = useMemo(
    () => (data === undefined ? null : createPicture(data, diff, shape !== 'map')),
    [data, diff, shape],
  );
  useReportEvidence({ evidence: data?.evidence ?? null, updatedMs, isStale, hasFailed: error !== null, grouping });
  if (health?.newestFlowMs === null && (data === undefined || data.nodes.length === 0))
    return <FirstRun health={health} />;
  if (picture === null) return error === null ? <MapSkeleton /> : <MapProblem error={error} onRetry={answer.retry} />;
  const nowMs = data?.range.toMs ?? 0;
  const onReplay = (): void => {
    if (data !== undefined) start(data.range);
  };
  const props = { answer, picture, comparison, shape, nowMs, replay, onReplay, onShape: setShape };
  return <MapWithPanels {...props} />;
}

interface MapWithPanelsProps {
  readonly answer: MapAnswer;
  readonly picture: Picture;
  readonly comparison: Comparison | null;
  readonly shape: MapShape;
  readonly nowMs: number;
  readonly replay: Replay | null;
  readonly onReplay: () => void;
  readonly onShape: (shape: MapShape) => void;
}

function MapWithPanels(props: MapWithPanelsProps): ReactNode {
  const { answer, picture, comparison, shape, nowMs, replay, onReplay, onShape } = props;
  const { selection, select, filter } = useInvestigation();
  const [zone] = useZone();
  const about =
    answer.data === undefined ? null : { response: answer.data, before: comparison?.diff?.before ?? null, zone };
  const [flow, setFlow] = useState<Flow | null>(null);
  const [typed, setTyped] = useState('');
  useEscape(flow !== null, () => setFlow(null));
  const flows = selectionFilter(selection);
  const change = (next: Selection | null): void => {
    setFlow(null);
    select(next);
  };
  const panelOf = (lead: ReactNode): ReactNode =>
    selection === null ? null : (
      <SelectionPanel selection={selection} picture={picture} nowMs={nowMs} onSelect={change} lead={lead} />
    );
  return (
    <div className="flex h-full min-h-0">
      <div className="flex min-w-0 flex-1 flex-col">
        <ShapeBar shape={shape} onShape={onShape} typed={typed} onType={setTyped} replay={replay} onReplay={onReplay} />
        <div className="relative min-h-0 flex-1">
          <MapNotice answer={answer} picture={picture} isLow={shape !== 'map'} />
          {picture.nodes.size === 0 && replay !== null ? (
            <Message title="Nothing in this slice">Nothing was recorded between these two moments. Step on.</Message>
          ) : picture.nodes.size === 0 ? (
            <EmptyMap />
          ) : shape === 'map' ? (
            <ServiceMap
              picture={picture}
              selection={selection}
              isStale={answer.isStale && replay?.isPlaying !== true}
              grouping={answer.grouping}
              onSelect={change}
              menu={(layout) => (about === null ? null : <SaveMenu about={about} picture={picture} layout={layout} />)}
            />
          ) : (
            <Suspense fallback={<PanelSkeleton />}>
              {shape === 'list' ? (
                <EdgeList picture={picture} typed={typed} selection={selection} onSelect={change} />
              ) : (
                <AdjacencyMatrix picture={picture} typed={typed} selection={selection} onSelect={change} />
              )}
            </Suspense>
          )}
        </div>
        {selection !== null && flows !== '' && (
          <FlowsDrawer
            title={`Flows of ${selectionWords(selection)}`}
            filter={allOf(filter, flows)}
            open={flow}
            onOpen={setFlow}
          />
        )}
      </div>
      {(selection !== null || comparison !== null) && (
        <Resizable name="panel" label="Width of the panel" side="left" initial={360} min={300} max={560}>
          <Suspense fallback={<PanelSkeleton />}>
            {flow !== null ? (
              <FlowDetail flow={flow} onClose={() => setFlow(null)} />
            ) : comparison !== null ? (
              <ComparisonPanel
                comparison={comparison}
                picture={picture}
                selection={selection}
                onSelect={change}
                panel={panelOf}
              />
            ) : (
              panelOf(null)
            )}
          </Suspense>
        </Resizable>
      )}
    </div>
  );
}

function PanelSkeleton(): ReactNode {
  return (
    <div role="status" aria-label="Loading the panel" className="h-full space-y-3 border-l border-line bg-surface p-4">
      <span className="skeleton block h-5 w-40" />
      <span className="skeleton block h-24" />
      <span className="skeleton block h-48" />
    </div>
  );
}

interface SelectionPanelProps {
  readonly selection: Selection;
  readonly picture: Picture;
  readonly nowMs: number;
  readonly onSelect: (selection: Selection | null) => void;
  /** What stands above all else in the panel. */
  readonly lead: ReactNode;
}

function SelectionPanel({ selection, picture, nowMs, onSelect, lead }: SelectionPanelProps): ReactNode {
  const onClose = (): void => onSelect(null);
  const frame = (says: string): ReactNode => (
    <PanelFrame label="Selection" title={selectionWords(selection)} onClose={onClose}>
      {lead}
      <p className="px-4 text-ink-soft">{says}</p>
    </PanelFrame>
  );
  if (selection.kind === 'node') {
    const item = picture.nodes.get(selection.id);
    if (item?.change === 'gone') return frame(goneWords);
    if (item !== undefined) {
      const onSelectEdge = ({ edge }: { edge: { source: string; destination: string } }): void =>
        onSelect({ kind: 'edge', source: edge.source, destination: edge.destination });
      return <NodePanel item={item} picture={picture} onSelectEdge={onSelectEdge} onClose={onClose} lead={lead} />;
    }
  } else {
    const item = [...picture.edges.values()].find(
      ({ edge }) => edge.source === selection.source && edge.destination === selection.destination,
    );
    if (item?.mark?.change === 'gone') return frame(goneWords);
    if (item !== undefined) {
      const onSelectNode = (id: string): void => onSelect({ kind: 'node', id });
      return (
        <EdgePanel
          item={item}
          picture={picture}
          nowMs={nowMs}
          onSelectNode={onSelectNode}
          onClose={onClose}
          lead={lead}
        />
      );
    }
  }
  return frame('Not on the map in this range, with this filter and grouping. Its flows, if there are any, are below.');
}

const goneWords = 'None of it in this range: it is drawn where it would stand.';

function EmptyMap(): ReactNode {
  const { filter, setFilter, range, showPreset } = useInvestigation();
  return (
    <Message
      title={filter === '' ? 'No traffic in this range' : 'Nothing passes the filter'}
      actions={
        <>
          {filter !== '' && <Button onClick={() => setFilter('')}>Clear the filter</Button>}
          {!(range.kind === 'relative' && range.preset === '24h') && (
            <Button onClick={() => showPreset('24h')}>Show the last 24 h</Button>
          )}
        </>
      }
    >
      {filter === ''
        ? 'Nothing was recorded between these two times. A longer range may have more.'
        : 'There is traffic only outside the filter, or outside this range.'}
    </Message>
  );
}

function MapProblem({ error, onRetry }: { error: Error; onRetry: () => void }): ReactNode {
  const { filter, setFilter } = useInvestigation();
  return (
    <AnswerProblem
      title="The map could not be read"
      error={error}
      filter={filter}
      onRetry={onRetry}
      actions={<Button onClick={() => setFilter('')}>Clear the filter</Button>}
    />
  );
}
