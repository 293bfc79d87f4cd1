/**
 * What the pointer is on, kept outside of React: moving over the map must not redraw its cards. Whoever shows it listens.
 */
import type { Focus } from './walk.ts';

export interface Pointing {
  readonly now: () => Focus | null;
  readonly point: (focus: Focus | null) => void;
  /** Told when something else is pointed at. Returns how to stop. */
  readonly listen: (listener: () => void) => () => void;
}

export function createPointing(): Pointing {
  const listeners = new Set<() => void>();
  let now: Focus | null = null;
  return {
    now: () => now,
    point(focus) {
      if (focus?.kind === now?.kind && focus?.id === now?.id) return;
      now = focus;
      for (const listener of listeners) listener();
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
