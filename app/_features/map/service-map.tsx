/** The map itself: boxes, edges and cards on one layer that pans and zooms, walked by arrow keys. */
'use client';

import {
  memo,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  type ReactNode,
} from 'react';

import type { MapLayout } from '../../_viz/layout/layout-map.ts';
import type { Rect } from '../../_viz/layout/metrics.ts';
import { pointsOf } from '../../_viz/layout/route-edges.ts';
import type { Selection } from '../url/investigation.ts';
import { EdgeButtons } from './edge-buttons.tsx';
import { EdgeCanvas } from './edge-canvas.tsx';
import { createEdgeHits } from './edge-hits.ts';
import { EdgeOverlay } from './edge-overlay.tsx';
import { MapControls } from './map-controls.tsx';
import { MapSkeleton } from './map-skeleton.tsx';
import { MapTable } from './map-table.tsx';
import { neighbourhood } from './neighbourhood.ts';
import { NodeCard } from './node-card.tsx';
import type { Picture } from './picture.ts';
import { createPointing } from './pointing.ts';
import { useCardMarks } from './use-card-marks.ts';
import { useMapLayout } from './use-map-layout.ts';
import { useMapZoom } from './use-map-zoom.ts';
import { isArrowKey, walk, type Focus } from './walk.ts';

interface ServiceMapProps {
  readonly picture: Picture;
  readonly selection: Selection | null;
  readonly isStale: boolean;
  readonly onSelect: (selection: Selection | null) => void;
}

/** How near to an edge, in pixels of the screen, the pointer is on it. */
const reach = 7;

export function ServiceMap(props: ServiceMapProps): ReactNode {
  const { picture, layout, epoch, tidy } = useMapLayout(props.picture);
  if (layout === null) return <MapSkeleton />;
  return <LaidOutMap {...props} picture={picture} layout={layout} epoch={epoch} onTidy={tidy} />;
}

interface LaidOutMapProps extends ServiceMapProps {
  readonly layout: MapLayout;
  readonly epoch: number;
  readonly onTidy: () => void;
}

function LaidOutMap({ picture, selection, isStale, onSelect, layout, epoch, onTidy }: LaidOutMapProps): ReactNode {
  const { viewport, layer, zoom } = useMapZoom(layout.bounds, epoch);
  const [pointing] = useState(createPointing);
  const cards = useRef<HTMLDivElement>(null);
  const [visited, setVisited] = useState<Focus | null>(null);
  const [focusedEdge, setFocusedEdge] = useState<string | null>(null);
  const hits = useMemo(() => createEdgeHits(layout.routes), [layout]);
  const selected = useMemo(() => focusOf(selection, picture), [selection, picture]);
  const kept = useMemo(() => neighbourhood(selected, picture), [selected, picture]);
  useCardMarks({ cards, picture, pointing, kept, drawn: layout });
  const tabStop = existing(visited, picture) ?? selected ?? firstCard(layout);

  const selectNode = useCallback((id: string) => onSelect({ kind: 'node', id }), [onSelect]);
  const selectEdge = useCallback(
    (id: string) => {
      const edge = picture.edges.get(id)?.edge;
      if (edge !== undefined) onSelect({ kind: 'edge', source: edge.source, destination: edge.destination });
    },
    [onSelect, picture],
  );
  const pointNode = useCallback(
    (id: string | null) => pointing.point(id === null ? null : { kind: 'node', id }),
    [pointing],
  );

  const { reveal } = zoom;
  useEffect(() => {
    const rect = selected === null ? null : rectOf(selected, layout);
    if (rect !== null) reveal(rect);
    // Only a new selection moves the view, not every answer.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [selection]);

  const edgeAt = (event: MouseEvent<HTMLDivElement>): string | null => {
    // Cards and edges' buttons answer for themselves.
    if (event.target !== event.currentTarget) return null;
    const { x, y, k } = zoom.view();
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return hits.at((event.clientX - left - x) / k, (event.clientY - top - y) / k, reach / k);
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.buttons !== 0 || event.target !== event.currentTarget) return;
    const id = edgeAt(event);
    event.currentTarget.toggleAttribute('data-on-edge', id !== null);
    pointing.point(id === null ? null : { kind: 'edge', id });
  };

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '+' || event.key === '=') zoom.zoomBy(1.3);
    else if (event.key === '-') zoom.zoomBy(1 / 1.3);
    else if (event.key === '0') zoom.showAll();
    else if (isArrowKey(event.key) && tabStop !== null) {
      event.preventDefault();
      const edges = new Map([...picture.edges].map(([id, item]) => [id, item.edge]));
      const next = walk(tabStop, event.key, edges, layout);
      setVisited(next);
      const rect = rectOf(next, layout);
      if (rect !== null) zoom.reveal(rect);
      focusOn(viewport.current, next);
    }
  };

  return (
    <div className="relative h-full min-w-0">
      <div
        ref={viewport}
        role="application"
        aria-label="Service map. Arrow keys walk along its edges, Enter opens."
        className="absolute inset-0 cursor-grab touch-none overflow-clip active:cursor-grabbing data-on-edge:cursor-pointer"
        onKeyDown={onKeyDown}
        onPointerMove={onPointerMove}
        onPointerLeave={() => pointing.point(null)}
        onClick={(event) => {
          if (event.target !== event.currentTarget) return;
          const id = edgeAt(event);
          if (id === null) onSelect(null);
          else selectEdge(id);
        }}
      >
        <div
          ref={layer}
          className={`map-layer pointer-events-none absolute top-0 left-0 origin-top-left transition-opacity ${isStale ? 'opacity-55' : ''}`}
        >
          <Boxes picture={picture} layout={layout} />
          <EdgeCanvas picture={picture} layout={layout} zoom={zoom} kept={kept?.edges ?? null} />
          <div ref={cards} className="group/cards pointer-events-auto relative z-10">
            {[...picture.nodes.values()].map((item) => {
              const rect = layout.cards.get(item.node.id);
              if (rect === undefined) return null;
              return (
                <NodeCard
                  key={item.node.id}
                  item={item}
                  rect={rect}
                  isSelected={selected?.kind === 'node' && selected.id === item.node.id}
                  isTabStop={tabStop?.kind === 'node' && tabStop.id === item.node.id}
                  onSelect={selectNode}
                  onPoint={pointNode}
                />
              );
            })}
          </div>
          <EdgeOverlay
            picture={picture}
            layout={layout}
            pointing={pointing}
            kept={kept?.edges ?? null}
            selectedId={selected?.kind === 'edge' ? selected.id : null}
            focusedId={focusedEdge}
          />
        </div>
        <EdgeButtons
          picture={picture}
          selectedId={selected?.kind === 'edge' ? selected.id : null}
          tabStopId={tabStop?.kind === 'edge' ? tabStop.id : null}
          onSelect={selectEdge}
          onFocus={setFocusedEdge}
        />
      </div>
      <MapControls zoom={zoom} onTidy={onTidy} />
      <MapTable picture={picture} />
    </div>
  );
}

