/**
 * What questions would read, from the rows that the store has in the stretches of tables they go to. The list of those is
 * read again in the background when it is old; without one nothing is known to be heavy.
 */
import { readingsOfDrops, type DropsInput } from '../db/queries/drops.ts';
import { readingsOfExchanges, type ExchangesInput } from '../db/queries/exchanges.ts';
import { readingsOfMap } from '../db/queries/map-sql.ts';
import type { Range } from '../db/queries/range.ts';
import { rowsRead, type Reading, type StoredRows } from '../db/queries/readings.ts';
import { readingsOfSeries, type SeriesInput } from '../db/queries/series.ts';
import { readingsOfTop, type TopInput } from '../db/queries/top.ts';
import { readingsOfValues, type ValuesInput } from '../db/queries/values.ts';
import type { FlowsQuery, MapQuery } from './store.ts';
import type { Weight } from './turns.ts';

export interface Cost {
  readonly readings: readonly Reading[];
  /**
   * What a row costs: 1 where every row is added up. Measured on 2 cores, adding up costs about 0.3 us a row, looking
   * for those that pass a filter a tenth of that.
   */
  readonly perRow: number;
}

const lookingThrough = 0.1;
const ofFlows = (range: Range): readonly Reading[] => [{ table: 'flows', ranges: [range] }];

/** Each edge's accounts are read twice, to choose whose count. */
const addedUpTwice = 2;

export const costs = {
  map: (query: MapQuery): Cost => ({ readings: readingsOfMap(query), perRow: addedUpTwice }),
  series: (query: SeriesInput): Cost => ({ readings: readingsOfSeries(query), perRow: addedUpTwice }),
  top: (query: TopInput): Cost => ({ readings: readingsOfTop(query), perRow: addedUpTwice }),
  exchanges: (query: ExchangesInput): Cost => ({ readings: readingsOfExchanges(query), perRow: addedUpTwice }),
  drops: (query: DropsInput): Cost => ({ readings: readingsOfDrops(query), perRow: 1 }),
  values: (query: ValuesInput): Cost => ({ readings: readingsOfValues(query), perRow: 1 }),
  /** A page of all flows ends where it is full. */
  flows: ({ range, filter }: FlowsQuery): Cost => ({
    readings: filter.kind === 'all' ? [] : ofFlows(range),
    perRow: lookingThrough,
  }),
  connection: ({ range }: { readonly range: Range }): Cost => ({ readings: ofFlows(range), perRow: lookingThrough }),
  exportPlan: ({ range }: { readonly range: Range }): Cost => ({ readings: ofFlows(range), perRow: lookingThrough }),
  coverage: (range: Range): Cost => ({ readings: [{ table: 'coverage', ranges: [range] }], perRow: 1 }),
} as const;

export interface Scales {
  readonly weigh: (cost: Cost) => Promise<Exclude<Weight, 'export'>>;
}

export interface ScalesConfig {
  /** A question that costs as much as adding up so many rows is heavy. */
  readonly heavyFrom: number;
  readonly keepMs: number;
}

export interface ScalesDeps {
  readonly storedRows: () => Promise<readonly StoredRows[]>;
  readonly clock: { now(): number };
  readonly log: { warn(facts: object, message: string): void };
}

export const standardScales: ScalesConfig = { heavyFrom: 1_000_000, keepMs: 10_000 };

export function createScales({ heavyFrom, keepMs }: ScalesConfig, { storedRows, clock, log }: ScalesDeps): Scales {
  let known: readonly StoredRows[] | null = null;
  let readMs = -Infinity;
  let reading: Promise<void> | null = null;

  const read = async (): Promise<void> => {
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
    async weigh({ readings, perRow }) {
      if (clock.now() - readMs > keepMs) reading ??= read();
      if (known === null) await reading;
      return rowsRead(readings, known ?? []) * perRow >= heavyFrom ? 'heavy' : 'light';
    },
  };
}
