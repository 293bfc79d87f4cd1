/**
 * What questions would read, from the rows that the store has in the stretches of tables they go to. It decides which wait for
 * their turn, and refuses those that would read too much, with a smaller question that would not. The list of what the
 * store has is read again in the background when it is old; without one no question is heavy, and none is refused.
 */
import { buildDrops, readingsOfDrops, type DropsInput } from '../db/queries/drops.ts';
import { buildExchanges, readingsOfExchanges, type ExchangesInput } from '../db/queries/exchanges.ts';
import { buildEdges, readingsOfMap } from '../db/queries/map-sql.ts';
import type { Range } from '../db/queries/range.ts';
import { rowsRead, type Reading, type StoredRows } from '../db/queries/readings.ts';
import { buildSeries, readingsOfSeries, type SeriesInput } from '../db/queries/series.ts';
import { buildTop, readingsOfTop, type TopInput } from '../db/queries/top.ts';
import { readingsOfValues, type ValuesInput } from '../db/queries/values.ts';
import type { Sql } from '../db/sql.ts';
import { all, and, type Filter } from '../model/filter/ast.ts';
import type { FlowsQuery, MapQuery } from './store.ts';

export interface Subject {
  readonly range: Range;
  readonly filter: Filter;
}

export interface Cost {
  readonly of: Subject;
  readonly readings: (of: Subject) => readonly Reading[];
  /**
   * What a row costs: 1 where every row is added up. Measured on 2 cores, adding up costs about 0.3 us a row, looking
   * for those that pass a filter a tenth of that.
   */
  readonly perRow: number;
  /** What the store is asked to estimate before a question is refused; null: it is none that is refused beforehand. */
  readonly query: (() => Sql) | null;
}

const lookingThrough = 0.1;
/** Each edge's accounts are read twice, to choose whose count. */
const addingUpTwice = 2;

const ofFlows = ({ range }: Subject): readonly Reading[] => [{ table: 'flows', ranges: [range] }];

export const costs = {
  map: (query: MapQuery): Cost => ({
    of: query,
    readings: (of) => readingsOfMap({ ...query, ...of }),
    perRow: addingUpTwice,
    query: () => buildEdges(query),
  }),
  series: (query: SeriesInput): Cost => ({
    of: query,
    readings: (of) => readingsOfSeries({ ...query, ...of }),
    perRow: addingUpTwice,
    query: () => buildSeries(query),
  }),
  top: (query: TopInput): Cost => ({
    of: query,
    readings: (of) => readingsOfTop({ ...query, ...of }),
    perRow: addingUpTwice,
    query: () => buildTop(query),
  }),
  exchanges: (query: ExchangesInput): Cost => ({
    of: query,
    readings: (of) => readingsOfExchanges({ ...query, ...of }),
    perRow: addingUpTwice,
    query: () => buildExchanges(query),
  }),
  drops: (query: DropsInput): Cost => ({
    of: query,
    readings: (of) => readingsOfDrops({ ...query, ...of }),
    perRow: 1,
    query: () => buildDrops(query),
  }),
  /** A page ends where it is full: how far back that is, only reading tells. A page of all flows is full at once. */
  flows: (query: FlowsQuery): Cost => ({
    of: query,
    readings: (of) => (of.filter.kind === 'all' ? [] : ofFlows(of)),
    perRow: lookingThrough,
    query: null,
  }),
  values: (query: ValuesInput): Cost => ({
    of: { range: query.range, filter: all },
    readings: ({ range }) => readingsOfValues({ ...query, range }),
    perRow: 1,
    query: null,
  }),
  connection: ({ range }: { readonly range: Range }): Cost => ({
    of: { range, filter: all },
    readings: ofFlows,
    perRow: lookingThrough,
    query: null,
  }),
  exportPlan: (of: Subject): Cost => ({ of, readings: ofFlows, perRow: lookingThrough, query: null }),
  coverage: (range: Range): Cost => ({
    of: { range, filter: all },
    readings: (of) => [{ table: 'coverage', ranges: [of.range] }],
    perRow: 1,
    query: null,
  }),
} as const;

export interface StoredRowsSource {
  /** What was known last; waits only when nothing ever was. */
  readonly read: () => Promise<readonly StoredRows[]>;
}

export interface SourceDeps {
  readonly storedRows: () => Promise<readonly StoredRows[]>;
  readonly clock: { now(): number };
  readonly log: { warn(facts: object, message: string): void };
}

export function createStoredRowsSource(keepMs: number, { storedRows, clock, log }: SourceDeps): StoredRowsSource {
  let known: readonly StoredRows[] | null = null;
  let readMs = -Infinity;
  let reading: Promise<void> | null = null;

  const refresh = async (): Promise<void> => {
    try {
      known = await storedRows();
    } catch (error) {
      // The question itself will tell what is wrong with the store, if anything is.
      log.warn({ err: error }, 'cannot read how many rows the store has: no question counts as heavy');
      known = [];
    } finally {
      readMs = clock.now();
      reading = null;
    }
  };

  return {
    async read() {
      if (clock.now() - readMs > keepMs) reading ??= refresh();
      if (known === null) await reading;
      return known ?? [];
    },
  };
}

/** A question that costs as much as adding up so many rows is heavy. */
const heavyFrom = 1_000_000;

export function weightOf(cost: Cost, stored: readonly StoredRows[]): 'light' | 'heavy' {
  return rowsRead(cost.readings(cost.of), stored) * cost.perRow >= heavyFrom ? 'heavy' : 'light';
}

/** A smaller question in place of one that would read too much: of the end of its range, and with less of its filter. */
export interface Offer {
  readonly lengthMs: number;
  readonly filter: Filter;
  readonly rows: number;
}

const minuteMs = 60_000;
const lengths = [5, 15, 30, 60, 180, 360, 720, 1440, 2880, 4320, 10_080, 20_160, 43_200].map((n) => n * minuteMs);

/**
 * Up to two: the longest end of the range that stays below `most` rows, and the whole range with that part of the filter for
 * which there are rollups. `share` is how much of what a range holds the question reads, as the store estimated it.
 */
export function offersOf(cost: Cost, stored: readonly StoredRows[], most: number, share: number): readonly Offer[] {
  const { range, filter } = cost.of;
  const lengthOf = ({ fromMs, toMs }: Range): number => toMs - fromMs;
  const shorter = lengths
    .filter((length) => length < lengthOf(range))
    .map((length): Subject => ({ filter, range: { ...range, fromMs: range.toMs - length } }));
  const rowsOf = (of: Subject): number => Math.ceil(rowsRead(cost.readings(of), stored) * share);
  const fitting = [shorter.findLast((of) => rowsOf(of) <= most), withoutWhatReadsMuch(cost, stored)];
  return fitting.flatMap((of) => {
    if (of === undefined || rowsOf(of) > most) return [];
    return [{ lengthMs: lengthOf(of.range), filter: of.filter, rows: rowsOf(of) }];
  });
}

/** Nothing when no part of the filter makes the question read more. */
function withoutWhatReadsMuch({ of, readings }: Cost, stored: readonly StoredRows[]): Subject | undefined {
  const { filter } = of;
  const rowsOf = (part: Filter): number => rowsRead(readings({ ...of, filter: part }), stored);
  const isCheap = (part: Filter): boolean => rowsOf(part) < rowsOf(filter) / 2;
  if (filter.kind === 'all' || !isCheap(all)) return undefined;
  const [first, ...more] = filter.kind === 'and' ? filter.of.filter(isCheap) : [];
  return { ...of, filter: first === undefined ? all : and(first, ...more) };
}
