/**
 * `palomar doctor`: what works on this machine, found out by trying it. The probe tries each feature of the kernel's; the
 * rest is looked at here. Nothing is changed.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { parseArgs, promisify } from 'node:util';

import { z } from 'zod';

import { err, ok, type Result } from '../model/result.ts';

export const doctorHelp = `usage: npm run palomar -- doctor [flags]

  --output json   the findings as JSON; without it a table
  --help          this text

Tries every feature on this machine, as the user who runs it. Exit code 0 when all that is required works, else 1.
`;

/** Reads its flags; the one thing it can be told is how to print. */
export function parseDoctorOptions(flags: readonly string[]): Result<{ json: boolean; help: boolean }, string> {
  try {
    const { values } = parseArgs({
      args: [...flags],
      options: { output: { type: 'string', default: 'table' }, help: { type: 'boolean', default: false } },
    });
    const { output, help } = values;
    if (output !== 'json' && output !== 'table') return err(`--output is json or table, not '${output}'`);
    return ok({ json: output === 'json', help });
  } catch (error) {
    return err(`${error instanceof Error ? error.message : String(error)}; try: npm run palomar -- doctor --help`);
  }
}

export interface Finding {
  readonly feature: string;
  /** What it needs: a kernel, capabilities, a version. */
  readonly needs: string;
  readonly works: boolean;
  /** Palomar is of little use without it. */
  readonly required: boolean;
  /** The errno of the attempt, or what was found instead. */
  readonly found: string;
  readonly instead: string;
  readonly mend: string;
}

export interface Doctor {
  readonly probePath: string;
  /** As CLICKHOUSE_URL has it; null for the embedded store. */
  readonly storeUrl: string | null;
  readonly nodeVersion: string;
  readonly fetch: typeof fetch;
}

/** What `palomar-probe --check` prints. */
const checkSchema = z.array(
  z.object({
    feature: z.string(),
    kernel: z.string(),
    needs: z.string(),
    works: z.boolean(),
    optional: z.boolean(),
    error: z.string(),
    instead: z.string(),
    mend: z.string(),
  }),
);

const run = promisify(execFile);

/** It exits with 1 when something that matters fails, and prints all the same. */
async function printedByProbe(path: string): Promise<string> {
  try {
    return (await run(path, ['--check'], { timeout: 60_000 })).stdout;
  } catch (error) {
    if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string') return error.stdout;
    throw error;
  }
}

async function tryKernel(probePath: string): Promise<readonly Finding[]> {
  const printed = await printedByProbe(probePath);
  if (printed === '') {
    return [
      {
        feature: 'the probe',
        needs: probePath,
        works: false,
        required: true,
        found: 'it cannot be run',
        instead: 'recordings and what is stored can be looked at',
        mend: 'build it: make -C bpf',
      },
    ];
  }
  return checkSchema.parse(JSON.parse(printed)).map((row) => ({
    feature: row.feature,
    needs: `Linux ${row.kernel === 'any' ? '' : row.kernel}${row.needs === 'none' ? '' : `; ${row.needs}`}`
      .replace('Linux ; ', '')
      .trim(),
    works: row.works,
    required: !row.optional,
    found: row.works ? 'tried' : row.error,
    instead: row.instead,
    mend: row.mend,
  }));
}

/** Linux capability numbers, include/uapi/linux/capability.h. */
const capabilities = {
  CAP_NET_ADMIN: 12n,
  CAP_SYS_PTRACE: 19n,
  CAP_SYS_ADMIN: 21n,
  CAP_SYSLOG: 34n,
  CAP_PERFMON: 38n,
  CAP_BPF: 39n,
} as const;

async function heldCapabilities(): Promise<readonly string[]> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  return Object.entries(capabilities).flatMap(([name, bit]) => ((effective & (1n << bit)) === 0n ? [] : [name]));
}

async function isReadable(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}

