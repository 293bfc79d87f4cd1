/**
 * `npm start`: checks the ground, then runs store, lab, probe, collector and server until told to stop. Only the probe
 * keeps its privileges; collector and server lose every capability before their first line runs.
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { freePort, missingForCapture, readableFile, usableDataDir } from './preflight.ts';
import type { StartOptions } from './start-options.ts';
import { ChildFailed, createSupervisor, stopSignal, type Child, type ChildSpec } from './supervisor.ts';
import { captureSentence } from './capture-sentence.ts';
import { tablesStand } from './tables-stand.ts';

/** A problem the user can mend: printed as one line, exit code 2. */
export class StartRefused extends Error {}

export interface StartDeps {
  /** Root of the checkout: where dist/, out/ and bpf/build/ are. */
  readonly root: string;
  readonly version: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly say: (line: string) => void;
  readonly output: (child: string, line: string) => void;
}

const setpriv = ['--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all', '--no-new-privs'];

/** Node without capabilities: under root through setpriv(1), else as is (an unprivileged user has none). */
function unprivilegedNode(script: string): { command: string; args: string[] } {
  const isRoot = process.getuid?.() === 0;
  return isRoot
    ? { command: 'setpriv', args: [...setpriv, process.execPath, '--enable-source-maps', script] }
    : { command: process.execPath, args: ['--enable-source-maps', script] };
}

async function check(options: StartOptions): Promise<{ port: number; storePort: number }> {
  const refuse = (message: string): never => {
    throw new StartRefused(message);
  };
  const port = await freePort(options.port);
  if (!port.ok) return refuse(port.error);
  const dir = await usableDataDir(options.dataDir);
  if (!dir.ok) return refuse(dir.error);
  if (options.replay !== null) {
    const file = await readableFile('--replay', options.replay);
    if (!file.ok) return refuse(file.error);
  }
  const storePort = await freePort(options.storePort ?? 8123);
  if (storePort.ok) return { port: port.value, storePort: storePort.value };
  if (options.storePort !== null) return refuse(storePort.error.replace('--port', '--store-port'));
  const anyPort = await freePort(0);
  return anyPort.ok ? { port: port.value, storePort: anyPort.value } : refuse(anyPort.error);
}

const fact = (child: Child, name: string): string => {
  const value = child.facts[name];
  if (typeof value !== 'string') throw new Error(`${child.name} did not say its ${name}`);
  return value;
};

