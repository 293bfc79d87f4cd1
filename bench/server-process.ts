/** The built server on a port of its own over a given store, handing out the built page; gone after `stop()`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';

export interface ServerProcess {
  readonly url: string;
  stop(): Promise<void>;
}

const readySchema = z.object({ ready: z.literal(true), url: z.string() });

/** `entry` is the built server/main.js, `directory` what `next build` exported. */
export async function startServer(entry: string, directory: string, storeUrl: string): Promise<ServerProcess> {
  const child = spawn(process.execPath, [entry], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      CLICKHOUSE_URL: storeUrl,
      PALOMAR_APP_DIR: directory,
      PALOMAR_LISTEN: '127.0.0.1:0',
      PALOMAR_LOG_LEVEL: 'warn',
      PALOMAR_STORE_EMBEDDED: '1',
    },
  });
  const exited = once(child, 'exit');
  const abandon = (): void => void child.kill('SIGKILL');
  process.once('exit', abandon);
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve(readySchema.parse(message).url));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the server did not start (exit ${String(code)})`)));
  });
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await exited;
      process.off('exit', abandon);
    },
  };
}
