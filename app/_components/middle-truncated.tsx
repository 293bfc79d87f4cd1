/**
 * A name shortened in its middle when there is no room for it: what tells names apart is at both ends. The browser
 * decides how much fits, so it holds at every zoom and width.
 */
import type { ReactNode } from 'react';

/** Letters at the end that always stay. */
const kept = 6;

export function MiddleTruncated({ text }: { text: string }): ReactNode {
  const cut = text.length > 2 * kept ? text.length - kept : text.length;
  return (
    <span className="flex min-w-0 whitespace-pre">
      <span className="truncate">{text.slice(0, cut)}</span>
      <span className="shrink-0">{text.slice(cut)}</span>
    </span>
  );
}
