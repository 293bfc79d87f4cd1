/**
 * `npm run bench:idle`: what Palomar costs on a host where nobody talks. Starts all of it as a user does and reads CPU
 * time and memory of each process from /proc. Prints; judges nothing.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { startStack } from '../e2e/stack.ts';
import { formatTable } from './table.ts';

/** USER_HZ, which every Linux ABI that Node runs on fixes at 100. */
const ticksPerSecond = 100;
const settleMs = 10_000;

const programs = {
  probe: 'bpf/build/palomar-probe',
  collector: 'dist/collector/main.js',
  server: 'dist/server/main.js',
  'embedded store': 'dist/db/embedded/main.js',
} as const;

/** CPU seconds so far: fields 14 and 15 of proc(5) stat, counted after the command's closing bracket. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function rssMib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '60' }, rounds: { type: 'string', default: '3' } },
  });
  const { seconds, rounds } = z
    .object({ seconds: z.coerce.number().positive(), rounds: z.coerce.number().int().positive() })
    .parse(values);
  const stack = await startStack({ args: [] });
  try {
    const pids = await Promise.all(
      Object.entries(programs).map(async ([name, part]) => ({ name, pid: await stack.pidOf(part) })),
    );
    const shares = new Map<string, number[]>(pids.map(({ name }) => [name, []]));
    const memory = new Map<string, number[]>(pids.map(({ name }) => [name, []]));
    await sleep(settleMs);
    for (let round = 0; round < rounds; round += 1) {
      const before = pids.map(({ pid }) => cpuSeconds(pid));
      const startedMs = performance.now();
      await sleep((seconds * 1000) / rounds);
      const elapsed = (performance.now() - startedMs) / 1000;
      pids.forEach(({ name, pid }, at) => {
        shares.get(name)?.push((100 * (cpuSeconds(pid) - (before[at] ?? 0))) / elapsed);
        memory.get(name)?.push(rssMib(pid));
      });
    }
    const rows = pids.flatMap(({ name }) => [
      { name, unit: '% of a core', values: shares.get(name) ?? [] },
      { name, unit: 'MiB RSS', values: memory.get(name) ?? [] },
    ]);
    console.log(`idle host, ${seconds} s after ${settleMs / 1000} s of settling\n`);
    console.log(formatTable(rows));
  } finally {
    await stack.remove();
  }
}

await main();
