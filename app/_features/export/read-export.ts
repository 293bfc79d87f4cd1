/**
 * Reads an export as it comes and keeps it for saving: counts what came, stops when asked, and takes no part of it for
 * the whole. What does not fit in memory is left to the browser's own download.
 */
import { errorSchema } from '../../../model/api.ts';
import { formatBytes } from '../../_viz/format/quantities.ts';

export const mostBytes = 200e6;

export interface Progress {
  readonly bytes: number;
}

export class ExportFailure extends Error {
  override readonly name = 'ExportFailure';
}

export async function readExport(
  url: string,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<Blob> {
  const response = await fetch(url, { signal });
  if (!response.ok || response.body === null) throw new ExportFailure(await reasonOf(response));
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let progress: Progress = { bytes: 0 };
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await next(reader, progress, signal);
    if (done) break;
    parts.push(value);
    progress = { bytes: progress.bytes + value.length };
    onProgress(progress);
    if (progress.bytes > mostBytes) {
      await reader.cancel();
      throw new ExportFailure('This is more than a page can keep: take the browser’s download instead.');
    }
  }
  return new Blob(parts, { type: response.headers.get('content-type') ?? '' });
}

async function next(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  { bytes }: Progress,
  signal: AbortSignal,
): Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>> {
  try {
    return await reader.read();
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new ExportFailure(`The transfer broke off after ${formatBytes(bytes)}; nothing was saved.`, { cause });
  }
}

async function reasonOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  const parsed = errorSchema.safeParse(body);
  return parsed.success ? parsed.data.error.message : `The server answered ${response.status}.`;
}
