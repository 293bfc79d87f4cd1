/** Numbers of the filter language with their units: `1.5MB` and `100ms` inside are whole bytes and nanoseconds. */
import type { Unit } from './fields.ts';

const factors: Readonly<Record<Unit, Readonly<Record<string, number>>>> = {
  none: { '': 1 },
  bytes: {
    '': 1,
    b: 1,
    kb: 1e3,
    mb: 1e6,
    gb: 1e9,
    tb: 1e12,
    k: 1e3,
    m: 1e6,
    g: 1e9,
    t: 1e12,
    kib: 2 ** 10,
    mib: 2 ** 20,
    gib: 2 ** 30,
    tib: 2 ** 40,
  },
  duration: { '': 1e6, ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, min: 60e9, h: 3600e9 },
};

/** Largest first: the first that divides without a rest is printed. */
const printed: Readonly<Record<Unit, readonly (readonly [string, number])[]>> = {
  none: [],
  bytes: [
    ['TB', 1e12],
    ['GB', 1e9],
    ['MB', 1e6],
    ['KB', 1e3],
  ],
  duration: [
    ['s', 1e9],
    ['ms', 1e6],
    ['us', 1e3],
    ['ns', 1],
  ],
};

/** What to tell someone who wrote something else. */
export const unitExamples: Readonly<Record<Unit, string>> = {
  none: 'a whole number',
  bytes: 'a number of bytes such as 500, 10KB or 1.5MiB',
  duration: 'a duration such as 250us, 100ms or 1.5s',
};

/** Null when it is no number of that unit. A duration without a unit counts milliseconds. */
export function parseQuantity(text: string, unit: Unit): number | null {
  const match = /^(\d{1,16}(?:\.\d{1,9})?)([a-zµ]*)$/i.exec(text);
  const factor = factors[unit][(match?.[2] ?? '').toLowerCase()];
  if (match?.[1] === undefined || factor === undefined) return null;
  const exact = Number(match[1]) * factor;
  const value = Math.round(exact);
  return unit === 'none' && value !== exact ? null : value;
}

export function printQuantity(value: number, unit: Unit): string {
  const [suffix, factor] = printed[unit].find(([, f]) => value >= f && value % f === 0) ?? ['', 1];
  return unit === 'duration' && value === 0 ? '0ns' : `${value / factor}${suffix}`;
}
