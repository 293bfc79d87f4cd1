/** A file to import: its bytes, unpacked when they are packed, and what format they are in. Writes nothing. */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { constants, createGunzip, gunzipSync } from 'node:zlib';

import { ImportRefused } from '../db/import/checked-rows.ts';
import type { ImportFormat } from '../db/import-flows.ts';
import { isHubbleLine } from '../hubble/read-line.ts';
import { jsonOf } from './command-failed.ts';

export type FileFormat = ImportFormat | 'hubble';
export const fileFormats = ['csv', 'jsonl', 'hubble', 'parquet', 'arrow'] as const satisfies readonly FileFormat[];

export interface ImportFile {
  readonly path: string;
  readonly format: FileFormat;
  /** As it lies on disk. */
  readonly bytes: number;
  /** Unpacked; `onRead` is told of bytes as they lie on disk. */
  read(onRead: (bytes: number) => void): AsyncIterable<Uint8Array>;
}

/** What a file of lines begins with tells whose lines they are. */
const sniffedBytes = 1 << 16;
/** Names of files that hold lines of JSON, of ours or of Hubble's. */
const lineNames = new Set(['.jsonl', '.ndjson', '.json', '.log', '.hubble']);

/** Fails with `ImportRefused` when there is no such file, or nobody can tell what it is. */
export async function openImportFile(path: string, named: FileFormat | null): Promise<ImportFile> {
  try {
    const { size } = await stat(path);
    const head = await headOf(path);
    const isPacked = head.readUInt16BE(0) === 0x1f8b;
    const format = named ?? formatOf(path, isPacked ? unpackedHead(head) : head);
    return { path, format, bytes: size, read: (onRead) => bytesOf(path, isPacked, onRead) };
  } catch (error) {
    throw refusalOf(error);
  }
}

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(sniffedBytes), 0, sniffedBytes, 0);
    // An empty file has two zero bytes: it is not packed.
    return buffer.subarray(0, Math.max(2, bytesRead));
  } finally {
    await file.close();
  }
}

function unpackedHead(head: Buffer): Buffer {
  return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
}

function formatOf(path: string, head: Buffer): FileFormat {
  const name = basename(path).replace(/\.gz$/, '');
  const extension = extname(name);
  const format = fileFormats.find((one) => `.${one}` === extension);
  if (!lineNames.has(extension)) {
    if (format !== undefined) return format;
    throw new ImportRefused(`its name does not say what it is: name it with --format ${fileFormats.join('|')}`);
  }
  const lines = head.toString().split('\n');
  const first = lines.map(jsonOf).find((value) => typeof value === 'object' && value !== null);
  if (first !== undefined) return isHubbleLine(first) ? 'hubble' : 'jsonl';
  return format ?? 'jsonl';
}

async function* bytesOf(path: string, isPacked: boolean, onRead: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const packed = counted(createReadStream(path), onRead);
  // The callback has nothing to tell: what fails ends the unpacked stream with the same error.
  const bytes = isPacked
    ? pipeline(Readable.from(packed, { objectMode: false }), createGunzip(), () => undefined)
    : packed;
  try {
    for await (const chunk of bytes) yield chunk as Buffer;
  } catch (error) {
    throw refusalOf(error);
  }
}

async function* counted(body: AsyncIterable<Buffer>, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    onRead(chunk.length);
    yield chunk;
  }
}

function refusalOf(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ImportRefused || !('code' in error)) return error;
  const { code } = error;
  if (code === 'ENOENT') return new ImportRefused('there is no such file', { cause: error });
  if (code === 'EISDIR') return new ImportRefused('this is a directory: name the files in it', { cause: error });
  if (code === 'EACCES') return new ImportRefused('it may not be read by this user', { cause: error });
  const isZlib = typeof code === 'string' && code.startsWith('Z_');
  return new ImportRefused(isZlib ? `it cannot be unpacked, or is cut off: ${error.message}` : error.message, {
    cause: error,
  });
}
