/** What stretch of time is looked at: a preset that ends now, or two fixed ends. */
export const presets = ['5m', '15m', '1h', '6h', '24h', '7d'] as const;
export type Preset = (typeof presets)[number];

export type TimeRange =
  | { readonly kind: 'relative'; readonly preset: Preset }
  | { readonly kind: 'absolute'; readonly fromMs: number; readonly toMs: number };

interface PresetFacts {
  readonly label: string;
  readonly ms: number;
  /** Live pages ask again this often at most: a longer range changes more slowly and costs more to read. */
  readonly refreshMs: number;
}

const minute = 60_000;

export const presetFacts: Readonly<Record<Preset, PresetFacts>> = {
  '5m': { label: 'Last 5 min', ms: 5 * minute, refreshMs: 2_000 },
  '15m': { label: 'Last 15 min', ms: 15 * minute, refreshMs: 2_000 },
  '1h': { label: 'Last hour', ms: 60 * minute, refreshMs: 4_000 },
  '6h': { label: 'Last 6 h', ms: 360 * minute, refreshMs: 15_000 },
  '24h': { label: 'Last 24 h', ms: 1440 * minute, refreshMs: 30_000 },
  '7d': { label: 'Last 7 days', ms: 7 * 1440 * minute, refreshMs: 60_000 },
};

/** The API's `from` and `to`: relative ones are left to the server's clock. */
export function rangeQuery(range: TimeRange): { from: string; to: string } {
  return range.kind === 'relative'
    ? { from: `now-${range.preset}`, to: 'now' }
    : { from: String(range.fromMs), to: String(range.toMs) };
}

/** The stretch just before (-1) or after (1), of the same length; it never reaches past now. */
export function shiftRange(range: TimeRange, steps: -1 | 1, nowMs: number): { fromMs: number; toMs: number } {
  const toMs = range.kind === 'absolute' ? range.toMs : nowMs;
  const lengthMs = range.kind === 'absolute' ? range.toMs - range.fromMs : presetFacts[range.preset].ms;
  const shifted = Math.min(nowMs, toMs + steps * lengthMs);
  return { fromMs: shifted - lengthMs, toMs: shifted };
}
