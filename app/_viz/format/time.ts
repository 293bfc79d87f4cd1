/** Points in time and ages, in the reader's zone or in UTC. */
export type Zone = 'local' | 'utc';

const zoneOf = (zone: Zone): { timeZone?: string } => (zone === 'utc' ? { timeZone: 'UTC' } : {});

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: Zone, key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const id = `${zone} ${key}`;
  const known = formatters.get(id);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-GB', { ...options, ...zoneOf(zone) });
  formatters.set(id, made);
  return made;
}

const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;

/** 09:41:23 */
export function formatClock(ms: number, zone: Zone): string {
  return formatter(zone, 'clock', clock).format(ms);
}

/** 09:41:23.501 */
export function formatMillis(ms: number, zone: Zone): string {
  return formatter(zone, 'millis', { ...clock, fractionalSecondDigits: 3 }).format(ms);
}

/** 23 Nov */
export function formatDay(ms: number, zone: Zone): string {
  return formatter(zone, 'day', { day: 'numeric', month: 'short' }).format(ms);
}

/** 23 Nov 09:41, or 09:41:23 alone when it is the same day as `nowMs`. */
export function formatMoment(ms: number, nowMs: number, zone: Zone): string {
  const time = formatClock(ms, zone);
  return formatDay(ms, zone) === formatDay(nowMs, zone) ? time : `${formatDay(ms, zone)} ${time}`;
}

/** Whole minutes of a longer span; the end without its day when that is the same. */
export function formatSpan(fromMs: number, toMs: number, zone: Zone): string {
  const time = (ms: number): string =>
    formatter(zone, 'minute', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(ms);
  const fromDay = formatDay(fromMs, zone);
  const toDay = formatDay(toMs, zone);
  return `${fromDay} ${time(fromMs)} – ${fromDay === toDay ? '' : `${toDay} `}${time(toMs)}`;
}

/** 3 s, 4 min, 2 h, 5 d */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 100 * 60) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** An RFC 3339 time with nanoseconds, as epoch milliseconds; NaN when it is none. */
export function parseTime(text: string): number {
  return Date.parse(text.replace(/(\.\d{3})\d+/, '$1'));
}
