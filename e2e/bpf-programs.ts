/** Which BPF programs the kernel holds, as bpftool(8) lists them. */
import { spawnSync } from 'node:child_process';

import { z } from 'zod';

const listSchema = z.array(z.object({ id: z.number(), type: z.string(), name: z.string().default('') }));

/** One line per program, in the kernel's order; equal lists mean that none came and none went. */
export function bpfPrograms(): string[] {
  const listed = spawnSync('bpftool', ['-j', 'prog', 'list'], { encoding: 'utf8' });
  if (listed.status !== 0) throw new Error(`bpftool: ${listed.stderr}`);
  return listSchema.parse(JSON.parse(listed.stdout)).map((program) => `${program.id} ${program.type} ${program.name}`);
}
