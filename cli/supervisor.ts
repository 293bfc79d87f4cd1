/**
 * Keeps a few child processes alive: starts them, waits until each says it is ready, restarts what dies with a growing
 * pause, and stops them in order within a deadline. Knows nothing of what they do.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** `ipc` children send `{ ready: true, ...facts }`; others are ready when `ready` resolves before its signal aborts. */
  readonly ready: 'ipc' | ((signal: AbortSignal) => Promise<Record<string, unknown>>);
  readonly readyMs: number;
  /** Exit codes after which a restart would only fail again. */
  readonly fatalCodes: readonly number[];
}

export interface Child {
  readonly name: string;
  readonly facts: Readonly<Record<string, unknown>>;
  /** Asks it to end and waits; after `ms` it is killed. Resolves to whether it ended by itself. */
  stop(ms: number): Promise<boolean>;
}

/** A child that could not be started; `code` is its exit code, null when it hung or was killed. */
export class ChildFailed extends Error {
  readonly code: number | null;

  constructor(child: string, code: number | null, lastLine: string) {
    super(lastLine === '' ? `${child} ended with ${code ?? 'a signal'} before it was ready` : lastLine);
    this.code = code;
  }
}

export interface SupervisorDeps {
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** A line a child wrote to its standard error. */
  readonly output: (child: string, line: string) => void;
  /** What the supervisor itself has to say. */
  readonly say: (line: string) => void;
  readonly now: () => number;
}

const firstPauseMs = 200;
const longestPauseMs = 5_000;
/** A child that lived this long was healthy: its next restart is quick again. */
const healthyMs = 30_000;

interface Run {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  lastLine: string;
}

export function createSupervisor(deps: SupervisorDeps) {
  const stopping = new AbortController();

  function launch(spec: ChildSpec): Run {
    const ipc = spec.ready === 'ipc';
    const child = spawn(spec.command, [...spec.args], {
      env: { ...deps.env, ...spec.env },
      stdio: ['ignore', 'ignore', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
      // In a session of its own: Ctrl-C reaches only the supervisor, which then stops the children in order.
      detached: true,
    });
    const exited = new Promise<number | null>((done) => {
      child.once('exit', (code) => done(code));
      child.once('error', (error) => {
        run.lastLine = `${spec.name}: ${error.message}`;
        done(127);
      });
    });
    const run: Run = { process: child, exited, lastLine: '' };
    if (child.stderr !== null) {
      createInterface({ input: child.stderr }).on('line', (line) => {
        run.lastLine = line;
        deps.output(spec.name, line);
      });
    }
    return run;
  }

  async function becomeReady(spec: ChildSpec, run: Run): Promise<Record<string, unknown>> {
    const settled = new AbortController();
    const ready =
      spec.ready === 'ipc'
        ? new Promise<Record<string, unknown>>((done) => {
            run.process.on('message', (message: unknown) => {
              if (typeof message === 'object' && message !== null && 'ready' in message) done({ ...message });
            });
          })
        : spec.ready(settled.signal);
    const outcome = await Promise.race([
      ready,
      run.exited.then((code) => ({ exit: code })),
      // Ends at the deadline, and early when the whole start is called off.
      sleep(spec.readyMs, null, { signal: AbortSignal.any([settled.signal, stopping.signal]) }).catch(() => null),
    ]);
    settled.abort();
    if (outcome !== null && !('exit' in outcome)) return outcome;
    if (outcome === null) {
      // A child told to end while starting may hold namespaces or data: it gets a moment to put them away.
      run.process.kill('SIGTERM');
      await Promise.race([run.exited, sleep(stopping.signal.aborted ? 3_000 : 1_000, null, { ref: false })]);
      run.process.kill('SIGKILL');
      await run.exited;
      const why = stopping.signal.aborted
        ? 'was stopped while starting'
        : `was not ready after ${spec.readyMs / 1000} s`;
      throw new ChildFailed(spec.name, null, `${spec.name} ${why}`);
    }
    // Its last words may still be in the pipe.
    await sleep(50);
    throw new ChildFailed(spec.name, typeof outcome.exit === 'number' ? outcome.exit : null, run.lastLine);
  }

  async function start(spec: ChildSpec): Promise<Child> {
    if (stopping.signal.aborted) throw new ChildFailed(spec.name, null, `${spec.name} was not started: stopping`);
    let run = launch(spec);
    let facts = await becomeReady(spec, run);
    const unwanted = new AbortController();
    const ended = AbortSignal.any([unwanted.signal, stopping.signal]);

    const watch = async (): Promise<void> => {
      let pauseMs = firstPauseMs;
      for (;;) {
        const startedMs = deps.now();
        const code = await run.exited;
        if (ended.aborted) return;
        if (code !== null && spec.fatalCodes.includes(code)) {
          deps.say(`${spec.name} ended for good: ${run.lastLine}`);
          return;
        }
        pauseMs = deps.now() - startedMs > healthyMs ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
        deps.say(`${spec.name} ended with ${code ?? 'a signal'}; starting it again`);
        await sleep(pauseMs, null, { signal: ended }).catch(() => null);
        if (isAborted(ended)) return;
        run = launch(spec);
        try {
          facts = await becomeReady(spec, run);
          deps.say(`${spec.name} is back`);
        } catch (error) {
          deps.say(`${spec.name} did not come back: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    };
    const watching = watch();

    return {
      name: spec.name,
      get facts() {
        return facts;
      },
      async stop(ms) {
        unwanted.abort();
        const current = run;
        current.process.kill('SIGTERM');
        const gone = await Promise.race([current.exited.then(() => true), sleep(ms, false, { ref: false })]);
        if (!gone) {
          current.process.kill('SIGKILL');
          await current.exited;
        }
        await watching;
        return gone;
      },
    };
  }

  return {
    start,
    /** Calls off starts under way and restarts; what runs is then stopped one by one. */
    beginStop() {
      stopping.abort();
    },
  };
}

/** `signal.aborted`, read afresh: the compiler would otherwise remember what it was before an `await`. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/** Waits for SIGINT or SIGTERM. A second one ends this process at once; its children then see their channel close. */
export async function stopSignal(): Promise<string> {
  const signal = await Promise.race([
    once(process, 'SIGINT').then(() => 'SIGINT'),
    once(process, 'SIGTERM').then(() => 'SIGTERM'),
  ]);
  return signal;
}
