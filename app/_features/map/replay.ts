/**
 * Walks through the range step by step: the map then shows one slice of it. The range itself stays the frame's; a live
 * range stands still at what it was when the walk began.
 */
'use client';

import { useEffect, useMemo, useState } from 'react';

import type { TimeRange } from '../range/time-range.ts';

export interface Slice {
  readonly fromMs: number;
  readonly toMs: number;
}

const mostSteps = 30;
/** Less than this is more often empty than telling. */
const leastMs = 5_000;
/** A step is looked at so long before the next. */
const stepMs = 1_000;

/** Slices of equal length that together are the range. */
export function slicesOf({ fromMs, toMs }: Slice): readonly Slice[] {
  const count = Math.max(1, Math.min(mostSteps, Math.floor((toMs - fromMs) / leastMs)));
  const edge = (at: number): number => Math.round(fromMs + ((toMs - fromMs) * at) / count);
  return Array.from({ length: count }, (_, at) => ({ fromMs: edge(at), toMs: edge(at + 1) }));
}

export interface Replay {
  readonly slices: readonly Slice[];
  readonly at: number;
  readonly isPlaying: boolean;
  /** For who wants nothing to move by itself, steps are taken by hand. */
  readonly canPlay: boolean;
  readonly seek: (at: number) => void;
  readonly play: (isPlaying: boolean) => void;
  readonly stop: () => void;
}

interface Walk {
  /** The frame's range when the walk began; another one ends it. */
  readonly of: TimeRange;
  readonly range: Slice;
  readonly at: number;
  readonly isPlaying: boolean;
}

export interface ReplayState {
  /** Null while the whole range is shown. */
  readonly replay: Replay | null;
  readonly slice: Slice | null;
  readonly start: (range: Slice) => void;
}

export function useReplay(of: TimeRange): ReplayState {
  const [begun, setWalk] = useState<Walk | null>(null);
  const walk = begun?.of === of ? begun : null;
  const slices = useMemo(() => (walk === null ? [] : slicesOf(walk.range)), [walk]);
  const canPlay = !prefersStillness();
  const start = (range: Slice): void => setWalk({ of, range, at: 0, isPlaying: false });
  const slice = walk === null ? null : (slices[walk.at] ?? null);
  if (walk === null) return { replay: null, slice, start };
  const last = slices.length - 1;
  return {
    slice,
    start,
    replay: {
      slices,
      at: walk.at,
      isPlaying: walk.isPlaying && walk.at < last,
      canPlay,
      seek: (at) => setWalk({ ...walk, at: Math.max(0, Math.min(last, at)) }),
      play: (isPlaying) => setWalk({ ...walk, isPlaying, at: isPlaying && walk.at === last ? 0 : walk.at }),
      stop: () => setWalk(null),
    },
  };
}

/** Goes on to the next slice a while after the one before was answered, so that a slow store skips none. */
export function usePlaying(replay: Replay | null, isAnswered: boolean): void {
  const isOn = replay?.isPlaying === true && isAnswered;
  const at = replay?.at ?? 0;
  const seek = replay?.seek;
  useEffect(() => {
    if (!isOn || seek === undefined) return;
    const timer = setTimeout(() => seek(at + 1), stepMs);
    return () => clearTimeout(timer);
    // Another function each time, of the same walk.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isOn, at]);
}

const prefersStillness = (): boolean =>
  typeof window !== 'undefined' &&
  typeof window.matchMedia === 'function' &&
  window.matchMedia('(prefers-reduced-motion: reduce)').matches;
