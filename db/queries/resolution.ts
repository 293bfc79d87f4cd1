/**
 * Which rollups answer a question exactly: as much of the range as possible from the coarsest, what its ends cut off
 * from finer ones, and from flows themselves what is not a whole minute, or whatever a rollup does not know.
 */
import type { Expression, Filter } from '../../model/filter/ast.ts';
import type { FieldName } from '../../model/filter/fields.ts';
import type { Rollup } from './edge-rows.ts';
import type { Range } from './range.ts';

export interface Piece {
  readonly from: Rollup | 'flows';
  readonly range: Range;
}

/** All pieces of one source: half of what a small query costs is to understand it, which grows with every SELECT. */
export interface SourcePieces {
  readonly from: Piece['from'];
  readonly ranges: readonly Range[];
}

/** What an answer was read from; with pieces of several, the coarsest. */
export type Resolution = 'flows' | 'minute' | 'hour' | 'day';

const minuteMs = 60_000;
const levels = [
  { from: 'edges_1d', ms: 1440 * minuteMs, resolution: 'day' },
  { from: 'edges_1h', ms: 60 * minuteMs, resolution: 'hour' },
  { from: 'edges_1m', ms: minuteMs, resolution: 'minute' },
] as const;

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
 * In order of time, without gap or overlap. `coarsest` leaves out what is coarser than it: series need their buckets. Of an
 * open range the minute that has begun is taken whole, because the rest of it is still to come.
 */
export function piecesOf(range: Range, coarsest: Resolution = 'day'): readonly Piece[] {
  if (range.fromMs >= range.toMs) return [{ from: 'flows', range }];
  const first = levels.findIndex(({ resolution }) => resolution === coarsest);
  const toMs = range.isOpen === true ? Math.ceil(range.toMs / minuteMs) * minuteMs : range.toMs;
  return cover({ fromMs: range.fromMs, toMs }, first < 0 ? levels.length : first);
}

function cover({ fromMs, toMs }: Range, at: number): readonly Piece[] {
  if (fromMs >= toMs) return [];
  const level = levels[at];
  if (level === undefined) return [{ from: 'flows', range: { fromMs, toMs } }];
  const startMs = Math.ceil(fromMs / level.ms) * level.ms;
  const endMs = Math.floor(toMs / level.ms) * level.ms;
  if (startMs >= endMs) return cover({ fromMs, toMs }, at + 1);
  return [
    ...cover({ fromMs, toMs: startMs }, at + 1),
    { from: level.from, range: { fromMs: startMs, toMs: endMs } },
    ...cover({ fromMs: endMs, toMs }, at + 1),
  ];
}

/** Lengths of a bucket in time, each a whole number of those of the finest rollup that can fill it. */
const steps = [1, 5, 10, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 86_400].map((seconds) => seconds * 1000);

/** The shortest step by which the range has no more than `most` buckets. */
export function stepOf({ fromMs, toMs }: Range, most: number): number {
  const lastStep = 86_400_000;
  return steps.find((stepMs) => Math.ceil((toMs - fromMs) / stepMs) <= most) ?? lastStep;
}

/** The coarsest source whose buckets fall into buckets of this length. */
export function resolutionFor(stepMs: number): Resolution {
  return levels.find(({ ms }) => stepMs % ms === 0)?.resolution ?? 'flows';
}

export function resolutionOf(pieces: readonly Piece[]): Resolution {
  const used = levels.find(({ from }) => pieces.some((piece) => piece.from === from));
  return used?.resolution ?? 'flows';
}

export function bySource(pieces: readonly Piece[]): readonly SourcePieces[] {
  const sources = [...new Set(pieces.map(({ from }) => from))];
  return sources.map((from) => ({
    from,
    ranges: pieces.filter((piece) => piece.from === from).map(({ range }) => range),
  }));
}
