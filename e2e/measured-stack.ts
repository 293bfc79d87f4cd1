/** Palomar watching a quiet lab: only the loads that a spec starts are on its links, so that totals can be compared. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createClient } from '@clickhouse/client';
import { z } from 'zod';

import { buildEntry } from './lab/built-entry.ts';
import type { Journal } from './lab/journal.ts';
import { startLab, type Lab } from './lab/lab.ts';
import type { LabPod } from './lab/topology.ts';
import { embeddedStoreUrl, eventually, startStack, type Stack } from './stack.ts';
import type { Traffic } from './traffic/run-traffic.ts';

export interface LoadServer {
  readonly journal: Journal;
  stop(): Promise<void>;
}

export interface MeasuredStack {
  readonly lab: Lab;
  readonly stack: Stack;
  /** Starts a load's server in a pod and resolves when it listens. */
  serve(pod: LabPod, traffic: Traffic): Promise<LoadServer>;
  /** Runs a load's client in a pod to its end; resolves with what it said. */
  load(pod: LabPod, traffic: Traffic): Promise<string>;
  /** A file for a client's truth, and its lines once they are written. */
  truthFile(name: string): string;
  readTruth<S extends z.ZodType>(name: string, schema: S): z.infer<S>[];
  /** Rows of the store, straight from it. */
  rows<S extends z.ZodType>(query: string, parameters: Record<string, unknown>, schema: S): Promise<z.infer<S>[]>;
  stop(): Promise<void>;
}

/** Resolves when live capture has found the pods' links. */
async function watchesLinks(stack: Stack, lab: Lab): Promise<void> {
  const missing = async (): Promise<string[]> => {
    const { capture } = await stack.health();
    const attached = new Set(capture.interfaces.filter((i) => i.state === 'attached').map((i) => i.name));
    return lab.pods.map((pod) => pod.link).filter((link) => !attached.has(link));
  };
  await eventually(
    60_000,
    async () => ((await missing()).length === 0 ? true : null),
    () => `links of the lab watched; health and terminal:\n${stack.lines.slice(-20).join('\n')}`,
  );
}

export async function startMeasuredStack(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<MeasuredStack> {
  const entry = await buildEntry();
  const folder = mkdtempSync(join(tmpdir(), 'palomar-truth-'));
  const started = await startLab({
    entry: entry.path,
    path: process.env['PATH'] ?? '',
    requestsPerSecond: 1,
    kubernetesListen: { host: '127.0.0.1', port: 0 },
    applications: false,
    log: () => undefined,
  });
  if (!started.ok) throw new Error(started.error);
  const lab = started.value;
  const stack = await startStack({ args, env: { ...env, PALOMAR_KUBERNETES_URL: lab.kubernetesUrl } }).catch(
    async (cause: unknown) => {
      await lab.stop();
      throw cause;
    },
  );
  const store = createClient({ url: await embeddedStoreUrl(stack) });
  const stop = async (): Promise<void> => {
    await store.close();
    await stack.remove();
    await lab.stop();
    entry.remove();
    rmSync(folder, { recursive: true, force: true });
  };
  const argv = (traffic: Traffic): string[] => [process.execPath, entry.path, 'traffic', JSON.stringify(traffic)];
  try {
    await watchesLinks(stack, lab);
  } catch (cause) {
    await stop();
    throw cause;
  }
  return {
    lab,
    stack,
    async serve(pod, traffic) {
      const server = lab.spawn(pod, argv(traffic));
      await server.journal.waitFor(`${traffic.mode} listens`, (line) => line.event === 'listening', 10_000);
      return { journal: server.journal, stop: () => server.stop('SIGTERM', 1000) };
    },
    load: (pod, traffic) => lab.exec(pod, argv(traffic)),
    truthFile: (name) => join(folder, name),
    readTruth: (name, schema) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => schema.parse(JSON.parse(line))),
    async rows(query, parameters, schema) {
      const result = await store.query({ query, query_params: parameters, format: 'JSONEachRow' });
      return z.array(schema).parse(await result.json());
    },
    stop,
  };
}