/** Runs until SIGINT or SIGTERM; resolves when everything is stopped. */
export async function start(options: StartOptions, deps: StartDeps): Promise<void> {
  const startedMs = performance.now();
  const stopRequested = stopSignal();
  const ports = await check(options);
  const supervisor = createSupervisor({ ...deps, now: () => performance.now() });
  const script = (path: string): string => join(deps.root, 'dist', path);
  const running: Record<'store' | 'lab' | 'probe' | 'collector' | 'server', Child | null> = {
    store: null,
    lab: null,
    probe: null,
    collector: null,
    server: null,
  };
  const ipc = (name: string, run: { command: string; args: string[] }, env: Record<string, string>): ChildSpec => ({
    name,
    ...run,
    env: {
      PALOMAR_LOG_LEVEL: 'warn',
      ...withoutUndefined({ PALOMAR_LOG_LEVEL: deps.env['PALOMAR_LOG_LEVEL'] }),
      ...env,
    },
    ready: 'ipc',
    readyMs: 60_000,
    fatalCodes: [2],
  });
  const node = (path: string) => ({ command: process.execPath, args: ['--enable-source-maps', script(path)] });

  const launchAll = async (): Promise<void> => {
    let clickhouseUrl = options.clickhouseUrl;
    if (clickhouseUrl === null) {
      running.store = await supervisor.start(
        ipc('store', node('db/embedded/main.js'), {
          PALOMAR_DATA_DIR: options.dataDir,
          PALOMAR_STORE_LISTEN: `127.0.0.1:${ports.storePort}`,
          // Each query holds a thread of libuv's pool, whose size is fixed before the first line of a program runs.
          UV_THREADPOOL_SIZE: '12',
        }),
      );
      clickhouseUrl = fact(running.store, 'url');
    }
    deps.say(
      `store      ${clickhouseUrl.replace(/\/\/[^@]*@/, '//')}${running.store ? ` (embedded, ${options.dataDir})` : ''}`,
    );

    let kubernetesUrl = options.kubernetesUrl;
    if (options.lab) {
      running.lab = await supervisor.start(ipc('lab', node('e2e/lab/main.js'), {}));
      kubernetesUrl = fact(running.lab, 'kubernetesUrl');
      deps.say('lab        4 pods and an outside host in network namespaces');
    }

    const missing: string[] = [];
    const socket = join(options.dataDir, 'probe.sock');
    if (options.probe) {
      missing.push(...(await startProbe(socket)));
    } else if (options.replay === null) {
      missing.push('live capture: switched off by --no-probe; start again without it');
    } else {
      missing.push(...(await missingForCapture(join(deps.root, 'bpf/build/palomar-probe'))));
    }

    running.collector = await supervisor.start(
      ipc('collector', unprivilegedNode(script('collector/main.js')), {
        CLICKHOUSE_URL: clickhouseUrl,
        PALOMAR_NODE: deps.env['PALOMAR_NODE'] ?? hostname(),
        PALOMAR_CAPTURE_MISSING: JSON.stringify(missing),
        PALOMAR_SPILL_DIR: deps.env['PALOMAR_SPILL_DIR'] ?? join(options.dataDir, 'spill'),
        ...(running.probe === null ? {} : { PALOMAR_PROBE_SOCKET: socket }),
        ...withoutUndefined({
          PALOMAR_CLUSTER: options.cluster ?? undefined,
          PALOMAR_REPLAY: options.replay ?? undefined,
          PALOMAR_RECORD: options.record ?? undefined,
          PALOMAR_KUBERNETES_URL: kubernetesUrl ?? undefined,
        }),
      }),
    );
    running.server = await supervisor.start(
      ipc('server', unprivilegedNode(script('server/main.js')), {
        CLICKHOUSE_URL: clickhouseUrl,
        PALOMAR_LISTEN: `127.0.0.1:${ports.port}`,
        PALOMAR_BASE_PATH: options.basePath,
        PALOMAR_APP_DIR: join(deps.root, 'out'),
        PALOMAR_VERSION: deps.version,
        PALOMAR_STORE_EMBEDDED: running.store === null ? '0' : '1',
      }),
    );
    for (const line of missing) deps.say(`missing    ${line}`);
    const url = fact(running.server, 'url');
    await tablesStand(url);
    deps.say(`watching   ${await captureSentence(url, options.replay, running.probe !== null)}`);
    deps.say(`ready      ${url}  (after ${((performance.now() - startedMs) / 1000).toFixed(1)} s; Ctrl-C stops)`);
  };

  const startProbe = async (socket: string): Promise<string[]> => {
    const binary = join(deps.root, 'bpf/build/palomar-probe');
    const missing = await missingForCapture(binary);
    if (missing.length > 0) return missing;
    await rm(socket, { force: true });
    try {
      running.probe = await supervisor.start({
        name: 'probe',
        command: binary,
        args: ['--socket', socket, ...(options.tlsUprobes ? ['--tls-uprobes'] : [])],
        env: {},
        ready: (signal) => appears(socket, signal),
        readyMs: 20_000,
        fatalCodes: [2, 3, 4],
      });
      return [];
    } catch (error) {
      if (!(error instanceof ChildFailed)) throw error;
      return [`live capture: ${error.message}`];
    }
  };

  const stopAll = async (): Promise<void> => {
    const late: string[] = [];
    const end = async (child: Child | null, ms: number): Promise<void> => {
      if (child !== null && !(await child.stop(ms))) late.push(child.name);
    };
    // What produces stops before what stores, and the probe before the lab: taking its pods apart drops packets that
    // are nobody's problem. The bounds of the longest chain stay under 5 s.
    const server = end(running.server, 2_000);
    await end(running.probe, 1_000);
    const lab = end(running.lab, 3_500);
    await end(running.collector, 2_200);
    await server;
    await end(running.store, 1_300);
    await lab;
    if (late.length > 0) deps.say(`had to be killed: ${late.join(', ')}`);
  };

  let launching: Promise<void> | null = null;
  try {
    launching = launchAll();
    await Promise.race([launching, stopRequested]);
    await stopRequested;
    deps.say('stopping');
  } catch (error) {
    if (error instanceof ChildFailed && error.code === 2) throw new StartRefused(error.message, { cause: error });
    throw error;
  } finally {
    supervisor.beginStop();
    // A start that was called off ends by its own error, which is no news any more.
    await launching?.catch(() => null);
    await stopAll();
  }
}

const withoutUndefined = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));

/** Resolves when `path` exists, or when the signal says that nobody waits any more. */
async function appears(path: string, signal: AbortSignal): Promise<Record<string, unknown>> {
  while (!existsSync(path) && !signal.aborted) await sleep(20);
  return {};
}
