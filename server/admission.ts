/**
 * Lets a question to the store: at once, when it is its turn, or not at all. What would read more than a question may is
 * refused before the store reads it, with smaller questions that are allowed; so is what turned out to be too much.
 */
import { rowsRead } from '../db/queries/readings.ts';
import type { Sql } from '../db/sql.ts';
import { offersOf, type Cost, type StoredRowsSource, weightOf } from './cost.ts';
import { StoreError } from './failure.ts';
import type { Turns, Weight } from './turns.ts';

export interface AdmissionConfig {
  /** Most rows that a question may read; 0: any number. */
  readonly maxRows: number;
}

export interface AdmissionDeps {
  readonly source: StoredRowsSource;
  readonly turns: Turns;
  /** Of rows that the store would read for it. Throws `StoreError`. */
  readonly estimate: (query: Sql, signal: AbortSignal) => Promise<number>;
}

export interface Admission {
  /** `work` throws `StoreError`. */
  admit<T>(cost: Cost, signal: AbortSignal, work: (weight: Exclude<Weight, 'export'>) => Promise<T>): Promise<T>;
}

export function createAdmission({ maxRows }: AdmissionConfig, deps: AdmissionDeps): Admission {
  const { source, turns, estimate } = deps;
  const limit = maxRows === 0 ? Infinity : maxRows;

  return {
    async admit(cost, signal, work) {
      const stored = await source.read();
      const held = rowsRead(cost.readings(cost.of), stored);
      const { query } = cost;
      // The list of parts knows no filters: what looks too much by it may still find little to read.
      if (held > limit && query !== null) {
        const rows = await turns.take('light', signal, () => estimate(query(), signal));
        if (rows > limit) {
          const offers = offersOf(cost, stored, limit, Math.min(1, rows / held));
          throw new StoreError('too_expensive', tooMany(rows, maxRows), { refusal: { rows, limit: maxRows, offers } });
        }
      }
      const weight = weightOf(cost, stored);
      try {
        return await turns.take(weight, signal, () => work(weight));
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'too_expensive') throw error;
        const offers = offersOf(cost, stored, Math.min(limit, held / 2), 1);
        const refusal = { rows: null, limit: maxRows, offers };
        throw new StoreError('too_expensive', error.message, { cause: error.cause, refusal });
      }
    },
  };
}

const printed = (count: number): string => count.toLocaleString('en-US');

function tooMany(rows: number, maxRows: number): string {
  return `this would read about ${printed(rows)} rows, more than the ${printed(maxRows)} that a question may (PALOMAR_QUERY_MAX_ROWS): choose a shorter range or a narrower filter`;
}
