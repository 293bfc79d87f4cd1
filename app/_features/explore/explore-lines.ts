/** An answer of `/api/v1/top` as the lines of a chart: the largest groups, and under them all others as one. */
import type { TopGroup, TopMeasure, TopResponse } from '../../../model/api.ts';
import type { ChartSeries, Tone } from '../../_viz/chart/time-chart.tsx';
import { isStackable, keyName, measureWords } from './explore-words.ts';

const toneOf = (index: number): Tone => `series-${index}`;
const others: Tone = 'series-8';

export interface ExploreLine extends ChartSeries {
  /** Null for all others together. */
  readonly group: TopGroup | null;
  /** Over the range. */
  readonly total: number;
}

export function linesOf(answer: TopResponse, before: TopResponse | null): readonly ExploreLine[] {
  const { groups, total, measure, by, stepMs } = answer;
  const earlier = new Map(before?.groups.map((group) => [group.key.join('\n'), group]));
  const perBucket = (points: readonly number[] | null | undefined): (number | null)[] =>
    (points ?? []).map((value) => asDrawn(value, measure, stepMs));
  const lines = groups.map((group, index): ExploreLine => {
    const known = earlier.get(group.key.join('\n'));
    return {
      name: keyName(group.key, by),
      tone: toneOf(index),
      values: perBucket(group.points),
      ...(known === undefined ? {} : { previous: perBucket(known.points) }),
      group,
      total: group.value,
    };
  });
  if (total.groups <= groups.length || !isStackable(measure)) return lines;
  const rest = (total.points ?? []).map((value, bucket) =>
    Math.max(0, value - groups.reduce((sum, { points }) => sum + (points?.[bucket] ?? 0), 0)),
  );
  const restTotal = Math.max(0, total.value - groups.reduce((sum, { value }) => sum + value, 0));
  const name = `${total.groups - groups.length} others`;
  return [...lines, { name, tone: others, values: perBucket(rest), group: null, total: restTotal }];
}

/** A latency of nothing is none. */
function asDrawn(value: number, measure: TopMeasure, stepMs: number): number | null {
  if (measure === 'latency' && value === 0) return null;
  return measureWords[measure].perBucket(value, stepMs / 1_000);
}
