import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startEmbeddedStore, whyNoEngine, type RunningStore } from '../db/embedded/testing.ts';
import { bootedNs, createFrames, flow, networkInterface, payload, second } from './decode/frames.fixture.ts';
import { startFakeProbe } from './source/fake-probe.fixture.ts';

const here = dirname(fileURLToPath(import.meta.url));
const skipped = whyNoEngine();

let folder: string;
let program: string;
let store: RunningStore;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

interface Process {
  readonly child: ChildProcess;
  readonly ready: Promise<unknown>;
  readonly ended: Promise<Ended>;
}

function run(environment: Readonly<Record<string, string>>): Process {
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      ...process.env,
      CLICKHOUSE_URL: '',
      KUBECONFIG: '',
      PALOMAR_LOG_LEVEL: 'warn',
      PALOMAR_NODE: 'node-1',
      ...environment,
    },
  });
  let output = '';
  const { stderr } = child;
  if (stderr === null) throw new Error('standard error is no pipe');
  stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  // Not 'close', which never comes after the parent has disconnected.
  const ended = Promise.all([once(child, 'exit'), once(stderr, 'end')]).then(() => ({ code: child.exitCode, output }));
  return { child, ready: once(child, 'message').then(([message]: unknown[]) => message), ended };
}

async function ask<T extends z.ZodType>(query: string, row: T, of: RunningStore = store): Promise<z.infer<T>[]> {
  const url = new URL(of.url);
  const authorization = `Basic ${Buffer.from(`${url.username}:${url.password}`).toString('base64')}`;
  const target = `http://${url.host}/?database=${url.pathname.slice(1)}`;
  const response = await fetch(target, {
    method: 'POST',
    headers: { authorization },
    body: `${query} FORMAT JSONEachRow`,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => row.parse(JSON.parse(line)));
}

beforeAll(async () => {
  if (skipped !== null) return;
  let root = here;
  while (!existsSync(join(root, 'node_modules'))) root = dirname(root);
  // Below node_modules, so that the bundle finds its packages.
  const cache = join(root, 'node_modules', '.cache', `palomar-collector-${process.pid}`);
  await mkdir(cache, { recursive: true });
  program = join(cache, 'main.mjs');
  const format = { bundle: true, platform: 'node', target: 'node20', format: 'esm', packages: 'external' } as const;
  await build({ ...format, entryPoints: [join(here, 'main.ts')], outfile: program, logLevel: 'warning' });
  folder = await mkdtemp(join(tmpdir(), 'palomar-collector-'));
  store = await startEmbeddedStore(join(folder, 'data'));
});

afterAll(async () => {
  if (skipped !== null) return;
  await store.stop();
  await rm(dirname(program), { recursive: true });
  await rm(folder, { recursive: true });
});

describe.skipIf(skipped !== null)('the collector process', () => {
  it('writes what the probe sends, to the last record when it is told to stop', async () => {
    const probe = await startFakeProbe(join(folder, 'probe.sock'), () =>
      createFrames().hello(['missing=iter: no BTF']),
    );
    const collector = run({ CLICKHOUSE_URL: store.url, PALOMAR_PROBE_SOCKET: probe.path });
    expect(await collector.ready).toMatchObject({ ready: true });
    await probe.connected(1);
    const frames = createFrames();
    frames.hello();
    probe.send(
      Buffer.concat([
        frames.events([networkInterface({ ifindex: 3, peerNetns: 101, peerNetnsName: 'blue' })]),
        frames.events([payload({ payload: 'GET /a?b=1 HTTP/1.1\r\nHost: api\r\n\r\n' })]),
        frames.events([payload({ payload: 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n', sender: 1 })]),
        frames.events([flow({ packets: [7, 5] })], bootedNs + second),
        frames.stats({ packets_seen: 1 }, bootedNs + second),
      ]),
    );
    // Not even a scan has passed: what is pending must be written on the way out.
    await sleep(300);
    collector.child.kill('SIGTERM');
    expect(await collector.ended).toMatchObject({ code: 0 });
    await probe.stop();

    const row = z.object({
      kind: z.string(),
      src_workload: z.string(),
      http_path: z.string(),
      http_status: z.number(),
      packets: z.string(),
    });
    const flows = await ask(
      `SELECT kind, workload AS src_workload, http_path, http_status, toString(packets_to_dst) AS packets
       FROM flows JOIN endpoints ON endpoints.id = src_endpoint ORDER BY flows.id`,
      row,
    );
    expect(flows).toEqual([
      { kind: 'l7_response', src_workload: 'blue', http_path: '/a?b=1', http_status: 503, packets: '0' },
      { kind: 'connection_start', src_workload: 'blue', http_path: '', http_status: 0, packets: '7' },
    ]);
    const status = await ask(
      'SELECT mode, missing FROM node_status ORDER BY time',
      z.object({ mode: z.string(), missing: z.array(z.string()) }),
    );
    expect(status).toContainEqual({ mode: 'live', missing: ['iter: no BTF'] });
    const coverage = await ask('SELECT counter FROM coverage', z.object({ counter: z.string() }));
    expect(coverage).toContainEqual({ counter: 'packets_seen' });
  });

  it('ends with the supervisor that started it', async () => {
    const collector = run({ CLICKHOUSE_URL: store.url });
    await collector.ready;
    collector.child.disconnect();
    expect(await collector.ended).toMatchObject({ code: 0 });
  });

  it('has what it saw while the store was away, also when it is killed meanwhile', async () => {
    const away = await startEmbeddedStore(join(folder, 'away'));
    const { host } = new URL(away.url);
    const environment = {
      CLICKHOUSE_URL: away.url,
      PALOMAR_PROBE_SOCKET: join(folder, 'away.sock'),
      PALOMAR_SPILL_DIR: join(folder, 'spill'),
    };
    const probe = await startFakeProbe(environment.PALOMAR_PROBE_SOCKET, () => createFrames().hello());
    await away.kill();
    const killed = run(environment);
    await killed.ready;
    await probe.connected(1);
    const frames = createFrames();
    frames.hello();
    probe.send(
      Buffer.concat([
        frames.events([networkInterface({ ifindex: 3, peerNetns: 101, peerNetnsName: 'blue' })]),
        frames.events([flow({ packets: [7, 5] })], bootedNs + second),
        frames.stats({ packets_seen: 1 }, bootedNs + second),
      ]),
    );
    const spilled = async (): Promise<string> => {
      const names = await readdir(environment.PALOMAR_SPILL_DIR);
      const files = names.filter((name) => name.endsWith('.batch'));
      return (
        await Promise.all(files.map((name) => readFile(join(environment.PALOMAR_SPILL_DIR, name), 'latin1')))
      ).join('');
    };
    await expect.poll(spilled, { timeout: 20_000 }).toContain('"table":"flows"');
    killed.child.kill('SIGKILL');
    await killed.ended;
    await probe.stop();
    const back = await startEmbeddedStore(join(folder, 'away'), { PALOMAR_STORE_LISTEN: host });
    const next = run(environment);
    await next.ready;
    await expect.poll(spilled, { timeout: 20_000 }).toBe('');
    next.child.kill('SIGTERM');
    expect(await next.ended).toMatchObject({ code: 0 });
    const flows = await ask(
      'SELECT workload, toString(packets_to_dst) AS packets FROM flows JOIN endpoints ON endpoints.id = src_endpoint',
      z.object({ workload: z.string(), packets: z.string() }),
      back,
    );
    expect(flows).toEqual([{ workload: 'blue', packets: '7' }]);
    await back.stop();
  });

  it('refuses a spill folder that another collector has', async () => {
    const environment = { CLICKHOUSE_URL: store.url, PALOMAR_SPILL_DIR: join(folder, 'shared-spill') };
    const first = run(environment);
    await first.ready;
    const { code, output } = await run(environment).ended;
    expect(output).toBe(
      `collector: PALOMAR_SPILL_DIR: ${environment.PALOMAR_SPILL_DIR} is in use by pid ${String(first.child.pid)}: ` +
        'give every collector a folder of its own\n',
    );
    expect(code).toBe(2);
    first.child.kill('SIGTERM');
    await first.ended;
  });

  it('stops in time when the store is away', async () => {
    const collector = run({ CLICKHOUSE_URL: 'http://default:x@127.0.0.1:9/palomar' });
    await collector.ready;
    const before = Date.now();
    collector.child.kill('SIGINT');
    expect(await collector.ended).toMatchObject({ code: 0 });
    expect(Date.now() - before).toBeLessThan(5000);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['no store', {}, /^collector: CLICKHOUSE_URL: .*\n$/],
    [
      'settings that mean nothing',
      { PALOMAR_METRICS_LISTEN: 'x', PALOMAR_CAPTURE_MISSING: '7' },
      /PALOMAR_CAPTURE_MISSING: .*PALOMAR_METRICS_LISTEN: /,
    ],
    [
      'a recording that is not there',
      { PALOMAR_REPLAY: '/nowhere/x' },
      /^collector: PALOMAR_REPLAY: cannot read \/nowhere\/x: .*\n$/,
    ],
    ['a kubeconfig that is not there', { KUBECONFIG: '/nowhere/x' }, /^collector: KUBECONFIG: cannot be used: .*\n$/],
    [
      'a recording of a replay',
      { PALOMAR_REPLAY: 'a', PALOMAR_RECORD: 'b' },
      /^collector: PALOMAR_RECORD: a replay cannot be recorded.*\n$/,
    ],
  ])('refuses %s in one line, with exit code 2', async (name, environment, line) => {
    const url = name === 'no store' ? {} : { CLICKHOUSE_URL: store.url };
    const { code, output } = await run({ ...url, ...environment }).ended;
    expect(output).toMatch(line);
    expect(code).toBe(2);
  });

  it('names the byte at which a recording is damaged', async () => {
    const path = join(folder, 'damaged');
    const good = createFrames().hello();
    await writeFile(path, Buffer.concat([good, Buffer.alloc(50)]));
    const { code, output } = await run({ CLICKHOUSE_URL: store.url, PALOMAR_REPLAY: path }).ended;
    expect(output).toContain(`damaged at byte ${good.length}`);
    expect(code).toBe(2);
  });
});
