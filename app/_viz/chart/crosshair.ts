/** The moment under the hand, shared by every chart of the page, so that all of them show the same one. */
'use client';

import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let pointedMs: number | null = null;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Null while nothing is pointed at. */
export const useCrosshair = (): number | null =>
  useSyncExternalStore(
    subscribe,
    () => pointedMs,
    () => null,
  );

export function pointAt(ms: number | null): void {
  if (ms === pointedMs) return;
  pointedMs = ms;
  for (const listener of listeners) listener();
}
