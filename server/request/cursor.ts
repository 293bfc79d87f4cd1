/** The page cursor as text: time in nanoseconds and row id of the last flow shown. */
import type { FlowCursor } from '../store.ts';

/** Where an answer whose body has no place for it carries the cursor. */
export const cursorHeader = 'Palomar-Cursor';

export function printCursor(cursor: FlowCursor): string {
  return `${cursor.timeNs}.${cursor.id}`;
}

export function parseCursor(text: string): FlowCursor | null {
  const [, timeNs, id] = /^(\d{1,20})\.(\d{1,20})$/.exec(text) ?? [];
  if (timeNs === undefined || id === undefined) return null;
  // DateTime64(9) ends in 2262, where its Int64 does.
  return BigInt(timeNs) < 1n << 63n && BigInt(id) < 1n << 64n ? { timeNs, id } : null;
}
