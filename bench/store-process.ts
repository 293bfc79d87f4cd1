/** An embedded store of our own: the built process in a temporary directory, both gone after `stop()`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

export interface StoreProcess {
  /** CLICKHOUSE_URL, database `palomar`. */
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const stopWithinMs = 10_000;
const readySchema = z.object({ ready: z.literal(true), url: z.string() });

/** `entry` is the built db/embedded/main.js. */
export async function startStore(entry: string): Promise<StoreProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'palomar-bench-'));
  const child = spawn(process.execPath, [entry], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      PALOMAR_DATA_DIR: directory,
      PALOMAR_STORE_LISTEN: '127.0.0.1:0',
      PALOMAR_LOG_LEVEL: 'warn',
      UV_THREADPOOL_SIZE: '8',
    },
  });
  const exited = once(child, 'exit');
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const abandon = (): void => {
    child.kill('SIGKILL');
    remove();
  };
  process.once('exit', abandon);
  try {
    const url = await new Promise<string>((resolve, reject) => {
      child.once('message', (message) => resolve(readySchema.parse(message).url));
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`the store did not start (exit ${String(code)})`)));
    });
    return {
      url,
      pid: child.pid ?? 0,
      async stop() {
        child.kill('SIGTERM');
        const impatient = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
        await exited;
        clearTimeout(impatient);
        process.off('exit', abandon);
        remove();
      },
    };
  } catch (error) {
    process.off('exit', abandon);
    abandon();
    throw error;
  }
}
