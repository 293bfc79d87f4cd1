/**
 * Lays the map out when its topology changes, and only then: new numbers on the same edges move nothing. Starts from the
 * places of the previous picture, also of the one before the reader went to another view. A small map is laid out at
 * once; a large one in a worker, and the previous picture stays until the new one is there.
 */
'use client';

import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';

import type { LayoutEdge, LayoutNode } from '../../_viz/layout/graph.ts';
import { layoutMap, type MapLayout } from '../../_viz/layout/layout-map.ts';
import type { LayoutAnswer, LayoutQuestion } from '../../_viz/layout/layout.worker.ts';
import { bytesOf } from './edge-facts.ts';
import type { Picture } from './picture.ts';

/** Up to here a layout takes less than a frame or two. */
const fewEdges = 60;

/** Outlives the map while the reader looks at another view. */
let remembered: MapLayout['places'] = new Map();

interface Kept {
  readonly topology: string;
  /** What was laid out. */
  readonly picture: Picture | null;
  readonly layout: MapLayout | null;
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

export function useMapLayout(picture: Picture): MapLayoutState {
  const topology = useMemo(() => topologyOf(picture), [picture]);
  const [kept, setKept] = useState<Kept>(() => ({ topology: '', picture: null, layout: null, epoch: 0 }));
  const askWorker = useLayoutWorker();
  const isSmall = picture.edges.size <= fewEdges;

  const take = (layout: MapLayout): void =>
    setKept((before) => ({
      topology,
      picture,
      layout,
      epoch: layout.isKept && before.layout !== null ? before.epoch : before.epoch + 1,
    }));
  let { layout, epoch } = kept;
  if (kept.topology !== topology && isSmall) {
    layout = layoutNow(graphOf(picture), kept.layout?.places ?? remembered);
    epoch = layout.isKept && kept.layout !== null ? kept.epoch : kept.epoch + 1;
    setKept({ topology, picture, layout, epoch });
  }
  const ask = useEffectEvent((places: MapLayout['places']) => askWorker(graphOf(picture), places, take));
  useEffect(() => {
    if (!isSmall) ask(remembered);
  }, [topology, isSmall]);
  useEffect(() => {
    if (layout !== null) remembered = layout.places;
  }, [layout]);

  const tidy = (): void => {
    if (isSmall) take(layoutNow(graphOf(picture), new Map()));
    else askWorker(graphOf(picture), new Map(), take);
  };
  const isLaidOut = isSmall || kept.topology === topology;
  return { picture: isLaidOut ? picture : (kept.picture ?? picture), layout, epoch, tidy };
}

interface MapGraph {
  readonly nodes: readonly LayoutNode[];
  readonly edges: readonly LayoutEdge[];
}

type AskWorker = (graph: MapGraph, places: MapLayout['places'], take: (layout: MapLayout) => void) => void;

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
  return (graph, places, take) => {
    if (typeof Worker === 'undefined') {
      take(layoutNow(graph, places));
      return;
    }
    worker.current ??= new Worker(new URL('../../_viz/layout/layout.worker.ts', import.meta.url), { type: 'module' });
    const id = ++last.current;
    worker.current.onmessage = ({ data }: MessageEvent<LayoutAnswer>) => {
      if (data.id === last.current) take(data.layout);
    };
    // A worker that cannot start leaves the reader with a slower page, not with none.
    worker.current.onerror = () => {
      if (id === last.current) take(layoutNow(graph, places));
    };
    worker.current.postMessage({ id, ...graph, places } satisfies LayoutQuestion);
  };
}

const layoutNow = ({ nodes, edges }: MapGraph, places: MapLayout['places']): MapLayout =>
  layoutMap(nodes, edges, places);

function topologyOf(picture: Picture): string {
  const nodes = [...picture.nodes.keys()].sort();
  return [...nodes, '|', ...[...picture.edges.keys()].sort()].join('\n');
}

function graphOf(picture: Picture): MapGraph {
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
