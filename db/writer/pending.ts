/**
 * What waits to be inserted, in one order: in memory while the store keeps up, on disk while it does not. Everything that
 * arrives while the store is away goes to disk, also what is being tried, so that a killed collector has it at its next
 * start. What is given up is told to `onLost`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';
import type { Batch, BatchFacts, UnqueuedBatch } from './batch.ts';
import { createMemoryQueue } from './memory-queue.ts';
import type { Spill } from './spill.ts';

export type LossCause =
  /** Memory was full. */
  | 'memory_full'
  /** The spill folder was full. */
  | 'spill_full'
  /** A spilled file could not be read again. */
  | 'spill_unreadable';

export interface Pending {
  /** Encoded bytes in memory. */
  readonly memoryBytes: number;
  readonly rows: number;
  /** Nothing waits, neither here nor there. */
  readonly isEmpty: boolean;
  /** Why the disk takes nothing at the moment; null when it does. */
  readonly spillProblem: string | null;
  push(batch: UnqueuedBatch): void;
  /** The oldest that is not taken; it stays until `done`. */
  take(): Promise<Batch | undefined>;
  /** Lets a taken batch be taken again. */
  putBack(batch: Batch): void;
  done(batch: Batch): Promise<void>;
  /** Whether batches are to be kept on disk rather than in memory. */
  keepOnDisk(isWanted: boolean): void;
  /** Tries once more to write what is in memory, and gives up the rest: the rows that are lost then. */
  leave(): Promise<readonly Batch[]>;
}

export interface PendingConfig {
  readonly maxBytes: number;
  readonly spill: Spill | null;
}

export interface PendingDeps {
  readonly log: Log;
  readonly onLost: (cause: LossCause, batch: BatchFacts) => void;
  /** Memory was freed. */
  readonly onRoom: () => void;
}

/** The disk is tried again so often while it is full. */
const retryMs = 1000;

export function createPending({ maxBytes, spill }: PendingConfig, deps: PendingDeps): Pending {
  const { log, onLost, onRoom } = deps;
  const memory = createMemoryQueue(maxBytes);
  const takenFromDisk = new Set<number>();
  let nextSequence = spill?.nextSequence ?? 1;
  let isWanted = false;
  let problem: string | null = null;
  let spilling: Promise<void> | null = null;
  const leaving = new AbortController();

  /** A disk that is slower than the store would only be in the way: a quarter of the memory is left to it first. */
  const wantsDisk = (): boolean =>
    spill !== null && (isWanted || spill.files - takenFromDisk.size > 0 || memory.bytes > maxBytes / 4);

  /** Larger than the folder may be: one that is being sent stays in memory. */
  const tooLarge = new WeakSet<Batch>();
  /** The taken ones are copied only when they may have to outlive us. */
  const nextToSpill = (): Batch | undefined => {
    for (const batch of memory.batches()) {
      if (spill?.has(batch.sequence) === true || tooLarge.has(batch)) continue;
      if (isWanted || !memory.isTaken(batch)) return batch;
    }
    return undefined;
  };

  const isTaken = (sequence: number): boolean =>
    takenFromDisk.has(sequence) || [...memory.batches()].some((b) => b.sequence === sequence && memory.isTaken(b));

  /** Whether the disk took it. */
  const spillOne = async (to: Spill, batch: Batch): Promise<boolean> => {
    const written = await to.write(batch, isTaken);
    if (!written.ok) {
      if (problem === null) {
        log.warn({ err: written.error, directory: to.directory }, 'cannot write to the spill folder, trying again');
      }
      problem = written.error.message;
      return false;
    }
    if (problem !== null) log.info({ directory: to.directory }, 'the spill folder takes batches again');
    problem = null;
    if (written.value.some((lost) => lost === batch)) {
      tooLarge.add(batch);
      if (memory.isTaken(batch)) return true;
    }
    for (const lost of written.value) onLost('spill_full', lost);
    // Sent or given up in the meantime: then the copy is of no use.
    if (!memory.has(batch)) await to.remove(batch.sequence);
    else if (!memory.isTaken(batch)) memory.remove(batch);
    onRoom();
    return true;
  };

  const spillAll = async (to: Spill): Promise<void> => {
    while (wantsDisk()) {
      const batch = nextToSpill();
      if (batch === undefined) return;
      if (await spillOne(to, batch)) continue;
      if (leaving.signal.aborted) return;
      await sleep(retryMs, undefined, { signal: leaving.signal }).catch(() => undefined);
    }
  };

  const wakeSpill = (): void => {
    if (spill === null || spilling !== null || leaving.signal.aborted) return;
    if (!wantsDisk() || nextToSpill() === undefined) return;
    spilling = spillAll(spill).finally(() => {
      spilling = null;
      // What came between its last look and now.
      wakeSpill();
    });
  };

  const takeFromDisk = async (from: Spill, sequence: number): Promise<Batch | undefined> => {
    takenFromDisk.add(sequence);
    try {
      return await from.read(sequence);
    } catch (error) {
      const facts = from.factsOf(sequence);
      log.error({ err: error, ...facts }, 'a spilled batch cannot be read, skipping it');
      if (facts !== undefined) onLost('spill_unreadable', facts);
      await from.remove(sequence);
      takenFromDisk.delete(sequence);
      return undefined;
    }
  };

  return {
    get memoryBytes() {
      return memory.bytes;
    },
    get rows() {
      let rows = spill?.rows ?? 0;
      for (const batch of memory.batches()) if (spill?.has(batch.sequence) !== true) rows += batch.rows;
      return rows;
    },
    get isEmpty() {
      return memory.bytes === 0 && (spill?.files ?? 0) === 0;
    },
    get spillProblem() {
      return problem;
    },
    push(batch) {
      const dropped = memory.push({ ...batch, sequence: nextSequence });
      nextSequence += 1;
      for (const lost of dropped) if (spill?.has(lost.sequence) !== true) onLost('memory_full', lost);
      wakeSpill();
    },
    async take() {
      for (;;) {
        const inMemory = memory.oldest();
        const onDisk = spill?.oldest(isTaken);
        if (spill === null || onDisk === undefined || (inMemory !== undefined && inMemory.sequence <= onDisk)) {
          if (inMemory !== undefined) memory.take(inMemory);
          return inMemory;
        }
        const batch = await takeFromDisk(spill, onDisk);
        if (batch !== undefined) return batch;
      }
    },
    putBack(batch) {
      memory.putBack(batch);
      takenFromDisk.delete(batch.sequence);
    },
    async done(batch) {
      memory.remove(batch);
      await spill?.remove(batch.sequence);
      takenFromDisk.delete(batch.sequence);
      onRoom();
    },
    keepOnDisk(wanted) {
      isWanted = wanted;
      wakeSpill();
    },
    async leave() {
      isWanted = true;
      leaving.abort();
      await spilling;
      if (spill !== null) await spillAll(spill);
      const lost = [...memory.batches()].filter(({ sequence }) => spill?.has(sequence) !== true);
      for (const batch of [...memory.batches()]) memory.remove(batch);
      return lost;
    },
  };
}
