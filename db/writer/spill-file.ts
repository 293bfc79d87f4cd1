/**
 * One batch as a file: a line that says what it is, then its rows, gzipped. The line tells how long the file has to be,
 * so that a torn one is known without reading its rows; gzip's own checksum finds the rest.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import { tableNames } from '../tables.ts';
import type { Batch, BatchFacts } from './batch.ts';

const magic = 'palomar-spill 1 ';
/** More than any head takes. */
const headRoom = 512;

const headSchema = z.object({
  table: z.enum(tableNames),
  rows: z.number().int().nonnegative(),
  token: z.string(),
  /** Of what follows the line. */
  bytes: z.number().int().nonnegative(),
});
type Head = z.infer<typeof headSchema>;

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** The fastest level: columns of Native shrink by half and more with it already. */
export async function encodeSpillFile({ table, rows, token, body }: Batch): Promise<Uint8Array> {
  const packed = await compress(body, { level: constants.Z_BEST_SPEED });
  const head: Head = { table, rows, token, bytes: packed.length };
  return Buffer.concat([Buffer.from(`${magic}${JSON.stringify(head)}\n`), packed]);
}

function parseHead(start: Buffer): { readonly head: Head; readonly bodyAt: number } | null {
  const end = start.indexOf('\n');
  const line = end < 0 ? '' : start.toString('utf8', 0, end);
  if (!line.startsWith(magic)) return null;
  try {
    return { head: headSchema.parse(JSON.parse(line.slice(magic.length))), bodyAt: end + 1 };
  } catch {
    // Torn or not ours: the caller counts it, and there is no more to learn from how it is broken.
    return null;
  }
}

/** What a file holds, as far as its beginning tells; `isWhole` when it is as long as it has to be. */
export function inspectSpillFile(path: string): { facts: BatchFacts | null; bytes: number; isWhole: boolean } {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(headRoom);
    const length = readSync(file, start, 0, headRoom, 0);
    const { size } = fstatSync(file);
    const parsed = parseHead(start.subarray(0, length));
    if (parsed === null) return { facts: null, bytes: size, isWhole: false };
    return { facts: parsed.head, bytes: size, isWhole: size === parsed.bodyAt + parsed.head.bytes };
  } finally {
    closeSync(file);
  }
}

/** Throws when the file cannot be read or is not what was written. */
export async function readSpillFile(path: string, sequence: number): Promise<Batch> {
  const bytes = await readFile(path);
  const parsed = parseHead(bytes.subarray(0, headRoom));
  if (parsed === null) throw new Error(`${path} is no spilled batch`);
  const { table, rows, token } = parsed.head;
  return { sequence, table, rows, token, body: await decompress(bytes.subarray(parsed.bodyAt)) };
}
