/** Prints measurements: median, least and most of several runs, and how they stand to a baseline of the same runs. */

export interface Measure {
  readonly name: string;
  readonly unit: string;
  /** One value per run. */
  readonly values: readonly number[];
  /** What the same runs measured of the baseline, in order; absent on the baseline itself. */
  readonly baseline?: readonly number[];
}

const heads = ['measure', 'unit', 'runs', 'median', 'min', 'max', 'to baseline'] as const;
const textColumns = 2;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Three digits that count; whole numbers from a thousand on. */
function digits(value: number): string {
  if (Number.isNaN(value)) return '-';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** The median of each run's ratio: a slow spell of the machine hits both sides of it. */
function ratio({ values, baseline }: Measure): string {
  if (baseline === undefined) return '-';
  return digits(median(values.map((value, run) => value / (baseline[run] ?? NaN))));
}

/** A Markdown table, so that it can be kept as it was printed. */
export function formatTable(measures: readonly Measure[]): string {
  const cells = measures.map((measure) => {
    const { name, unit, values } = measure;
    const figures = [median(values), Math.min(...values), Math.max(...values)].map(digits);
    return [name, unit, String(values.length), ...figures, ratio(measure)];
  });
  const widths = heads.map((head, at) => Math.max(head.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string => {
    const padded = row.map((cell, at) =>
      at < textColumns ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
    );
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, at) => (at < textColumns ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(heads), line(rule), ...cells.map(line)].join('\n');
}
