/** The bars of the histogram strip, and the stretch of time between two places on it. */
import type { SeriesPoint } from '../../../model/api.ts';

export interface Bar {
  readonly fromMs: number;
  /** 0 to 1 of the strip's height. */
  readonly traffic: number;
  /** Drops and failed connects on the same scale as the traffic, but never smaller than can be seen. */
  readonly trouble: number;
  readonly words: string;
}

const visible = 0.14;

export function barsOf(points: readonly SeriesPoint[], clock: (ms: number) => string): readonly Bar[] {
  const troubles = points.map((point) => point.drops + point.failedConnections);
  const most = Math.max(1, ...troubles, ...points.map((point) => point.packets));
  return points.map((point, at) => {
    const trouble = troubles[at] ?? 0;
    return {
      fromMs: point.fromMs,
      traffic: point.packets === 0 ? 0 : Math.max(0.06, Math.sqrt(point.packets / most)),
      trouble: trouble === 0 ? 0 : Math.max(visible, Math.sqrt(trouble / most)),
      words: `${clock(point.fromMs)}: ${point.packets} packets, ${point.drops} dropped, ${point.failedConnections} connects failed`,
    };
  });
}

const leastMs = 1_000;

/** Null for a stretch too short to have been meant. `a` and `b` are 0 to 1 along the strip. */
export function brushed(range: { fromMs: number; toMs: number }, a: number, b: number): [number, number] | null {
  const place = (share: number): number => range.fromMs + Math.max(0, Math.min(1, share)) * (range.toMs - range.fromMs);
  const [fromMs, toMs] = [place(Math.min(a, b)), place(Math.max(a, b))];
  return toMs - fromMs < leastMs || Math.abs(a - b) < 0.004 ? null : [Math.round(fromMs), Math.round(toMs)];
}
