/**
 * A program inside a pod's network namespace. It dies with the lab, even if that is killed, because the kernel is told
 * to: `ip netns exec` and `setpriv` replace themselves, so the process we start is the program itself.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Journal } from './journal.ts';
import type { LabPod } from './topology.ts';

/** Who a program runs as; `privateIpc` keeps its System V shared memory from outliving it. */
export interface PodProcessOptions {
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  readonly privateIpc?: boolean | undefined;
}

export interface PodProcess {
  readonly pid: number;
  /** Resolves when it is gone, with its exit code or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** Sends `signal`, then SIGKILL after `graceMs`, and waits until it is gone. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<void>;
}

export function podArgv(pod: LabPod, argv: readonly string[], options: PodProcessOptions = {}): string[] {
  const user = options.user === undefined ? [] : [`--reuid=${options.user}`, '--clear-groups'];
  const group = options.group === undefined ? [] : [`--regid=${options.group}`];
  return [
    ...['ip', 'netns', 'exec', pod.netns],
    ...(options.privateIpc === true ? ['unshare', '--ipc'] : []),
    ...['setpriv', ...user, ...group, '--pdeathsig', 'KILL', '--'],
    ...argv,
  ];
}

export function startPodProcess(
  pod: LabPod,
  argv: readonly string[],
  deps: { readonly journal: Journal },
  options: PodProcessOptions = {},
): PodProcess {
  const [program, ...args] = podArgv(pod, argv, options);
  if (program === undefined) throw new Error('no program named');
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    // Away from the terminal's process group: Ctrl-C is for the lab, which ends its programs one after another.
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => deps.journal.append(line));
  }
  const exited = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 0));
  });
  exited.catch((cause: unknown) => deps.journal.append(`could not start: ${String(cause)}`));
  return {
    pid: child.pid ?? 0,
    exited,
    async stop(signal, graceMs) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited.finally(() => clearTimeout(timer));
    },
  };
}
