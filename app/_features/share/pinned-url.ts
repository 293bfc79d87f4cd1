/** The address of what is on the screen now: "the last 15 min" becomes the very minutes, so that it shows the same tomorrow. */
import { presetFacts, type TimeRange } from '../range/time-range.ts';

export function pinnedUrl(href: string, range: TimeRange, nowMs: number): string {
  if (range.kind === 'absolute') return href;
  const url = new URL(href);
  url.searchParams.delete('range');
  url.searchParams.delete('live');
  url.searchParams.set('from', String(nowMs - presetFacts[range.preset].ms));
  url.searchParams.set('to', String(nowMs));
  return url.href;
}
