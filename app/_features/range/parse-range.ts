/**
 * A stretch of time in the words people use: "since 09:00", "last 2 h", "yesterday", "09:00 - 10:30", "2026-11-24 09:00
 * to 10:00". Null when it says nothing this understands.
 */
import type { Zone } from '../../_viz/format/time.ts';
import { fromInput, toInput } from './date-input.ts';

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const longUnits: Readonly<Record<string, string>> = {
  sec: 's',
  second: 's',
  min: 'm',
  minute: 'm',
  hour: 'h',
  hr: 'h',
  day: 'd',
  week: 'w',
};

export function parseRange(text: string, nowMs: number, zone: Zone): Span | null {
  const said = text.trim().toLowerCase().replace(/\s+/g, ' ');
  const span =
    parseLast(said, nowMs) ??
    parseDay(said, nowMs, zone) ??
    parseSince(said, nowMs, zone) ??
    parseBetween(said, nowMs, zone);
  return span !== null && span.fromMs < span.toMs ? span : null;
}

function parseLast(said: string, nowMs: number): Span | null {
  const found = /^(?:last|past|now ?-)? ?(\d+(?:\.\d+)?)? ?([a-z]+?)s?$/.exec(said);
  const unit = found?.[2] ?? '';
  const ms = unitMs[unit] ?? unitMs[longUnits[unit] ?? ''];
  if (found === null || ms === undefined || (found[1] === undefined && !/^(last|past) /.test(said))) return null;
  return { fromMs: nowMs - Number(found[1] ?? 1) * ms, toMs: nowMs };
}

/** Midnight of the day, `days` from today, in the reader's zone. */
function dayStart(nowMs: number, days: number, zone: Zone): number {
  const today = fromInput(`${toInput(nowMs, zone).slice(0, 10)}T12:00:00`, zone) ?? nowMs;
  return fromInput(`${toInput(today + days * 86_400_000, zone).slice(0, 10)}T00:00:00`, zone) ?? nowMs;
}

function parseDay(said: string, nowMs: number, zone: Zone): Span | null {
  if (said === 'today') return { fromMs: dayStart(nowMs, 0, zone), toMs: nowMs };
  if (said === 'yesterday') return { fromMs: dayStart(nowMs, -1, zone), toMs: dayStart(nowMs, 0, zone) };
  return null;
}

function parseSince(said: string, nowMs: number, zone: Zone): Span | null {
  const found = /^(?:since|from) (.+)$/.exec(said);
  if (found === null || / (?:to|until|-|–) /.test(said)) return null;
  const fromMs = parseMoment(found[1] ?? '', nowMs, zone);
  if (fromMs === null) return null;
  // A time of day that is still to come was meant of yesterday.
  const isClock = /^\d{1,2}:\d{2}/.test(found[1] ?? '');
  return { fromMs: isClock && fromMs >= nowMs ? fromMs - 86_400_000 : fromMs, toMs: nowMs };
}

function parseBetween(said: string, nowMs: number, zone: Zone): Span | null {
  const bare = said.replace(/^(?:from|between) /, '');
  const found = /^(.+?) ?(?: to | until | and | - |–|(?<=:\d{2})-(?=\d{1,2}:))(?: ?)(.+)$/.exec(bare);
  if (found === null) return null;
  const [, from = '', to = ''] = found;
  const day = /(today|yesterday)$/.exec(to)?.[1];
  const fromMs = parseMoment(day === undefined || /^[a-z]/.test(from) ? from : `${day} ${from}`, nowMs, zone);
  if (fromMs === null) return null;
  // An end without a day is of the day of the start.
  const clock = day === undefined ? to : to.replace(` ${day}`, '');
  const toMs = parseMoment(
    /^\d{1,2}:\d{2}/.test(clock) ? `${toInput(fromMs, zone).slice(0, 10)} ${clock}` : to,
    nowMs,
    zone,
  );
  return toMs === null ? null : { fromMs, toMs };
}

/** "now", "10 min ago", "09:00", "yesterday 09:00", "2026-11-24", "2026-11-24 09:00". */
function parseMoment(said: string, nowMs: number, zone: Zone): number | null {
  if (said === 'now') return nowMs;
  if (said === 'yesterday') return dayStart(nowMs, -1, zone);
  if (said === 'today' || said === 'midnight') return dayStart(nowMs, 0, zone);
  const ago = /^(.+) ago$/.exec(said);
  if (ago !== null) return parseLast(ago[1] ?? '', nowMs)?.fromMs ?? null;
  const found = /^(?:(\d{4}-\d{2}-\d{2}|today|yesterday)[ t]?)?(\d{1,2}:\d{2}(?::\d{2})?)?$/.exec(said);
  if (found === null || said === '') return null;
  const named = found[1] === undefined || found[1] === 'today' ? 0 : -1;
  const isDate = /^\d/.test(found[1] ?? '');
  const day = isDate ? (found[1] ?? '') : toInput(dayStart(nowMs, named, zone), zone).slice(0, 10);
  const clock = (found[2] ?? '00:00').padStart(
    found[2]?.length === 4 || found[2]?.length === 7 ? found[2].length + 1 : 5,
    '0',
  );
  return fromInput(`${day}T${clock.length === 5 ? `${clock}:00` : clock}`, zone);
}
