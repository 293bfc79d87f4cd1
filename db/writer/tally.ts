/** Counts what became of the rows that a writer was given. Every way of losing one has a counter of its own. */
import type { BatchFacts } from './batch.ts';
import type { LossCause } from './pending.ts';

export interface Losses {
  /** Given up: too many were pending in memory, or the writer stopped before the store answered. */
  readonly rowsDropped: number;
  /** Refused by the store as unreadable, or incomplete before they were sent. */
  readonly rowsRejected: number;
  /** The oldest of a full spill folder. */
  readonly spillRowsDropped: number;
  /** In files of the spill folder that were torn or could not be read again. */
  readonly spillRowsUnreadable: number;
}

export interface Counts extends Losses {
  /** Acknowledged by the store. Rows of `endpoints` and `node_status` count nowhere here: they are appended again. */
  readonly rowsWritten: number;
  readonly batchesWritten: number;
  readonly retries: number;
  /** When the store last acknowledged a batch; null before the first. */
  readonly acknowledgedMs: number | null;
}

export interface Tally {
  readonly counts: Counts;
  /** Rises when rows of `endpoints` are known not to be in the store. */
  readonly endpointsEpoch: number;
  written(batch: BatchFacts): void;
  lost(cause: LossCause | 'rejected' | 'stopped', batch: BatchFacts): void;
  retried(): void;
  /** The store lost its tables, and with them every endpoint. */
  endpointsGone(): void;
}

const counterOf = {
  memory_full: 'rowsDropped',
  stopped: 'rowsDropped',
  rejected: 'rowsRejected',
  spill_full: 'spillRowsDropped',
  spill_unreadable: 'spillRowsUnreadable',
} as const;

/** The rows of a batch that count. */
export function rowsOf({ table, rows }: BatchFacts): number {
  return table === 'endpoints' || table === 'node_status' ? 0 : rows;
}

/** `tornRows`: what an earlier process had left and is lost already. */
export function createTally(tornRows: number, clock: { now(): number }): Tally {
  const counts = {
    rowsWritten: 0,
    rowsDropped: 0,
    rowsRejected: 0,
    spillRowsDropped: 0,
    spillRowsUnreadable: tornRows,
    batchesWritten: 0,
    retries: 0,
    acknowledgedMs: null as number | null,
  };
  let endpointsEpoch = 0;
  return {
    counts,
    get endpointsEpoch() {
      return endpointsEpoch;
    },
    written(batch) {
      counts.rowsWritten += rowsOf(batch);
      if (batch.table !== 'endpoints') counts.batchesWritten += 1;
      counts.acknowledgedMs = clock.now();
    },
    lost(cause, batch) {
      counts[counterOf[cause]] += rowsOf(batch);
      if (batch.table === 'endpoints') endpointsEpoch += 1;
    },
    retried() {
      counts.retries += 1;
    },
    endpointsGone() {
      endpointsEpoch += 1;
    },
  };
}

/** Every way in which rows do not get to the store. */
export function lossesOf({ rowsDropped, rowsRejected, spillRowsDropped, spillRowsUnreadable }: Losses): Losses {
  return { rowsDropped, rowsRejected, spillRowsDropped, spillRowsUnreadable };
}
