/**
 * Which rollups answer a question exactly: as much of the range as possible from the coarsest, what its ends cut off
 * from finer ones, and from flows themselves what is not a whole minute, or whatever a rollup does not know.
 */
import type { Expression, Filter } from '../../model/filter/ast.ts';
import type { FieldName } from '../../model/filter/fields.ts';
import type { Range } from './range.ts';

const minuteMs = 60_000;

/** What rollups add flows up over, the coarsest first. */
const lengths = {
  day: 1440 * minuteMs,
  hour: 60 * minuteMs,
  ten_minutes: 10 * minuteMs,
  minute: minuteMs,
} as const;
export type Level = keyof typeof lengths;
const allLevels = Object.keys(lengths) as readonly Level[];

/** Behind the name of a table. */
export const suffixes = { day: '1d', hour: '1h', ten_minutes: '10m', minute: '1m' } as const satisfies Record<
  Level,
  string
>;

/** What an answer was read from; with pieces of several, the coarsest. */
export type Resolution = 'flows' | Level;

export interface Piece {
  readonly from: Resolution;
  readonly range: Range;
}

/** All pieces of one source: half of what a small query costs is to understand it, which grows with every SELECT. */
export interface SourcePieces {
  readonly from: Resolution;
  readonly ranges: readonly Range[];
}

/** Fields whose tests a row of a rollup decides as every row that went into it does. */
const known: ReadonlySet<FieldName> = new Set(['ns', 'workload', 'kind', 'verdict', 'protocol', 'reporter', 'cluster']);

export function isKnownToRollups(filter: Filter): boolean {
  return asksOnly(filter, known);
}

/** Does the filter test no other fields than these? */
export function asksOnly(filter: Filter | Expression, fields: ReadonlySet<FieldName>): boolean {
  switch (filter.kind) {
    case 'all':
      return true;
    case 'term':
      return fields.has(filter.field);
    case 'not':
      return asksOnly(filter.of, fields);
    case 'and':
    case 'or':
      return filter.of.every((part) => asksOnly(part, fields));
  }
}

/**
 * In order of time, without gap or overlap, from the levels that may be used. Of an open range the bucket that has begun is
 * taken whole, because the rest of it is still to come.
 */
export function piecesOf(range: Range, levels: readonly Level[] = allLevels): readonly Piece[] {
  return range.fromMs >= range.toMs ? [{ from: 'flows', range }] : cover(range, levels);
}

function cover(range: Range, [level, ...finer]: readonly Level[]): readonly Piece[] {
  const { fromMs, toMs } = range;
  if (fromMs >= toMs) return [];
  if (level === undefined) return [{ from: 'flows', range: { fromMs, toMs } }];
  const length = lengths[level];
  const startMs = Math.ceil(fromMs / length) * length;
  const endMs = (range.isOpen === true ? Math.ceil(toMs / length) : Math.floor(toMs / length)) * length;
  if (startMs >= endMs) return cover(range, finer);
  return [
    ...cover({ fromMs, toMs: startMs }, finer),
    { from: level, range: { fromMs: startMs, toMs: endMs } },
    ...cover({ fromMs: endMs, toMs }, finer),
  ];
}

/** Lengths of a bucket in time, each a whole number of those of the finest rollup that can fill it. */
const steps = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 86_400].map((seconds) => seconds * 1000);

/** The shortest step by which the range has no more than `most` buckets. */
export function stepOf({ fromMs, toMs }: Range, most: number): number {
  const lastStep = 86_400_000;
  return steps.find((stepMs) => Math.ceil((toMs - fromMs) / stepMs) <= most) ?? lastStep;
}

/** Those whose buckets fall into buckets of this length. */
export function levelsWithin(stepMs: number): readonly Level[] {
  return allLevels.filter((level) => stepMs % lengths[level] === 0);
}

export function resolutionOf(pieces: readonly Piece[]): Resolution {
  return allLevels.find((level) => pieces.some(({ from }) => from === level)) ?? 'flows';
}

export function bySource(pieces: readonly Piece[]): readonly SourcePieces[] {
  const sources = [...new Set(pieces.map(({ from }) => from))];
  return sources.map((from) => ({
    from,
    ranges: pieces.filter((piece) => piece.from === from).map(({ range }) => range),
  }));
}
