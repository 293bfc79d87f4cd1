/**
 * Short-lived files between HTTP bodies and the engine: it takes binary rows only from a file, and writes large
 * documents best into one. They live beside the data and are gone when the request is.
 */
import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createQueryLanes } from './query-lanes.ts';
import { StoreError } from './store-error.ts';

export interface Spool {
  /** Writes `body` to a file, hands its path to `use`, and removes it whatever happens. */
  withBody<T>(body: Readable, signal: AbortSignal, use: (path: string, bytes: number) => Promise<T>): Promise<T>;
  /** A path that `use` may write to. */
  withFile<T>(use: (path: string) => Promise<T>): Promise<T>;
}

/** Call it only after the data directory is ours: it removes what a killed process left. */
export function createSpool(config: { readonly directory: string; readonly maxBodyBytes: number }): Spool {
  const { directory, maxBodyBytes } = config;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });

  // Bodies on disk at once; the others wait in their sockets.
  const lanes = createQueryLanes({ parallel: 8, maxWaiting: 128 });

  const withFile: Spool['withFile'] = async (use) => {
    const path = join(directory, randomUUID());
    try {
      return await use(path);
    } finally {
      await rm(path, { force: true });
    }
  };

  return {
    withFile,
    async withBody(body, signal, use) {
      const leave = await lanes.enter(signal);
      try {
        return await withFile(async (path) => {
          let bytes = 0;
          const meter = new Transform({
            transform(chunk: Buffer, _encoding, done) {
              bytes += chunk.length;
              done(bytes > maxBodyBytes ? tooLarge(maxBodyBytes) : null, chunk);
            },
          });
          await pipeline(body, meter, createWriteStream(path, { mode: 0o600 }), { signal });
          return use(path, bytes);
        });
      } finally {
        leave();
      }
    },
  };
}

export function tooLarge(limit: number): StoreError {
  return new StoreError(307, 'TOO_MANY_BYTES', `The request's body is larger than ${limit} bytes`);
}
