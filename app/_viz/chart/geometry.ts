/** Where the lines and areas of a chart over time lie, in a box of 1,000 by 100. A value that is not there leaves a gap. */
export type Values = readonly (number | null)[];

export const box = { width: 1_000, height: 100 } as const;

/** The least round number that holds `most`, and the ticks up to it. */
export function ticksUpTo(most: number, wanted = 2): readonly number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999_999) ?? rough;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

export const mostOf = (lists: readonly Values[]): number =>
  lists.reduce((most, values) => values.reduce<number>((so, value) => Math.max(so, value ?? 0), most), 0);

/** The middle of a bucket, 0 to 1 along the axis. */
export const shareOfBucket = (index: number, count: number): number => (index + 0.5) / Math.max(1, count);

export function bucketAt(share: number, count: number): number {
  return Math.max(0, Math.min(count - 1, Math.floor(share * count)));
}

const written = (value: number): string => String(Math.round(value * 100) / 100);

/** A line through the middles of the buckets; a bucket alone between gaps is a short dash, or nobody would see it. */
export function linePath(values: Values, top: number): string {
  const x = (index: number): number => shareOfBucket(index, values.length) * box.width;
  const y = (value: number): number => box.height - (Math.max(0, value) / top) * box.height;
  const half = box.width / Math.max(1, values.length) / 2;
  return values
    .map((value, index) => {
      if (value === null) return '';
      const before = values[index - 1] ?? null;
      const after = values[index + 1] ?? null;
      if (before !== null) return `L${written(x(index))} ${written(y(value))}`;
      const isAlone = after === null;
      const start = `M${written(isAlone ? x(index) - half : x(index))} ${written(y(value))}`;
      return isAlone ? `${start}h${written(2 * half)}` : start;
    })
    .join('');
}

export interface Layer {
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

/** Layers on top of each other, the first at the bottom; what is not there adds nothing. */
export function stacked(lists: readonly Values[]): readonly Layer[] {
  const layers: Layer[] = [];
  for (const values of lists) {
    const lower = layers.at(-1)?.upper ?? values.map(() => 0);
    layers.push({ lower, upper: values.map((value, index) => (lower[index] ?? 0) + Math.max(0, value ?? 0)) });
  }
  return layers;
}

/** A layer as steps: each bucket is as wide as it lasts, so that areas add up to what was counted. */
export function layerPath({ lower, upper }: Layer, top: number): string {
  const count = Math.max(1, upper.length);
  const x = (index: number): string => written((index / count) * box.width);
  const y = (value: number): string => written(box.height - (value / top) * box.height);
  const there = upper.map((value, index) => `${index === 0 ? 'M' : 'L'}${x(index)} ${y(value)}H${x(index + 1)}`);
  const back = lower.map((value, index) => `V${y(value)}H${x(index)}`).reverse();
  return upper.length === 0 ? '' : `${there.join('')}${back.join('')}Z`;
}
