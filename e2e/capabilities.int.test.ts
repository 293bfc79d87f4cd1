/**
 * With each capability taken away in turn: what the doctor says fails is what the probe then lacks, no more and no less.
 * Needs root and a network namespace of its own.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, test } from 'vitest';

import { runCommand } from './lab/run-command.ts';

const netns = 'palomar-caps';
const probe = new URL('../bpf/build/palomar-probe', import.meta.url).pathname;
const isPossible = process.getuid?.() === 0 && existsSync(probe);
if (!isPossible) {
  if (process.env['REQUIRE_SERVICES'] === '1') throw new Error('capabilities: needs root, and the probe built');
  console.warn('skipping capabilities: needs root, and the probe built (make -C bpf)');
}

/** By capability(7)'s number, for setpriv(1) of older systems knows no newer names. */
const numbers = { NET_ADMIN: 12, SYS_PTRACE: 19, SYS_ADMIN: 21, SYSLOG: 34, PERFMON: 38, BPF: 39 } as const;
type Capability = keyof typeof numbers;
const byDefault: readonly Capability[] = ['BPF', 'NET_ADMIN', 'PERFMON'];

/** What the probe says is missing, by the feature the doctor calls it. */
const missingAs: Readonly<Record<string, string>> = {
  flows: 'flows (tcx)',
  drops: 'drops (tp_btf/kfree_skb)',
  'drop locations': 'drops: the kernel function',
  processes: 'processes of sockets (iter/task_file)',
  'processes of new connections': 'processes and health of TCP connections (tp_btf/inet_sock_set_state)',
  'failed calls': 'calls that fail before a packet (syscall tracepoints)',
  'services behind NAT': 'services behind NAT (conntrack events)',
  'TLS plaintext': 'plaintext of TLS libraries (uprobes), read only with --tls-uprobes',
  'pod namespaces': "names of pods' network namespaces (other users' processes)",
};

interface Ended {
  readonly code: number | null;
  readonly out: readonly string[];
  readonly said: readonly string[];
}

/** Runs the probe with these capabilities alone, until it ends or a line of its output ends it. */
function runProbe(
  held: readonly Capability[],
  flags: readonly string[],
  isLast: (line: string) => boolean,
): Promise<Ended> {
  const set = ['-all', ...held.map((name) => `+cap_${numbers[name]}`)].join(',');
  const child = spawn(
    'ip',
    ['netns', 'exec', netns, 'setpriv', `--bounding-set=${set}`, '--inh-caps=-all', probe, ...flags],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const out: string[] = [];
  const said: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  createInterface({ input: child.stdout }).on('line', (line) => {
    out.push(line);
    if (isLast(line)) child.kill('SIGTERM');
  });
  return new Promise((done) => child.on('close', (code) => done({ code, out, said })));
}

interface Row {
  readonly feature: string;
  readonly works: boolean;
}

async function failsByDoctor(held: readonly Capability[]): Promise<string[]> {
  const { out } = await runProbe(held, ['--check'], () => false);
  const rows = JSON.parse(out.join('\n')) as readonly Row[];
  expect(rows.length).toBeGreaterThan(5);
  return rows.flatMap((row) => (row.works ? [] : [row.feature])).sort();
}

async function missesByProbe(held: readonly Capability[]): Promise<string[]> {
  const { out, code } = await runProbe(held, ['--print', '--tls-uprobes'], (line) => line.startsWith('stats'));
  expect(code).toBe(0);
  const missing = out.flatMap((line) => /^missing=([^:]+):/.exec(line)?.[1] ?? []);
  return missing.map((name) => missingAs[name] ?? `unknown to the doctor: ${name}`).sort();
}

describe.runIf(isPossible)('capabilities', () => {
  beforeAll(async () => {
    await runCommand(['ip', 'netns', 'add', netns]);
    return () => runCommand(['ip', 'netns', 'delete', netns]);
  });

  /** What this kernel lacks whatever the capabilities. */
  let lacking: readonly string[];
  beforeAll(async () => {
    lacking = await failsByDoctor(Object.keys(numbers) as Capability[]);
  });

  test('with all of them the probe lacks what the doctor says it lacks', async () => {
    expect(await missesByProbe(Object.keys(numbers) as Capability[])).toEqual(lacking);
  });

  test('with the three of the default, flows, payload, drops, sockets and services work', async () => {
    const fails = await failsByDoctor(byDefault);
    expect(await missesByProbe(byDefault)).toEqual(fails);
    expect(fails.filter((feature) => !lacking.includes(feature))).toEqual([
      missingAs['failed calls'],
      missingAs['drop locations'],
      missingAs['pod namespaces'],
      missingAs['TLS plaintext'],
    ]);
  });

  test.each<[Capability, readonly string[]]>([
    ['SYSLOG', ['drop locations']],
    ['SYS_PTRACE', ['pod namespaces']],
    ['SYS_ADMIN', ['failed calls', 'TLS plaintext']],
  ])('without CAP_%s no more is lacking than %s', async (taken, names) => {
    const held = (Object.keys(numbers) as Capability[]).filter((capability) => capability !== taken);
    const fails = await failsByDoctor(held);
    expect(await missesByProbe(held)).toEqual(fails);
    expect(fails.filter((feature) => !lacking.includes(feature))).toEqual(names.map((name) => missingAs[name]));
  });

  test.each<[Capability, readonly string[]]>([
    ['NET_ADMIN', ['flows (tcx)', 'payload for HTTP, DNS, TLS ... (ring buffer)']],
    ['PERFMON', ['flows (tcx)', 'drops (tp_btf/kfree_skb)', 'processes of sockets (iter/task_file)']],
    ['BPF', ['flows (tcx)', 'drops (tp_btf/kfree_skb)', 'processes of sockets (iter/task_file)']],
  ])('without CAP_%s the probe refuses and says so, and the doctor names what fails', async (taken, least) => {
    const held = byDefault.filter((capability) => capability !== taken);
    const { code, said } = await runProbe(held, ['--print'], () => false);
    expect({ code, said }).toEqual({
      code: 4,
      said: [`palomar-probe: CAP_${taken} is missing: run as root or grant it`],
    });
    expect(await failsByDoctor(held)).toEqual(expect.arrayContaining([...least]));
  });
});
