/** The whole of Palomar as a user starts it, for the specs: `npm start` without the set-up, in a data directory of its own. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import type { z } from 'zod';

import {
  flowsResponseSchema,
  healthSchema,
  mapResponseSchema,
  type FlowsResponse,
  type MapResponse,
} from '../model/api.ts';

export interface Stack {
  readonly url: string;
  readonly dataDir: string;
  /** Every line the terminal showed. */
  readonly lines: readonly string[];
  map(query?: Record<string, string>): Promise<MapResponse>;
  flows(query?: Record<string, string>): Promise<FlowsResponse>;
  health(): Promise<z.infer<typeof healthSchema>>;
  /** Pid of the running child whose command line contains `part`. */
  pidOf(part: string): Promise<number>;
  parentOf(pid: number): Promise<number>;
  /** SIGTERM; resolves to the exit code and how long it took. The data directory stays for another start. */
  stop(): Promise<{ code: number | null; ms: number }>;
  /** Removes the data directory, after a stop if that has not happened. */
  remove(): Promise<void>;
}

export interface StackOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly dataDir?: string;
  /** Words put before node, such as setpriv and its flags. */
  readonly prefix?: readonly string[];
  readonly readyMs?: number;
}

const root = process.cwd();

export async function makeDataDir(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'palomar-e2e-'));
}

/** Runs the command line to its end; for starts that are refused. */
export async function runStart(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly prefix?: readonly string[] } = {},
): Promise<{ code: number | null; lines: string[] }> {
  const { child, lines } = launch(args, options.env ?? {}, options.prefix ?? []);
  const code = await exit(child);
  return { code, lines };
}

function launch(args: readonly string[], env: Readonly<Record<string, string>>, prefix: readonly string[]) {
  const [command = '', ...rest] = [...prefix, process.execPath, join(root, 'dist/cli/main.js'), 'start', ...args];
  const child = spawn(command, rest, {
    cwd: root,
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, INIT_CWD: root, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  }
  return { child, lines };
}

const exit = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((done) => child.once('close', (code) => done(code)));

/** Starts and waits for the "ready" line. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const dataDir = options.dataDir ?? (await makeDataDir());
  const args = ['--port', '0', '--store-port', '0', '--data-dir', dataDir, ...options.args];
  const { child, lines } = launch(args, options.env ?? {}, options.prefix ?? []);
  const exited = exit(child);

  const readyLine = async (): Promise<string> => {
    for (;;) {
      const url = lines.map((line) => /^\s*ready\s+(http:\S+)/.exec(line)?.[1]).find((found) => found !== undefined);
      if (url !== undefined) return url;
      await sleep(50);
    }
  };
  const url = await Promise.race([
    readyLine(),
    exited.then((code) => Promise.reject(new Error(`ended with ${code} before it was ready:\n${lines.join('\n')}`))),
    sleep(options.readyMs ?? 90_000).then(() => Promise.reject(new Error(`not ready:\n${lines.join('\n')}`))),
  ]);

  const get = async <S extends z.ZodType>(
    path: string,
    query: Record<string, string>,
    schema: S,
  ): Promise<z.infer<S>> => {
    const response = await fetch(new URL(`${path}?${new URLSearchParams(query).toString()}`, url));
    const body: unknown = await response.json();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(body)}`);
    return schema.parse(body);
  };

  const stop = async (): Promise<{ code: number | null; ms: number }> => {
    const startedMs = performance.now();
    child.kill('SIGTERM');
    const code = await exited;
    return { code, ms: performance.now() - startedMs };
  };

  return {
    url,
    dataDir,
    lines,
    map: (query = {}) => get('/api/v1/map', query, mapResponseSchema),
    flows: (query = {}) => get('/api/v1/flows', query, flowsResponseSchema),
    health: () => get('/api/v1/health', {}, healthSchema),
    pidOf: (part) => descendant(child.pid ?? 0, part),
    parentOf,
    stop,
    remove: async () => {
      await stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Field 4 of proc(5) stat, counted after the command's closing bracket. */
async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** A process below `ancestor` whose command line contains `part`. */
async function descendant(ancestor: number, part: string): Promise<number> {
  const parents = new Map<number, number>();
  const commands = new Map<number, string>();
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    try {
      parents.set(pid, await parentOf(pid));
      commands.set(pid, (await readFile(`/proc/${entry}/cmdline`, 'utf8')).replaceAll('\0', ' '));
    } catch (error) {
      // It ended between the listing and the read.
      if (!(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')))
        throw error;
    }
  }
  const isBelow = (pid: number): boolean => {
    for (let at = parents.get(pid); at !== undefined && at > 1; at = parents.get(at)) if (at === ancestor) return true;
    return false;
  };
  const found = [...commands].filter(([pid, command]) => command.includes(part) && isBelow(pid)).map(([pid]) => pid);
  const pid = found[0];
  if (pid === undefined) throw new Error(`no process below ${ancestor} runs ${part}`);
  return pid;
}

/** Asks again until `probe` gives something other than null, for at most `ms`; the error carries the last answer. */
export async function eventually<T>(ms: number, probe: () => Promise<T | null>, describe: () => string): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const value = await probe();
    if (value !== null) return value;
    if (performance.now() > deadline) throw new Error(`not within ${ms / 1000} s: ${describe()}`);
    await sleep(500);
  }
}

/** The embedded store's URL with its password, for a client of the test's own. */
export async function embeddedStoreUrl(stack: Stack): Promise<string> {
  const password = (await readFile(join(stack.dataDir, 'store.password'), 'utf8')).trim();
  const address = stack.lines
    .map((line) => /^\s*store\s+http:\/\/([^/\s]+)\/(\S+)/.exec(line))
    .find((match) => match !== null);
  if (address === undefined) throw new Error(`no store line in:\n${stack.lines.join('\n')}`);
  return `http://default:${encodeURIComponent(password)}@${address[1] ?? ''}/${address[2] ?? ''}`;
}

/**
 * Words that run a command without any capability, and the user it then is. As `nobody` where that user can read this
 * checkout; else still as root, which without capabilities can load no program either.
 */
export function withoutPrivileges(): { readonly prefix: readonly string[]; readonly uid: number } {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { prefix: [], uid };
  const powerless = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all'];
  const nobody = [...powerless, '--reuid=65534', '--regid=65534', '--clear-groups'];
  const [command = '', ...args] = nobody;
  const canRead = spawnSync(command, [...args, 'test', '-r', join(root, 'dist/cli/main.js')]).status === 0;
  return canRead ? { prefix: nobody, uid: 65_534 } : { prefix: powerless, uid };
}
