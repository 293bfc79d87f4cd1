/**
 * What the probe's programs cost a packet, by the kernel's own statistics, beside a program that does nothing; and what
 * a flood of dropped packets loses to it. Makes three network namespaces and removes them. Needs root, and a machine
 * with no other probe on it.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { formatTable, type Measure } from './table.ts';

const host = 'palomar-bench-h';
const pods = ['palomar-bench-a', 'palomar-bench-b'] as const;
const server = '10.99.0.2';
const build = 'bpf/build';
const statsSwitch = '/proc/sys/kernel/bpf_stats_enabled';
const nsPerSecond = 1e9;

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, quick: { type: 'boolean', default: false } },
});
const rounds = z.coerce.number().int().positive().parse(flags.rounds);
const scale = flags.quick ? 0.1 : 1;

const run = (command: string, ...args: string[]): string => execFileSync(command, args, { encoding: 'utf8' });
const runIn = (namespace: string, command: string, ...args: string[]): string =>
  run('ip', 'netns', 'exec', namespace, command, ...args);
const startIn = (namespace: string, command: string, ...args: string[]): ChildProcess =>
  spawn('ip', ['netns', 'exec', namespace, command, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });

function makePod(namespace: string, number: number): void {
  const link = `veth${number}`;
  run('ip', 'netns', 'add', namespace);
  run('ip', 'link', 'add', link, 'netns', host, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
  run('ip', '-n', host, 'addr', 'add', `10.99.${number}.254/24`, 'dev', link);
  run('ip', '-n', host, 'link', 'set', link, 'up');
  run('ip', '-n', host, 'route', 'add', `10.99.0.${number}/32`, 'dev', link);
  run('ip', '-n', namespace, 'addr', 'add', `10.99.0.${number}/32`, 'dev', 'eth0');
  run('ip', '-n', namespace, 'link', 'set', 'eth0', 'up');
  run('ip', '-n', namespace, 'route', 'add', 'default', 'via', `10.99.${number}.254`, 'dev', 'eth0', 'onlink');
}

function makeNamespaces(): void {
  run('ip', 'netns', 'add', host);
  runIn(host, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward');
  pods.forEach((namespace, index) => {
    makePod(namespace, index + 1);
  });
  runIn(
    host,
    'nft',
    'add table inet palomar_bench; add chain inet palomar_bench forward { type filter hook forward priority 0; }; add rule inet palomar_bench forward udp dport 9 drop',
  );
}

function removeNamespaces(): void {
  const there = new Set(run('ip', 'netns', 'list').split(/\s+/));
  for (const namespace of [...pods, host]) if (there.has(namespace)) run('ip', 'netns', 'del', namespace);
}

const programSchema = z.array(
  z.object({
    name: z.string().optional(),
    run_time_ns: z.number().optional(),
    run_cnt: z.number().optional(),
  }),
);

interface Runs {
  ns: number;
  count: number;
}

/** Time and runs so far of all programs with these names. */
function programRuns(names: readonly string[]): Runs {
  const programs = programSchema.parse(JSON.parse(run('bpftool', 'prog', 'show', '-j')));
  const sum: Runs = { ns: 0, count: 0 };
  for (const program of programs) {
    if (program.name === undefined || !names.includes(program.name)) continue;
    sum.ns += program.run_time_ns ?? 0;
    sum.count += program.run_cnt ?? 0;
  }
  return sum;
}

async function stopped(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await exit;
}

/** What stands on the host's two interfaces while traffic passes. */
interface Watcher {
  readonly programs: { readonly in: string; readonly out: string };
  start(isHttp: boolean): Promise<() => Promise<void>>;
}

const nothing: Watcher = {
  programs: { in: '', out: '' },
  start: () => Promise.resolve(() => Promise.resolve()),
};

const noop: Watcher = {
  programs: { in: 'palomar_noop', out: 'palomar_noop' },
  start: () => {
    for (const link of ['veth1', 'veth2']) {
      runIn(host, 'tc', 'qdisc', 'add', 'dev', link, 'clsact');
      for (const way of ['ingress', 'egress'])
        runIn(host, 'tc', 'filter', 'add', 'dev', link, way, 'bpf', 'da', 'obj', `${build}/noop.bpf.o`, 'sec', 'tc');
    }
    return Promise.resolve(() => {
      for (const link of ['veth1', 'veth2']) runIn(host, 'tc', 'qdisc', 'del', 'dev', link, 'clsact');
      return Promise.resolve();
    });
  },
};

