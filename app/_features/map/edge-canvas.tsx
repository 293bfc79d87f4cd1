/**
 * The edges as one picture under the cards. It moves with the layer while the hand moves and is drawn again, crisp, when
 * the hand rests or has gone so far that the picture's margin is used up.
 */
'use client';

import { useEffect, useEffectEvent, useMemo, useRef, type ReactNode } from 'react';

import type { MapLayout } from '../../_viz/layout/layout-map.ts';
import { drawEdges, prepareEdges, type DrawnEdge, type View } from './draw-edges.ts';
import { EdgeTones } from './edge-tones.tsx';
import { paletteOf } from './edge-palette.ts';
import type { Picture } from './picture.ts';
import type { MapZoom } from './use-map-zoom.ts';

interface EdgeCanvasProps {
  readonly picture: Picture;
  readonly layout: MapLayout;
  readonly zoom: MapZoom;
  /** Edges that stay bright; null when nothing is selected. */
  readonly kept: ReadonlySet<string> | null;
}

/** How much more than the window is drawn, on each side, as a share of the window. */
const margin = 0.4;
const mostPixels = 16_000_000;

export function EdgeCanvas({ picture, layout, zoom, kept }: EdgeCanvasProps): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const tones = useRef<HTMLSpanElement>(null);
  const drawnView = useRef<View | null>(null);
  const prepared = useRef<{ of: unknown; edges: readonly DrawnEdge[] }>({ of: null, edges: [] });
  const subject = useMemo(() => ({ picture, layout }), [picture, layout]);

  const draw = useEffectEvent((): void => {
    const element = canvas.current;
    const context = element?.getContext('2d') ?? null;
    if (element === null || context === null || tones.current === null) return;
    if (prepared.current.of !== subject) {
      prepared.current = { of: subject, edges: prepareEdges(picture.edges.values(), layout) };
    }
    const { width, height } = zoom.size();
    const view = zoom.view();
    const [across, down] = [width * margin, height * margin];
    const paper = { width: width + 2 * across, height: height + 2 * down };
    const density = Math.min(window.devicePixelRatio, Math.sqrt(mostPixels / Math.max(1, paper.width * paper.height)));
    const [pixelsAcross, pixelsDown] = [Math.round(paper.width * density), Math.round(paper.height * density)];
    // Setting a size, even the same, throws the picture's memory away.
    if (element.width !== pixelsAcross) element.width = pixelsAcross;
    if (element.height !== pixelsDown) element.height = pixelsDown;
    const { x, y, k } = view;
    element.style.transform = `translate(${(-x - across) / k}px, ${(-y - down) / k}px)`;
    element.style.width = `${paper.width / k}px`;
    element.style.height = `${paper.height / k}px`;
    const moved = { x: x + across, y: y + down, k };
    drawEdges(
      { context, ...paper, density },
      prepared.current.edges,
      moved,
      paletteOf(tones.current),
      kept,
      picture.isCompared,
    );
    drawnView.current = view;
  });

  const follow = useEffectEvent((isResting: boolean): void => {
    const drawn = drawnView.current;
    const { width, height } = zoom.size();
    const { x, y, k } = zoom.view();
    const isBeyond =
      drawn === null ||
      Math.abs(x - (drawn.x * k) / drawn.k) > width * margin ||
      Math.abs(y - (drawn.y * k) / drawn.k) > height * margin;
    if (isResting || (isBeyond && k === drawn?.k)) draw();
  });

  useEffect(() => draw(), [subject, kept]);
  useEffect(() => zoom.listen((isResting) => follow(isResting)), [zoom]);
  useEffect(() => {
    // The theme is an attribute of the page or the system's choice.
    const themes = new MutationObserver(() => draw());
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    const system = typeof window.matchMedia === 'function' ? window.matchMedia('(prefers-color-scheme: dark)') : null;
    const onSystem = (): void => draw();
    system?.addEventListener('change', onSystem);
    return () => {
      themes.disconnect();
      system?.removeEventListener('change', onSystem);
    };
  }, []);

  return (
    <>
      <canvas ref={canvas} aria-hidden className="pointer-events-none absolute top-0 left-0 origin-top-left" />
      <EdgeTones ref={tones} />
    </>
  );
}
