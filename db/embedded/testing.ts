/** Starts the embedded store as the process it is, for integration tests of any room. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { z } from 'zod';

export interface RunningStore {
  /** CLICKHOUSE_URL of this store, database `palomar`. */
  readonly url: string;
  readonly pid: number;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** A start that did not get as far as serving. */
export class StoreNotStarted extends Error {
  readonly exitCode: number | null;
  readonly output: string;
  constructor(exitCode: number | null, output: string) {
    super(`the embedded store did not start (exit ${String(exitCode)}): ${output}`);
    this.exitCode = exitCode;
    this.output = output;
  }
}

/**
 * Why integration tests cannot run here; null when they can. Said aloud, and an error where a skip must not pass
 * unnoticed.
 */
export function whyNoEngine(): string | null {
  try {
    createRequire(import.meta.url).resolve('chdb');
    return null;
  } catch (error) {
    if (process.env['REQUIRE_SERVICES'] === '1') throw error;
    const reason = `skipped: the embedded engine is not installed (${String(error)})`;
    console.warn(reason);
    return reason;
  }
}

const here = dirname(fileURLToPath(import.meta.url));
const readySchema = z.object({ ready: z.literal(true), url: z.string() });
let bundled: Promise<string> | null = null;

/** Below node_modules, so that the bundle finds its packages; named by its content, so that runs share it. */
async function bundle(): Promise<string> {
  let root = here;
  while (!existsSync(join(root, 'node_modules'))) root = dirname(root);
  const { outputFiles } = await build({
    entryPoints: [join(here, 'main.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    write: false,
    logLevel: 'warning',
  });
  const code = outputFiles.map(({ text }) => text).join('');
  const directory = join(root, 'node_modules', '.cache', 'palomar-store');
  const outfile = join(directory, `${createHash('sha256').update(code).digest('hex').slice(0, 16)}.mjs`);
  if (!existsSync(outfile)) {
    mkdirSync(directory, { recursive: true });
    // Another run may be writing the same: whoever renames last leaves the same bytes.
    const partial = `${outfile}.${process.pid}`;
    writeFileSync(partial, code);
    renameSync(partial, outfile);
  }
  return outfile;
}

/** `environment` goes over the defaults: any free port, eight threads, warnings only. */
export async function startEmbeddedStore(
  directory: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningStore> {
  bundled ??= bundle();
  const child = spawn(process.execPath, [await bundled], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      ...process.env,
      PALOMAR_DATA_DIR: directory,
      PALOMAR_STORE_LISTEN: '127.0.0.1:0',
      PALOMAR_LOG_LEVEL: 'warn',
      UV_THREADPOOL_SIZE: '8',
      ...environment,
    },
  });
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-10_000);
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve(readySchema.parse(message).url));
    child.once('close', (code) => reject(new StoreNotStarted(code, output.trim())));
  });
  return {
    url,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      return exitOf(child);
    },
    async kill() {
      child.kill('SIGKILL');
      await exitOf(child);
    },
  };
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}
