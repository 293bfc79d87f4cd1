/**
 * Batches that wait in memory, oldest first, bounded by bytes: past the bound the oldest is given up, except what is being
 * sent. It counts nothing: who pushes is told what had to go.
 */
import type { Batch } from './batch.ts';

export interface MemoryQueue {
  readonly bytes: number;
  /** Appends, and returns what had to go to stay inside the bound. */
  push(batch: Batch): readonly Batch[];
  /** The oldest that nobody took; it stays, safe from being given up, until it is removed. */
  oldest(): Batch | undefined;
  take(batch: Batch): void;
  isTaken(batch: Batch): boolean;
  /** Lets a taken batch be taken again. */
  putBack(batch: Batch): void;
  remove(batch: Batch): void;
  has(batch: Batch): boolean;
  batches(): Iterable<Batch>;
}

export function createMemoryQueue(maxBytes: number): MemoryQueue {
  const batches: Batch[] = [];
  const taken = new Set<Batch>();
  let bytes = 0;

  const remove = (batch: Batch): void => {
    const index = batches.indexOf(batch);
    if (index < 0) return;
    batches.splice(index, 1);
    taken.delete(batch);
    bytes -= batch.body.length;
  };
  const oldest = (): Batch | undefined => batches.find((batch) => !taken.has(batch));

  return {
    get bytes() {
      return bytes;
    },
    push(batch) {
      batches.push(batch);
      bytes += batch.body.length;
      const dropped: Batch[] = [];
      for (let first = oldest(); bytes > maxBytes && first !== undefined && first !== batch; first = oldest()) {
        remove(first);
        dropped.push(first);
      }
      return dropped;
    },
    oldest,
    take: (batch) => void taken.add(batch),
    isTaken: (batch) => taken.has(batch),
    putBack: (batch) => void taken.delete(batch),
    remove,
    has: (batch) => batches.includes(batch),
    batches: () => batches,
  };
}