const Boxes = memo(function Boxes({ picture, layout }: { picture: Picture; layout: MapLayout }): ReactNode {
  return [...layout.boxes].map(([id, rect]) => (
    <div
      key={id}
      className="absolute rounded-md border border-box-line bg-box"
      style={{ left: rect.x, top: rect.y, width: rect.width, height: rect.height }}
    >
      <p className="truncate px-4 pt-2 text-xs font-medium text-ink-faint">{picture.boxes.get(id)}</p>
    </div>
  ));
});

/** The element is found by its mark, which may hold any character. */
function focusOn(viewport: HTMLElement | null, focus: Focus): void {
  const wanted = `${focus.kind} ${focus.id}`;
  for (const element of viewport?.querySelectorAll<HTMLElement | SVGElement>('[data-focus]') ?? []) {
    if (element.dataset['focus'] === wanted) element.focus({ preventScroll: true });
  }
}

function focusOf(selection: Selection | null, picture: Picture): Focus | null {
  if (selection === null) return null;
  if (selection.kind === 'node') return picture.nodes.has(selection.id) ? selection : null;
  for (const [id, { edge }] of picture.edges) {
    if (edge.source === selection.source && edge.destination === selection.destination) return { kind: 'edge', id };
  }
  return null;
}

function existing(focus: Focus | null, picture: Picture): Focus | null {
  if (focus === null) return null;
  return (focus.kind === 'node' ? picture.nodes : picture.edges).has(focus.id) ? focus : null;
}

function firstCard(layout: MapLayout): Focus | null {
  const [first] = [...layout.cards].sort(([, a], [, b]) => a.x - b.x || a.y - b.y);
  return first === undefined ? null : { kind: 'node', id: first[0] };
}

function rectOf(focus: Focus, layout: MapLayout): Rect | null {
  if (focus.kind === 'node') return layout.cards.get(focus.id) ?? null;
  const samples = pointsOf(layout.routes.get(focus.id));
  if (samples.length === 0) return null;
  const xs = samples.map((point) => point.x);
  const ys = samples.map((point) => point.y);
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}
