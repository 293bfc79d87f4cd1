/**
 * The golden signals of an answer as lines: rates by the time that a bucket really covers, shares only where there was
 * something to have a share of, drops as sums. A bucket in which every node was silent is a gap, not a zero.
 */
import type { Evidence, SeriesPoint, SeriesResponse } from '../../../model/api.ts';
import type { Values } from '../../_viz/chart/geometry.ts';

export interface Signal {
  readonly now: Values;
  /** Undefined when it was not asked for. */
  readonly before: Values | undefined;
}

type Read = (point: SeriesPoint, seconds: number) => number | null;

/** A bucket that the range covers less of than this has no rate worth drawing. */
const leastCovered = 0.25;

export function signal(answer: SeriesResponse, read: Read): Signal {
  const { range, points, previous, stepMs, evidence } = answer;
  const lengthMs = range.toMs - range.fromMs;
  const earlier = { fromMs: range.fromMs - lengthMs, toMs: range.fromMs };
  const valuesOf = (list: readonly SeriesPoint[], span: SeriesResponse['range'], gaps: Gaps | null): Values =>
    list.map((point) => {
      if (gaps !== null && isSilent(point.fromMs, point.fromMs + stepMs, gaps)) return null;
      const coveredMs = Math.min(point.fromMs + stepMs, span.toMs) - Math.max(point.fromMs, span.fromMs);
      return coveredMs < stepMs * leastCovered ? null : read(point, coveredMs / 1_000);
    });
  return {
    now: valuesOf(points, range, evidence.coverage),
    before: previous === null ? undefined : valuesOf(previous, earlier, null),
  };
}

type Gaps = Pick<Evidence['coverage'], 'gaps' | 'nodes'>;

function isSilent(fromMs: number, toMs: number, { gaps, nodes }: Gaps): boolean {
  const isQuiet = (node: string): boolean =>
    gaps.some((gap) => gap.node === node && gap.fromMs <= fromMs && gap.toMs >= toMs);
  return nodes.length > 0 && nodes.every(isQuiet);
}

export const requestRate: Read = ({ requests }, seconds) => requests / seconds;
export const connectionRate: Read = ({ connections }, seconds) => connections / seconds;
export const byteRate: Read = ({ bytesToDestination, bytesToSource }, seconds) =>
  (Number(bytesToDestination) + Number(bytesToSource)) / seconds;
/** 0 to 100. */
export const failedPercent: Read = ({ requests, errors, unanswered }) =>
  requests === 0 ? null : (100 * (errors + unanswered)) / requests;
export const failedConnects: Read = ({ failedConnections }) => failedConnections;
export const drops: Read = (point) => point.drops;
export const retransmits: Read = (point) => point.retransmits;
export const latency =
  (quantile: 'p50' | 'p95' | 'p99'): Read =>
  ({ latencyMs }) =>
    latencyMs?.[quantile] ?? null;

export const sumOf = (points: readonly SeriesPoint[], count: (point: SeriesPoint) => number): number =>
  points.reduce((sum, point) => sum + count(point), 0);
