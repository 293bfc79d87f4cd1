/**
 * Lays the map out when its topology changes, and only then: new numbers on the same edges move nothing. Starts from the
 * places of the previous picture, also of the one before the reader went to another view.
 */
'use client';

import { useEffect, useMemo, useState } from 'react';

import { layoutMap, type MapLayout } from '../../_viz/layout/layout-map.ts';
import { bytesOf } from './edge-facts.ts';
import type { Picture } from './picture.ts';

/** Outlives the map while the reader looks at another view. */
let remembered: MapLayout['places'] = new Map();

interface Kept {
  readonly topology: string;
  readonly layout: MapLayout;
  /** Rises when everything was laid out afresh and the view should be fitted again. */
  readonly epoch: number;
}

function topologyOf(picture: Picture): string {
  const nodes = [...picture.nodes.keys()].sort();
  return [...nodes, '|', ...[...picture.edges.keys()].sort()].join('\n');
}

function layoutPicture(picture: Picture, places: MapLayout['places']): MapLayout {
  const nodes = [...picture.nodes.values()].map(({ node, box, isOutside }) => ({
    id: node.id,
    box,
    outside: isOutside,
  }));
  const edges = [...picture.edges.values()].map(({ edge }) => ({
    id: edge.id,
    source: edge.source,
    destination: edge.destination,
    weight: 1 + Math.log1p(bytesOf(edge) + edge.connections),
  }));
  return layoutMap(nodes, edges, places);
}

export function useMapLayout(picture: Picture): { layout: MapLayout; epoch: number; tidy: () => void } {
  const topology = useMemo(() => topologyOf(picture), [picture]);
  const [kept, setKept] = useState<Kept>(() => ({ topology, layout: layoutPicture(picture, remembered), epoch: 0 }));
  let current = kept;
  if (kept.topology !== topology) {
    const layout = layoutPicture(picture, kept.layout.places);
    current = { topology, layout, epoch: layout.isKept ? kept.epoch : kept.epoch + 1 };
    setKept(current);
  }
  const { layout, epoch } = current;
  useEffect(() => {
    remembered = layout.places;
  }, [layout]);
  const tidy = (): void =>
    setKept((before) => ({ ...before, layout: layoutPicture(picture, new Map()), epoch: before.epoch + 1 }));
  return { layout, epoch, tidy };
}
