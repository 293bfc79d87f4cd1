/**
 * Pan and zoom of the map. While the hand moves, one CSS transform moves the whole layer; it is drawn crisp again when
 * the hand rests. React is not involved in a move.
 */
'use client';

import { select } from 'd3-selection';
import { zoom, zoomIdentity, zoomTransform, type D3ZoomEvent, type ZoomBehavior } from 'd3-zoom';
import { useCallback, useEffect, useMemo, useRef, type RefObject } from 'react';

import type { Rect } from '../../_viz/layout/metrics.ts';

const margin = 28;
/** Under the map, where the legend stands. */
const marginBelow = 52;
/** Names on cards stay legible down to here; the first picture never goes below. */
const legible = 0.7;
/** When a little less would show everything, everything is worth it. */
const stillLegible = 0.55;
/** Below this, words on edges are hidden. */
const far = 0.5;

export interface MapZoom {
  readonly zoomBy: (factor: number) => void;
  /** Everything in view, however small. */
  readonly showAll: () => void;
  /** Moves as little as needed to have this in view. */
  readonly reveal: (rect: Rect) => void;
  /** Screen = map times `k`, plus `x` and `y`. */
  readonly view: () => { readonly x: number; readonly y: number; readonly k: number };
  readonly size: () => { readonly width: number; readonly height: number };
  /** Told on every move, and once more when the hand rests. Returns how to stop. */
  readonly listen: (listener: ZoomListener) => () => void;
}

export type ZoomListener = (isResting: boolean) => void;

interface MapZoomRefs {
  readonly viewport: RefObject<HTMLDivElement | null>;
  readonly layer: RefObject<HTMLDivElement | null>;
  readonly zoom: MapZoom;
}

export function useMapZoom(bounds: Rect, epoch: number): MapZoomRefs {
  const viewport = useRef<HTMLDivElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const behaviour = useRef<ZoomBehavior<HTMLDivElement, unknown> | null>(null);
  const isTouched = useRef(false);
  const listeners = useRef(new Set<ZoomListener>());
  const latestBounds = useRef(bounds);
  useEffect(() => {
    latestBounds.current = bounds;
  }, [bounds]);

  const show = useCallback((smallest: number): void => {
    const element = viewport.current;
    if (element === null || behaviour.current === null) return;
    const { x, y, k } = fitted(latestBounds.current, element.clientWidth, element.clientHeight, smallest);
    behaviour.current.transform(select(element), zoomIdentity.translate(x, y).scale(k));
    isTouched.current = false;
  }, []);

  useEffect(() => {
    const element = viewport.current;
    const moved = layer.current;
    if (element === null || moved === null) return;
    const made = zoom<HTMLDivElement, unknown>()
      .scaleExtent([0.08, 2.5])
      .clickDistance(4)
      .filter((event: MouseEvent) => event.button === 0 && event.type !== 'dblclick' && !isOnCard(event))
      .on('zoom', (event: D3ZoomEvent<HTMLDivElement, unknown>) => {
        const { x, y, k } = event.transform;
        // Not from the start, which is when the button goes down: cards that let the pointer through then miss the click.
        if (!moved.hasAttribute('data-moving')) moved.setAttribute('data-moving', 'true');
        moved.style.transform = `translate(${x}px, ${y}px) scale(${k})`;
        const isFar = String(k < far);
        // Writing an attribute, even the same, makes the browser look at every edge again.
        if (moved.getAttribute('data-far') !== isFar) moved.setAttribute('data-far', isFar);
        if (event.sourceEvent !== null) isTouched.current = true;
        for (const listener of listeners.current) listener(false);
      })
      .on('end', () => {
        moved.removeAttribute('data-moving');
        for (const listener of listeners.current) listener(true);
      });
    behaviour.current = made;
    select(element).call(made);
    let isShown = false;
    const observer = new ResizeObserver(() => {
      if (isTouched.current) {
        for (const listener of listeners.current) listener(true);
        return;
      }
      if (isShown) glide(moved);
      isShown = true;
      show(legible);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      select(element).on('.zoom', null);
    };
  }, [show]);

  useEffect(() => show(legible), [show, epoch]);

  const moves = useMemo<MapZoom>(
    () => ({
      zoomBy(factor: number): void {
        glide(layer.current);
        if (viewport.current !== null) behaviour.current?.scaleBy(select(viewport.current), factor);
        isTouched.current = true;
      },
      showAll(): void {
        glide(layer.current);
        show(0.08);
      },
      reveal(rect: Rect): void {
        const element = viewport.current;
        if (element === null) return;
        const now = zoomTransform(element);
        const dx = shiftInto(now.applyX(rect.x), now.applyX(rect.x + rect.width), element.clientWidth);
        const dy = shiftInto(now.applyY(rect.y), now.applyY(rect.y + rect.height), element.clientHeight);
        if (dx === 0 && dy === 0) return;
        glide(layer.current);
        behaviour.current?.translateBy(select(element), dx / now.k, dy / now.k);
      },
      view() {
        return viewport.current === null ? zoomIdentity : zoomTransform(viewport.current);
      },
      size() {
        return { width: viewport.current?.clientWidth ?? 0, height: viewport.current?.clientHeight ?? 0 };
      },
      listen(listener: ZoomListener) {
        const all = listeners.current;
        all.add(listener);
        return () => all.delete(listener);
      },
    }),
    [show],
  );
  return { viewport, layer, zoom: moves };
}

/** The mouse drags a card, not the map under it; the wheel and fingers do as everywhere. */
const isOnCard = ({ type, target }: Event): boolean =>
  type === 'mousedown' && target instanceof Element && target.closest('[data-card]') !== null;

export function fitted(
  bounds: Rect,
  width: number,
  height: number,
  smallest: number,
): { x: number; y: number; k: number } {
  const wish = Math.min(
    (width - 2 * margin) / Math.max(1, bounds.width),
    (height - margin - marginBelow) / Math.max(1, bounds.height),
  );
  const k = wish >= stillLegible ? Math.min(1.2, wish) : Math.max(smallest, wish);
  // What does not fit starts at its left and its top: clients first.
  const along = (start: number, length: number, room: number): number =>
    margin + Math.max(0, room - length * k) / 2 - start * k;
  return {
    x: along(bounds.x, bounds.width, width - 2 * margin),
    y: along(bounds.y, bounds.height, height - margin - marginBelow),
    k,
  };
}

function shiftInto(start: number, end: number, room: number): number {
  if (start < margin) return margin - start;
  return end > room - margin ? Math.max(margin - start, room - margin - end) : 0;
}

function glide(layer: HTMLDivElement | null): void {
  if (layer === null) return;
  layer.setAttribute('data-gliding', 'true');
  setTimeout(() => layer.removeAttribute('data-gliding'), 200);
}
