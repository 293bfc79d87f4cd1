/** Which BPF programs the kernel holds, as bpftool(8) lists them. */
import { spawnSync } from 'node:child_process';

import { z } from 'zod';

import { eventually } from './stack.ts';

const listSchema = z.array(z.object({ id: z.number(), type: z.string(), name: z.string().default('') }));

/** One line per program, in the kernel's order; equal lists mean that none came and none went. */
export function bpfPrograms(): string[] {
  const listed = spawnSync('bpftool', ['-j', 'prog', 'list'], { encoding: 'utf8' });
  if (listed.status !== 0) throw new Error(`bpftool: ${listed.stderr}`);
  return listSchema.parse(JSON.parse(listed.stdout)).map((program) => `${program.id} ${program.type} ${program.name}`);
}

/** The list once it stands still: the kernel frees the programs of a probe that has ended a moment later. */
export async function settledBpfPrograms(): Promise<string[]> {
  let before: string[] = [];
  return eventually(
    20_000,
    () => {
      const now = bpfPrograms();
      const isSettled = now.join() === before.join();
      before = now;
      return Promise.resolve(isSettled ? now : null);
    },
    () => `programs to stand still: ${before.join(', ')}`,
  );
}

/** Resolves when the kernel holds exactly these programs again. */
export async function bpfProgramsAgain(wanted: readonly string[]): Promise<void> {
  await eventually(
    10_000,
    () => Promise.resolve(bpfPrograms().join() === wanted.join() ? true : null),
    () => `the programs ${wanted.join(', ') || '(none)'}; there are ${bpfPrograms().join(', ') || 'none'}`,
  );
}