async function lookAround(nodeVersion: string): Promise<readonly Finding[]> {
  const held = await heldCapabilities();
  const isAllHeld = ['CAP_BPF', 'CAP_NET_ADMIN', 'CAP_PERFMON'].every((name) => held.includes(name));
  const [major = 0, minor = 0] = nodeVersion.replace('v', '').split('.').map(Number);
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  const hasUnified = / \/sys\/fs\/cgroup cgroup2 /.test(mounts);
  return [
    {
      feature: 'Node.js',
      needs: '20.19',
      works: major > 20 || (major === 20 && minor >= 19),
      required: true,
      found: nodeVersion,
      instead: 'nothing',
      mend: 'install a newer Node.js',
    },
    {
      feature: 'capabilities of this shell',
      needs: 'CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON',
      works: isAllHeld,
      required: true,
      found: held.join(', ') || 'none',
      instead: 'recordings and what is stored can be looked at',
      mend: 'run it as root, or grant them',
    },
    {
      feature: 'types of the kernel (BTF)',
      needs: 'CONFIG_DEBUG_INFO_BTF=y',
      works: await isReadable('/sys/kernel/btf/vmlinux'),
      required: true,
      found: '/sys/kernel/btf/vmlinux',
      instead: 'nothing: the probe cannot be loaded',
      mend: 'a kernel built with it',
    },
    {
      feature: 'control groups, version 2 alone',
      needs: 'cgroup2 on /sys/fs/cgroup',
      works: hasUnified,
      required: false,
      found: hasUnified ? 'version 2' : mounts.includes(' cgroup2 ') ? 'versions 1 and 2' : 'version 1',
      instead: "a process's unit is read from /proc",
      mend: 'systemd.unified_cgroup_hierarchy=1 on the kernel command line',
    },
  ];
}

async function tryStore(url: string | null, ask: typeof fetch): Promise<Finding> {
  const row = {
    feature: 'the store',
    needs: 'ClickHouse over HTTP',
    required: true,
    instead: 'nothing: flows wait in memory and are dropped when it is full',
    mend: 'check CLICKHOUSE_URL, and that the server is up',
  };
  if (url === null) return { ...row, works: true, found: 'embedded: npm start brings it' };
  try {
    const { protocol, host } = new URL(url);
    const answer = await ask(`${protocol}//${host}/ping`, { signal: AbortSignal.timeout(5000) });
    return { ...row, works: answer.ok, found: answer.ok ? `${host} answers` : `${host} answers ${answer.status}` };
  } catch (error) {
    return { ...row, works: false, found: error instanceof Error ? error.message : String(error) };
  }
}

export async function examine(doctor: Doctor): Promise<readonly Finding[]> {
  const around = await lookAround(doctor.nodeVersion);
  return [...around, await tryStore(doctor.storeUrl, doctor.fetch), ...(await tryKernel(doctor.probePath))];
}

/** 0 when everything that is required works. */
export const exitCodeOf = (findings: readonly Finding[]): number =>
  findings.every((finding) => finding.works || !finding.required) ? 0 : 1;

const bold = (text: string): string => `\u001b[1m${text}\u001b[0m`;
const colour = (code: number, text: string): string => `\u001b[${code}m${text}\u001b[0m`;

/** One line a feature, and below it, where it does not work, what there is instead and what mends it. */
export function describeFindings(findings: readonly Finding[], isTerminal: boolean): string {
  const width = Math.max(...findings.map((finding) => finding.feature.length));
  const verdict = (finding: Finding): string => {
    const word = finding.works ? 'works' : finding.required ? 'fails' : 'lacks';
    return isTerminal ? colour(finding.works ? 32 : finding.required ? 31 : 33, word) : word;
  };
  const lines = findings.flatMap((finding) => {
    const name = finding.feature.padEnd(width);
    const head = `${verdict(finding)}  ${isTerminal ? bold(name) : name}  ${finding.found}`;
    if (finding.works) return [head];
    const indent = ' '.repeat(7);
    return [
      head,
      `${indent}needs: ${finding.needs}`,
      `${indent}instead: ${finding.instead}`,
      `${indent}mended by: ${finding.mend}`,
    ];
  });
  return `${lines.join('\n')}\n`;
}
