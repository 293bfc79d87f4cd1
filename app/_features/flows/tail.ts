/**
 * Rows that arrived after the table was read. They wait until the reader is at the top and looks nowhere in particular:
 * the reading position never moves under the reader. Both lists are bounded.
 */
import type { Flow } from '../../../model/api.ts';

export interface Tail {
  /** Rows shown above the first page, newest first. */
  readonly shown: readonly Flow[];
  /** Rows that wait, newest first. */
  readonly waiting: readonly Flow[];
  /** Rows that did not fit: the server skipped them or nobody looked for too long. */
  readonly missed: number;
}

export const emptyTail: Tail = { shown: [], waiting: [], missed: 0 };
export const mostWaiting = 2_000;
/** Rows kept above the first page before the table is better read again. */
export const mostShown = 5_000;

/** `flows` come oldest first, as the stream sends them. */
export function receive(tail: Tail, flows: readonly Flow[], skipped: number): Tail {
  const known = new Set([...tail.waiting.slice(0, 500), ...tail.shown.slice(0, 500)].map((flow) => flow.id));
  const fresh = flows.filter((flow) => !known.has(flow.id)).reverse();
  const waiting = [...fresh, ...tail.waiting];
  const overflow = Math.max(0, waiting.length - mostWaiting);
  return { ...tail, waiting: waiting.slice(0, mostWaiting), missed: tail.missed + skipped + overflow };
}

/** Moves what waits into view. */
export function reveal(tail: Tail): Tail {
  if (tail.waiting.length === 0) return tail;
  return { ...tail, shown: [...tail.waiting, ...tail.shown], waiting: [] };
}

/** With a hole, or too long, the rows on screen no longer tell all: read again from the top. */
export const needsRereading = (tail: Tail): boolean => tail.missed > 0 || tail.shown.length > mostShown;
