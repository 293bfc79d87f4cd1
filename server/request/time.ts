/** Points in time as people and programs write them: RFC 3339, epoch milliseconds, `now`, `now-15m`. */
import { type Result, err, ok } from '../../model/result.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3, w: 604_800e3 };
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;
/** 2001-09-09: fewer milliseconds than this are seconds by mistake. */
const earliestMs = 1e12;
const latestMs = 8.64e15;

/** The error is a sentence that shows how to write it. */
export function parseTime(text: string, nowMs: number): Result<number, string> {
  const relative = /^now(?:([+-])(\d{1,9})(ms|[smhdw]))?$/.exec(text);
  if (relative !== null) {
    const [, sign, count = '0', unit = 's'] = relative;
    const offset = Number(count) * (unitMs[unit] ?? 0);
    return ok(nowMs + (sign === '-' ? -offset : offset));
  }
  if (/^\d{1,16}$/.test(text)) {
    const value = Number(text);
    if (value >= earliestMs && value <= latestMs) return ok(value);
    return err(`"${text}" are no milliseconds since 1970${value < earliestMs ? '; are they seconds?' : ''}`);
  }
  const parsed = rfc3339.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(parsed)) return ok(parsed);
  return err(`"${text}" is no time: write 2026-01-31T12:00:00Z, milliseconds since 1970, now or now-15m`);
}
