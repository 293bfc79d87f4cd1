/** Runs one of the lab's own pod programs until it is told to stop; its journal goes to standard output. */
import { createApi } from './api.ts';
import { createFrontend } from './frontend.ts';
import { createOutside } from './outside.ts';
import { type PodConfig, podConfigSchema, type PodProgram, type PodProgramDeps } from './pod-config.ts';

function createProgram(config: PodConfig, deps: PodProgramDeps): PodProgram {
  switch (config.role) {
    case 'frontend':
      return createFrontend(config, deps);
    case 'api':
      return createApi(config, deps);
    case 'outside':
      return createOutside(config, deps);
  }
}

/** `stopped` tells when to end; resolves when the program has ended its conversations. */
export async function runPod(argument: string, deps: PodProgramDeps, stopped: Promise<void>): Promise<void> {
  const program = createProgram(podConfigSchema.parse(JSON.parse(argument)), deps);
  await program.start();
  await stopped;
  await program.stop();
}
