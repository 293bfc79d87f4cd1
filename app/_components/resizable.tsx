/** The edge of a panel that drags it wider or higher, by mouse, touch or arrow keys; the size is remembered. */
'use client';

import { useState, type CSSProperties, type PointerEvent, type ReactNode } from 'react';

import { useStored } from './stored.ts';
import { classes } from './classes.ts';

interface ResizableProps {
  readonly name: string;
  readonly label: string;
  /** The side that is dragged: a panel at the right is dragged at its left, a drawer at its top. */
  readonly side: 'left' | 'top';
  readonly initial: number;
  readonly min: number;
  readonly max: number;
  readonly className?: string;
  readonly children: ReactNode;
}

export function Resizable({ name, label, side, initial, min, max, className, children }: ResizableProps): ReactNode {
  const [stored, store] = useStored(`size.${name}`, String(initial));
  const [dragged, setDragged] = useState<number | null>(null);
  const known = Number(stored);
  const clamp = (value: number): number => Math.round(Math.max(min, Math.min(max, value)));
  const size = clamp(dragged ?? (Number.isFinite(known) ? known : initial));
  const style: CSSProperties = side === 'left' ? { width: size } : { height: size };

  const drag = (event: PointerEvent<HTMLDivElement>): void => {
    const handle = event.currentTarget;
    const origin = side === 'left' ? event.clientX : event.clientY;
    handle.setPointerCapture(event.pointerId);
    const stop = new AbortController();
    let last = size;
    const move = (moved: globalThis.PointerEvent): void => {
      last = clamp(size + origin - (side === 'left' ? moved.clientX : moved.clientY));
      setDragged(last);
    };
    const end = (): void => {
      stop.abort();
      setDragged(null);
      store(String(last));
    };
    handle.addEventListener('pointermove', move, { signal: stop.signal });
    handle.addEventListener('pointerup', end, { signal: stop.signal });
    handle.addEventListener('pointercancel', end, { signal: stop.signal });
  };

  return (
    <div className={classes('relative shrink-0', className)} style={style}>
      <div
        role="separator"
        tabIndex={0}
        aria-label={label}
        aria-orientation={side === 'left' ? 'vertical' : 'horizontal'}
        aria-valuenow={size}
        aria-valuemin={min}
        aria-valuemax={max}
        className={classes(
          'absolute z-20 touch-none transition-colors hover:bg-accent/40',
          side === 'left'
            ? '-left-0.5 top-0 h-full w-1 cursor-col-resize'
            : '-top-0.5 left-0 h-1 w-full cursor-row-resize',
        )}
        onPointerDown={drag}
        onKeyDown={(event) => {
          const steps = { ArrowLeft: 16, ArrowUp: 16, ArrowRight: -16, ArrowDown: -16 }[event.key];
          if (steps === undefined) return;
          event.preventDefault();
          event.stopPropagation();
          store(String(clamp(size + steps)));
        }}
      />
      {children}
    </div>
  );
}
