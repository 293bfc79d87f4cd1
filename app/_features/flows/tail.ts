/**
 * Rows that arrived after the table was read, each at its own time: a connect without an answer is told ten seconds late,
 * and is no news by then. They wait until the reader is at the top and looks nowhere in particular: the reading position
 * never moves under the reader. Both lists are bounded.
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

/** Newest first; times are texts of one length, so that their letters sort as they do. */
const byTime = (a: Flow, b: Flow): number => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0);

/** Two lists, newest first, as one; of the same time the first list's rows stand first. */
function merge(a: readonly Flow[], b: readonly Flow[]): readonly Flow[] {
  const [firstOfB] = b;
  const lastOfA = a.at(-1);
  if (firstOfB === undefined || lastOfA === undefined || lastOfA.time >= firstOfB.time) return [...a, ...b];
  return [...a, ...b].sort(byTime);
}

/** `flows` come in the order of arrival, the oldest first. */
export function receive(tail: Tail, flows: readonly Flow[], skipped: number): Tail {
  const known = new Set([...tail.waiting.slice(0, 500), ...tail.shown.slice(0, 500)].map((flow) => flow.id));
  const fresh = flows
    .filter((flow) => !known.has(flow.id))
    .reverse()
    .sort(byTime);
  const waiting = merge(fresh, tail.waiting);
  const overflow = Math.max(0, waiting.length - mostWaiting);
  return { ...tail, waiting: waiting.slice(0, mostWaiting), missed: tail.missed + skipped + overflow };
}

/** Moves what waits into view. */
export function reveal(tail: Tail): Tail {
  if (tail.waiting.length === 0) return tail;
  return { ...tail, shown: merge(tail.waiting, tail.shown), waiting: [] };
}

/** With a hole, or too long, the rows on screen no longer tell all: read again from the top. */
export const needsRereading = (tail: Tail): boolean => tail.missed > 0 || tail.shown.length > mostShown;

/**
 * The rows of the table: what arrived among the pages that were read. Rows of before the last page come with theirs, and
 * what is in a page is not shown twice.
 */
export function withPages(tail: Tail, pages: readonly (readonly Flow[])[], hasOlder: boolean): readonly Flow[] {
  const read = pages.flat();
  const last = read.at(-1);
  const [newest] = read;
  const late = newest === undefined ? [] : tail.shown.filter((flow) => flow.time <= newest.time);
  if (late.length === 0) return [...tail.shown, ...read];
  const known = new Set(read.map((flow) => flow.id));
  const isOwn = (flow: Flow): boolean => {
    const comesLater = hasOlder && last !== undefined && flow.time <= last.time;
    return !comesLater && !known.has(flow.id);
  };
  return merge(tail.shown.filter(isOwn), read);
}
