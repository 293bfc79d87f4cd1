/** Between epoch milliseconds and the text of a `datetime-local` field, in the zone that the page writes times in. */
import type { Zone } from '../../_viz/format/time.ts';

/** 2026-11-23T09:41:23 */
export function toInput(ms: number, zone: Zone): string {
  const offsetMs = zone === 'utc' ? 0 : new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offsetMs).toISOString().slice(0, 19);
}

/** Null when the text is not a date. */
export function fromInput(text: string, zone: Zone): number | null {
  const ms = Date.parse(zone === 'utc' ? `${text}Z` : text);
  return Number.isNaN(ms) ? null : ms;
}
