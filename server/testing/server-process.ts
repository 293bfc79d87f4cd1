/** Runs server/main.ts as the process it is. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { z } from 'zod';

export interface ServerProcess {
  readonly child: ChildProcess;
  /** Of the ready message; rejects with the exit code and what was said when it does not come. */
  readonly ready: Promise<string>;
  readonly exit: Promise<number | null>;
  said(): string;
}

const here = dirname(fileURLToPath(import.meta.url));
const readySchema = z.object({ ready: z.literal(true), url: z.string() });
let bundled: Promise<string> | null = null;

/** Below node_modules, so that the bundle finds its packages. */
async function bundle(): Promise<string> {
  let root = here;
  while (!existsSync(join(root, 'node_modules'))) root = dirname(root);
  const directory = join(root, 'node_modules', '.cache', `palomar-server-${process.pid}`);
  mkdirSync(directory, { recursive: true });
  const outfile = join(directory, 'main.mjs');
  await build({
    entryPoints: [join(here, '..', 'main.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    outfile,
    logLevel: 'warning',
  });
  return outfile;
}

export async function spawnServer(environment: Readonly<Record<string, string>>): Promise<ServerProcess> {
  bundled ??= bundle();
  const child = spawn(process.execPath, [await bundled], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      NODE_ENV: 'production',
      PATH: process.env['PATH'] ?? '',
      PALOMAR_LISTEN: '127.0.0.1:0',
      PALOMAR_LOG_LEVEL: 'warn',
      ...environment,
    },
  });
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-10_000);
  });
  const exit = once(child, 'exit').then(() => child.exitCode);
  const ready = new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve(readySchema.parse(message).url));
    child.once('close', (code) => reject(new Error(`exit ${String(code)}: ${output}`)));
  });
  return { child, ready, exit, said: () => output };
}
