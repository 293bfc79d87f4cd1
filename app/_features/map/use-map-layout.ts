/**
 * Lays the map out when its topology or a pin changes, and only then: new numbers on the same edges move nothing. Starts from the
 * places of the previous picture, also of the one before the reader went to another view. A small map is laid out at
 * once; a large one in a worker, and the previous picture stays until the new one is there.
 */
'use client';

import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';

import type { LayoutEdge, LayoutNode } from '../../_viz/layout/graph.ts';
import { layoutMap, type MapLayout } from '../../_viz/layout/layout-map.ts';
import { columnX, metrics, overlaps } from '../../_viz/layout/metrics.ts';
import type { LayoutAnswer, LayoutQuestion } from '../../_viz/layout/layout.worker.ts';
import { bytesOf } from './edge-facts.ts';
import type { Picture } from './picture.ts';
import { printPins, type Pins } from './pins.ts';

/** Up to here a layout takes less than a frame or two. */
const fewEdges = 60;

/**
 * Where cards stand, and where those that left stood last: they return there. Outlives the map while the reader looks at
 * another view.
 */
let remembered: MapLayout['places'] = new Map();
/** Several maps' worth; then only what stands now is remembered. */
const mostRemembered = 1_500;

interface Kept {
  readonly topology: string;
  /** What was laid out. */
  readonly picture: Picture | null;
  readonly layout: MapLayout | null;
  /** When the last pin is gone, everything is laid out afresh. */
  readonly hasPins: boolean;
  /** Rises when everything was laid out afresh and the view should be fitted again. */
  readonly epoch: number;
}

interface MapLayoutState {
  /** The one that the layout belongs to: the previous one while a new one is laid out. */
  readonly picture: Picture;
  /** Null until the first layout of a large map. */
  readonly layout: MapLayout | null;
  readonly epoch: number;
  readonly tidy: () => void;
}

export function useMapLayout(picture: Picture, pins: Pins): MapLayoutState {
  const topology = useMemo(() => `${topologyOf(picture)}\n${printPins(pins)}`, [picture, pins]);
  const [kept, setKept] = useState<Kept>(() => ({
    topology: '',
    picture: null,
    layout: null,
    hasPins: false,
    epoch: 0,
  }));
  const askWorker = useLayoutWorker();
  const isSmall = picture.edges.size <= fewEdges;

  const take = (layout: MapLayout): void =>
    setKept((before) => ({
      topology,
      picture,
      layout,
      hasPins: pins.size > 0,
      epoch: layout.isKept && before.layout !== null ? before.epoch : before.epoch + 1,
    }));
  const isReset = kept.hasPins && pins.size === 0;
  let { layout, epoch } = kept;
  if (kept.topology !== topology && isSmall) {
    layout = layoutNow(graphOf(picture), isReset ? new Map() : remembered, pins);
    epoch = layout.isKept && kept.layout !== null ? kept.epoch : kept.epoch + 1;
    setKept({ topology, picture, layout, hasPins: pins.size > 0, epoch });
  }
  const ask = useEffectEvent(() => askWorker(graphOf(picture), isReset ? new Map() : remembered, pins, take));
  useEffect(() => {
    if (!isSmall) ask();
  }, [topology, isSmall]);
  useEffect(() => {
    if (layout === null) return;
    remembered = withDeparted(layout, layout.isKept ? remembered : new Map());
  }, [layout]);

  const tidy = (): void => {
    if (isSmall) take(layoutNow(graphOf(picture), new Map(), pins));
    else askWorker(graphOf(picture), new Map(), pins, take);
  };
  const isLaidOut = isSmall || kept.topology === topology;
  return { picture: isLaidOut ? picture : (kept.picture ?? picture), layout, epoch, tidy };
}

interface MapGraph {
  readonly nodes: readonly LayoutNode[];
  readonly edges: readonly LayoutEdge[];
}

type AskWorker = (graph: MapGraph, places: MapLayout['places'], pins: Pins, take: (layout: MapLayout) => void) => void;

/** Only the answer to the last question counts: what was asked before is about a map that is gone. */
function useLayoutWorker(): AskWorker {
  const worker = useRef<Worker | null>(null);
  const last = useRef(0);
  useEffect(
    () => () => {
      worker.current?.terminate();
      worker.current = null;
    },
    [],
  );
  return (graph, places, pins, take) => {
    if (typeof Worker === 'undefined') {
      take(layoutNow(graph, places, pins));
      return;
    }
    worker.current ??= new Worker(new URL('../../_viz/layout/layout.worker.ts', import.meta.url), { type: 'module' });
    const id = ++last.current;
    worker.current.onmessage = ({ data }: MessageEvent<LayoutAnswer>) => {
      if (data.id === last.current) take(data.layout);
    };
    // A worker that cannot start leaves the reader with a slower page, not with none.
    worker.current.onerror = () => {
      if (id === last.current) take(layoutNow(graph, places, pins));
    };
    worker.current.postMessage({ id, ...graph, places, pins } satisfies LayoutQuestion);
  };
}

/** A place that somebody else has taken since is nobody's to return to. */
function withDeparted({ places, cards }: MapLayout, before: MapLayout['places']): MapLayout['places'] {
  const taken = [...cards.values()];
  const departed = [...before].filter(([id, place]) => {
    const card = {
      x: columnX(metrics, place.column),
      y: place.y,
      width: metrics.cardWidth,
      height: metrics.cardHeight,
    };
    return !places.has(id) && !taken.some((other) => overlaps(card, other, metrics.rowGap / 2));
  });
  return departed.length + places.size > mostRemembered ? places : new Map([...departed, ...places]);
}

const layoutNow = ({ nodes, edges }: MapGraph, places: MapLayout['places'], pins: Pins): MapLayout =>
  layoutMap(nodes, edges, places, pins);

function topologyOf(picture: Picture): string {
  const nodes = [...picture.nodes.keys()].sort();
  return [...nodes, '|', ...[...picture.edges.keys()].sort()].join('\n');
}

export function graphOf(picture: Picture): MapGraph {
  return {
    nodes: [...picture.nodes.values()].map(({ node, box, isOutside }) => ({ id: node.id, box, outside: isOutside })),
    edges: [...picture.edges.values()].map(({ edge }) => ({
      id: edge.id,
      source: edge.source,
      destination: edge.destination,
      weight: 1 + Math.log1p(bytesOf(edge) + edge.connections),
    })),
  };
}
