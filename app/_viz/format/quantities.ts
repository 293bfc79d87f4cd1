/** How numbers are written: three figures, a unit, and never a rounding that turns "almost" into "all". */

const count = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** At most three significant figures, without an exponent. */
function figures(value: number): string {
  if (value === 0) return '0';
  if (value >= 100) return count.format(Math.round(value));
  const digits = value >= 10 ? 1 : value >= 0.1 ? 2 : 3;
  return String(Number(value.toFixed(digits)));
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let unit = 0;
  let rest = value;
  // 999.5 would print as 1,000 of the smaller unit.
  while (rest >= step - step / 2000 && unit < units.length - 1) {
    rest /= step;
    unit += 1;
  }
  return `${figures(rest)} ${units[unit] ?? ''}`;
}

/** Decimal units, as network people count. Takes the API's decimal strings. */
export function formatBytes(bytes: string | number): string {
  return scaled(Number(bytes), 1000, ['B', 'kB', 'MB', 'GB', 'TB', 'PB']);
}

export function formatByteRate(bytes: number, seconds: number): string {
  return seconds > 0 ? `${formatBytes(bytes / seconds)}/s` : formatBytes(bytes);
}

export const formatCount = (value: number): string => count.format(value);

/** For tight places: 12.3k instead of 12,345. */
export function formatCompact(value: number): string {
  if (value < 10_000) return count.format(value);
  return scaled(value, 1000, ['', 'k', 'M', 'G']).replace(' ', '');
}

/** Events per second, or per minute or hour when they are rare. */
export function formatRate(events: number, seconds: number): string {
  if (events === 0 || seconds <= 0) return '0/s';
  const perSecond = events / seconds;
  if (perSecond >= 0.5) return `${perSecond >= 10_000 ? formatCompact(perSecond) : figures(perSecond)}/s`;
  if (perSecond * 60 >= 0.5) return `${figures(perSecond * 60)}/min`;
  return `${figures(perSecond * 3600)}/h`;
}

export function formatMilliseconds(ms: number): string {
  if (ms === 0) return '0 ms';
  if (ms < 1) return scaled(ms * 1000, 1000, ['µs']);
  return ms < 1000 ? `${figures(ms)} ms` : formatSeconds(ms / 1000);
}

function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${figures(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** A part of a whole; 100 % and 0 % only when it is exactly that. */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0) return '0 %';
  const percent = (100 * part) / whole;
  if (part === 0) return '0 %';
  if (part === whole) return '100 %';
  if (percent > 99) return `${(Math.floor(percent * 100) / 100).toFixed(2)} %`;
  return percent < 0.1 ? '<0.1 %' : `${percent.toFixed(percent < 10 ? 1 : 0)} %`;
}

/** "1 packet", "2 packets". */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`;
}
