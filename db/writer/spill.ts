/**
 * Batches that wait for the store on disk, a file each, bounded: past the bound the oldest goes and is told to who counts.
 * A file appears under its name only when it is complete, so that a killed process leaves at most one torn one behind,
 * which the next start counts. Refuses a folder that another process writes to.
 */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { err, ok, type Result } from '../../model/result.ts';
import type { Batch, BatchFacts } from './batch.ts';
import { encodeSpillFile, inspectSpillFile, readSpillFile } from './spill-file.ts';

export interface SpillConfig {
  readonly directory: string;
  readonly maxBytes: number;
}

export interface Spill {
  readonly directory: string;
  readonly maxBytes: number;
  readonly files: number;
  /** What they take on disk. */
  readonly bytes: number;
  readonly rows: number;
  /** The number the next batch may have at least. */
  readonly nextSequence: number;
  /** Files found at the start that were not whole: their rows are lost, those of a file without a head unknown. */
  readonly torn: { readonly files: number; readonly rows: number };
  has(sequence: number): boolean;
  /**
   * Writes a batch; the value is what had to go to make room for it, never one that is taken, or the batch itself when it
   * is larger than the whole folder may be. The error is why the disk did not take it.
   */
  write(batch: Batch, isTaken: (sequence: number) => boolean): Promise<Result<readonly BatchFacts[], Error>>;
  /** The number of the oldest that is not taken. */
  oldest(isTaken: (sequence: number) => boolean): number | undefined;
  read(sequence: number): Promise<Batch>;
  factsOf(sequence: number): BatchFacts | undefined;
  remove(sequence: number): Promise<void>;
  /** Lets another process have the folder. What is in it stays. */
  close(): void;
}

const suffix = '.batch';
const partialSuffix = '.partial';
const ownerFile = 'owner';
/** What a small file takes on disk. */
const blockBytes = 4096;

const sizeOnDisk = (bytes: number): number => Math.ceil(bytes / blockBytes) * blockBytes;
const nameOf = (sequence: number): string => `${String(sequence).padStart(16, '0')}${suffix}`;

interface Kept extends BatchFacts {
  readonly bytes: number;
}

/** Opens the folder and finds what an earlier run left in it. The error is one sentence for who set it. */
export function openSpill(config: SpillConfig): Result<Spill, string> {
  const { directory } = config;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const owner = ownerOf(join(directory, ownerFile));
    if (owner !== null) return err(`${directory} is in use by pid ${owner}: give every collector a folder of its own`);
    claim(join(directory, ownerFile));
    return ok(createSpill(config, findKept(directory)));
  } catch (error) {
    return err(`cannot use ${directory}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

interface Found {
  readonly kept: ReadonlyMap<number, Kept>;
  readonly torn: { readonly files: number; readonly rows: number };
}

function findKept(directory: string): Found {
  const kept = new Map<number, Kept>();
  const torn = { files: 0, rows: 0 };
  for (const name of readdirSync(directory).sort()) {
    const isPartial = name.endsWith(partialSuffix);
    if (!isPartial && !name.endsWith(suffix)) continue;
    const path = join(directory, name);
    const { facts, bytes, isWhole } = inspectSpillFile(path);
    const sequence = Number.parseInt(name, 10);
    if (facts !== null && isWhole && Number.isSafeInteger(sequence)) {
      // Killed between the last byte and the name.
      if (isPartial) renameSync(path, join(directory, nameOf(sequence)));
      kept.set(sequence, { table: facts.table, rows: facts.rows, bytes: sizeOnDisk(bytes) });
    } else {
      torn.files += 1;
      torn.rows += facts?.rows ?? 0;
      unlinkSync(path);
    }
  }
  return { kept, torn };
}

/** The pid of a process that has the folder; null when it is free. A pid alone may be another program's by now. */
function ownerOf(path: string): number | null {
  if (!existsSync(path)) return null;
  const [pid = '', start = ''] = readFileSync(path, 'utf8').trim().split(' ');
  if (pid === '' || Number(pid) === process.pid) return null;
  return start !== '' && startOf(pid) === start ? Number(pid) : null;
}

/** When a process began, in ticks since boot; empty when there is none. */
function startOf(pid: string): string {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return '';
  const text = readFileSync(path, 'utf8');
  // The name of the program stands in brackets and may hold anything.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** A full disk must not keep the collector from starting: then the folder is used without a mark. */
function claim(path: string): void {
  try {
    writeFileSync(path, `${process.pid} ${startOf(String(process.pid))}\n`);
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}

export function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

function createSpill({ directory, maxBytes }: SpillConfig, found: Found): Spill {
  /** In the order of their numbers, which is that of insertion. */
  const kept = new Map(found.kept);
  let bytes = [...kept.values()].reduce((sum, file) => sum + file.bytes, 0);
  let rows = [...kept.values()].reduce((sum, file) => sum + file.rows, 0);
  const nextSequence = Math.max(0, ...kept.keys()) + 1;
  const pathOf = (sequence: number): string => join(directory, nameOf(sequence));

  const forget = (sequence: number): Kept | undefined => {
    const file = kept.get(sequence);
    if (file === undefined) return undefined;
    kept.delete(sequence);
    bytes -= file.bytes;
    rows -= file.rows;
    return file;
  };
  const remove = async (sequence: number): Promise<void> => {
    if (forget(sequence) !== undefined) await rm(pathOf(sequence), { force: true });
  };
  /** Oldest first, until `size` more fit. */
  const makeRoom = async (size: number, isTaken: (sequence: number) => boolean): Promise<BatchFacts[]> => {
    const dropped: BatchFacts[] = [];
    for (const [sequence, file] of kept) {
      if (bytes + size <= maxBytes) break;
      if (isTaken(sequence)) continue;
      await remove(sequence);
      dropped.push(file);
    }
    return dropped;
  };

  return {
    directory,
    maxBytes,
    nextSequence,
    torn: found.torn,
    get files() {
      return kept.size;
    },
    get bytes() {
      return bytes;
    },
    get rows() {
      return rows;
    },
    has: (sequence) => kept.has(sequence),
    factsOf: (sequence) => kept.get(sequence),
    async write(batch, isTaken) {
      const { sequence, table } = batch;
      const partial = join(directory, `${nameOf(sequence)}${partialSuffix}`);
      try {
        const file = await encodeSpillFile(batch);
        const size = sizeOnDisk(file.length);
        if (size > maxBytes) return ok([batch]);
        const dropped = await makeRoom(size, isTaken);
        await writeFile(partial, file, { mode: 0o600 });
        await rename(partial, pathOf(sequence));
        kept.set(sequence, { table, rows: batch.rows, bytes: size });
        bytes += size;
        rows += batch.rows;
        return ok(dropped);
      } catch (error) {
        await rm(partial, { force: true });
        return err(error instanceof Error ? error : new Error(String(error)));
      }
    },
    oldest(isTaken) {
      for (const sequence of kept.keys()) if (!isTaken(sequence)) return sequence;
      return undefined;
    },
    read: (sequence) => readSpillFile(pathOf(sequence), sequence),
    remove,
    close: () => rmSync(join(directory, ownerFile), { force: true }),
  };
}