/** The real probe, and a collector that asks for no more of what is not HTTP. */
function probe(work: string): Watcher {
  return {
    programs: { in: 'watch_ingress', out: 'watch_egress' },
    start: async (isHttp) => {
      const socket = join(work, 'socket');
      const watching = startIn(host, `${build}/palomar-probe`, '--socket', socket);
      await new Promise<void>((resolve, reject) => {
        watching.stderr?.on('data', (text: Buffer) => {
          if (text.includes('watching')) resolve();
        });
        watching.once('exit', (code) => {
          reject(new Error(`the probe ended with ${String(code)}; is another one running?`));
        });
      });
      const collector = startIn(host, `${build}/collect`, socket, '0', ...(isHttp ? [] : ['no-more']));
      await sleep(300);
      return async () => {
        await stopped(watching);
        await stopped(collector);
      };
    },
  };
}

interface Traffic {
  readonly name: string;
  readonly isHttp: boolean;
  send(): void;
}

const traffic = (...args: string[]): string => runIn(pods[0], `${build}/traffic`, ...args);
const amount = (count: number): string => String(Math.round(count * scale));

const kinds: readonly Traffic[] = [
  { name: 'TCP, bulk', isHttp: false, send: () => traffic('send', server, '8080', amount(3e9)) },
  { name: 'UDP, 64 bytes', isHttp: false, send: () => traffic('flood', server, '7', amount(600_000)) },
  { name: 'HTTP, one at a time', isHttp: true, send: () => traffic('pipeline', server, '8080', amount(60_000), '1') },
];

/** ns per run, in and out, while that traffic passes. */
async function measure(watcher: Watcher, kind: Traffic): Promise<{ in: number; out: number }> {
  const stop = await watcher.start(kind.isHttp);
  writeFileSync(statsSwitch, '1');
  const names = { in: [watcher.programs.in], out: [watcher.programs.out] };
  const before = { in: programRuns(names.in), out: programRuns(names.out) };
  kind.send();
  const after = { in: programRuns(names.in), out: programRuns(names.out) };
  writeFileSync(statsSwitch, '0');
  await stop();
  const perRun = (way: 'in' | 'out'): number =>
    (after[way].ns - before[way].ns) / (after[way].count - before[way].count);
  return { in: perRun('in'), out: perRun('out') };
}

/** Packets a second that a sender gets rid of while every one is dropped. */
async function floodRate(watcher: Watcher): Promise<number> {
  const stop = await watcher.start(false);
  const count = Number(amount(600_000));
  const took = Number(traffic('flood', server, '9', String(count)));
  await stop();
  return (count * nsPerSecond) / took;
}

const collected = new Map<string, { unit: string; values: number[]; baseline?: number[] }>();

function record(name: string, unit: string, value: number, baseline?: number): void {
  const row = collected.get(name) ?? { unit, values: [], ...(baseline === undefined ? {} : { baseline: [] }) };
  row.values.push(value);
  if (baseline !== undefined) row.baseline?.push(baseline);
  collected.set(name, row);
}

async function round(work: string): Promise<void> {
  const ours = probe(work);
  for (const kind of kinds) {
    const base = await measure(noop, kind);
    const cost = await measure(ours, kind);
    record(`${kind.name}: empty program`, 'ns/packet', (base.in + base.out) / 2);
    record(`${kind.name}: ours`, 'ns/packet', (cost.in + cost.out) / 2, (base.in + base.out) / 2);
  }
  const free = await floodRate(nothing);
  record('drop flood without a probe', 'packets/s', free);
  record('drop flood with one', 'packets/s', await floodRate(ours), free);
  const lines = run(`${build}/run-programs`, 'bench', `${build}/noop.bpf.o`).trim().split('\n');
  const runs = new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
  const empty = runs.get('empty program') ?? NaN;
  for (const [name, ns] of runs)
    record(`test run: ${name}`, 'ns/packet', ns, name === 'empty program' ? undefined : empty);
}

async function main(): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'palomar-bench.'));
  const statsBefore = readFileSync(statsSwitch, 'utf8');
  removeNamespaces();
  makeNamespaces();
  const serving = startIn(pods[1], `${build}/traffic`, 'serve', '8080');
  try {
    await sleep(300);
    for (let done = 0; done < rounds; done++) await round(work);
    const measures: Measure[] = [...collected].map(([name, row]) => ({ name, ...row }));
    process.stdout.write(`${formatTable(measures)}\n`);
  } finally {
    writeFileSync(statsSwitch, statsBefore);
    await stopped(serving);
    removeNamespaces();
    rmSync(work, { recursive: true });
  }
}

await main();
