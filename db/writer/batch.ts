import type { Table } from '../tables.ts';

/** Encoded rows on their way into one table. */
export interface Batch {
  /** Rises with every batch, also over restarts when batches are kept on disk: the order in which they are sent. */
  readonly sequence: number;
  readonly table: Table;
  readonly rows: number;
  readonly body: Uint8Array;
  /** The same on every attempt, so that the store counts the batch once. */
  readonly token: string;
}

/** What is to be known of a batch that is gone. */
export type BatchFacts = Pick<Batch, 'table' | 'rows'>;

/** One that has no place in the order. */
export type UnqueuedBatch = Omit<Batch, 'sequence'>;
