/**
 * Lets the mouse take a card elsewhere. The card follows by its own style, so that React draws none meanwhile; a finger
 * pans the map instead, and a press that goes nowhere stays a click.
 */
'use client';

import { useCallback, useEffect, useRef, type MouseEvent, type PointerEvent } from 'react';

/** So far, in pixels of the screen, a hand may tremble on a click. */
const tremble = 4;

interface CardDrag {
  readonly onPointerDown: (event: PointerEvent<HTMLDivElement>) => void;
  readonly onClickCapture: (event: MouseEvent<HTMLDivElement>) => void;
}

/** `scale` is the map's; `onDrop` gets how far the card was taken, in units of the map. */
export function useCardDrag(scale: () => number, onDrop: (id: string, dx: number, dy: number) => void): CardDrag {
  const hasDragged = useRef(false);
  const dragging = useRef<AbortController | null>(null);
  useEffect(() => () => dragging.current?.abort(), []);

  const onPointerDown = useCallback(
    (event: PointerEvent<HTMLDivElement>): void => {
      hasDragged.current = false;
      const card = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-card]') : null;
      if (card === null || event.button !== 0 || event.pointerType === 'touch') return;
      const from = { x: event.clientX, y: event.clientY };
      const stop = new AbortController();
      dragging.current?.abort();
      dragging.current = stop;
      const away = (moved: globalThis.PointerEvent) => ({ x: moved.clientX - from.x, y: moved.clientY - from.y });
      const move = (moved: globalThis.PointerEvent): void => {
        const { x, y } = away(moved);
        if (!hasDragged.current && Math.hypot(x, y) < tremble) return;
        hasDragged.current = true;
        card.style.transform = `translate(${x / scale()}px, ${y / scale()}px)`;
        card.style.zIndex = '1';
      };
      const end = (moved: globalThis.PointerEvent): void => {
        stop.abort();
        card.style.transform = '';
        card.style.zIndex = '';
        if (!hasDragged.current || moved.type === 'pointercancel') return;
        const { x, y } = away(moved);
        onDrop(card.dataset['card'] ?? '', x / scale(), y / scale());
      };
      window.addEventListener('pointermove', move, { signal: stop.signal });
      window.addEventListener('pointerup', end, { signal: stop.signal });
      window.addEventListener('pointercancel', end, { signal: stop.signal });
    },
    [scale, onDrop],
  );
  const onClickCapture = useCallback((event: MouseEvent<HTMLDivElement>): void => {
    if (!hasDragged.current) return;
    hasDragged.current = false;
    event.preventDefault();
    event.stopPropagation();
  }, []);
  return { onPointerDown, onClickCapture };
}
