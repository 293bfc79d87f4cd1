/**
 * Encoded batches that wait to be inserted, oldest first, bounded by bytes: past the bound the oldest is given up and
 * counted, except the one that is being sent.
 */
import type { Table } from '../tables.ts';

export interface Batch {
  readonly table: Table;
  readonly rows: number;
  readonly body: Uint8Array;
  /** The same on every attempt, so that the store counts the batch once. */
  readonly token: string;
}

export interface BatchQueue {
  readonly bytes: number;
  readonly rows: number;
  /** Appends, and returns what had to go to stay inside the bound. */
  push(batch: Batch): readonly Batch[];
  /** The oldest batch, which stays in the queue, safe from being given up, until `done`. */
  take(): Batch | undefined;
  done(): void;
}

export function createBatchQueue(maxBytes: number): BatchQueue {
  const batches: Batch[] = [];
  let bytes = 0;
  let rows = 0;
  let isHeadTaken = false;

  const removeAt = (index: number): Batch[] => {
    const removed = batches.splice(index, 1);
    for (const batch of removed) {
      bytes -= batch.body.length;
      rows -= batch.rows;
    }
    return removed;
  };

  return {
    get bytes() {
      return bytes;
    },
    get rows() {
      return rows;
    },
    push(batch) {
      batches.push(batch);
      bytes += batch.body.length;
      rows += batch.rows;
      const dropped: Batch[] = [];
      const first = isHeadTaken ? 1 : 0;
      while (bytes > maxBytes && batches.length > first + 1) dropped.push(...removeAt(first));
      return dropped;
    },
    take() {
      isHeadTaken = batches.length > 0;
      return batches[0];
    },
    done() {
      isHeadTaken = false;
      removeAt(0);
    },
  };
}
