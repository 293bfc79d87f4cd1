/** The loads as programs that run inside pods: `main.js traffic '<JSON>'`. Results go out as lines of JSON. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { planQuestions, runDnsLoad } from './dns-load.ts';
import { callGrpc, serveGrpc } from './grpc.ts';
import { runHttpConnection, serveHttpLoad } from './http-load.ts';
import { planConnection } from './http-plan.ts';
import { connectOnce, sendOnce } from './reach.ts';
import { serveTransfers, transfer } from './transfer.ts';

const port = z.number().int();
const target = z.object({ host: z.string(), port });
const count = z.number().int().positive();

const trafficSchema = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('transfer-server'), port }),
  z.object({ mode: z.literal('transfer-client'), target, bytes: count }),
  z.object({ mode: z.literal('http-server'), port, seed: z.number() }),
  z.object({
    mode: z.literal('http-client'),
    /** One connection after another is given to these in turn. */
    targets: z.array(target).min(1),
    connections: count,
    requestsPerConnection: count,
    seed: z.number(),
    /** Where the exchanges that happened are written, one JSON object per line. */
    truthFile: z.string(),
  }),
  z.object({
    mode: z.literal('dns-client'),
    targets: z.array(target).min(1),
    questionsPerTarget: count,
    sockets: count,
    seed: z.number(),
    truthFile: z.string(),
  }),
  z.object({
    mode: z.literal('connect'),
    target,
    times: count,
    timeoutMs: count,
    pauseMs: z.number().int().nonnegative(),
  }),
  z.object({ mode: z.literal('datagram'), target, times: count, timeoutMs: count }),
  z.object({ mode: z.literal('grpc-server'), port }),
  z.object({ mode: z.literal('grpc-client'), target, method: z.string(), times: count }),
]);
export type Traffic = z.infer<typeof trafficSchema>;

export interface TrafficDeps {
  readonly say: (event: string, facts?: Readonly<Record<string, unknown>>) => void;
}

function writeTruth(file: string, entries: readonly object[]): void {
  appendFileSync(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
}

async function httpClient(traffic: Extract<Traffic, { mode: 'http-client' }>): Promise<number> {
  const { targets, requestsPerConnection, seed } = traffic;
  const exchanges = await Promise.all(
    Array.from({ length: traffic.connections }, (_, k) => {
      const to = targets[k % targets.length];
      if (!to) throw new Error('no target');
      return runHttpConnection(to, planConnection(seed + k, k * requestsPerConnection, requestsPerConnection));
    }),
  );
  writeTruth(traffic.truthFile, exchanges.flat());
  return exchanges.flat().length;
}

async function dnsClient(traffic: Extract<Traffic, { mode: 'dns-client' }>): Promise<number> {
  let asked = 0;
  for (const [index, to] of traffic.targets.entries()) {
    const questions = planQuestions(traffic.seed + index, traffic.questionsPerTarget);
    const lookups = await runDnsLoad(to, questions, traffic.sockets);
    writeTruth(traffic.truthFile, lookups);
    asked += lookups.length;
  }
  return asked;
}

/** Clients end by themselves; servers when `stopped` resolves. */
export async function runTraffic(argument: string, deps: TrafficDeps, stopped: Promise<void>): Promise<void> {
  const traffic = trafficSchema.parse(JSON.parse(argument));
  switch (traffic.mode) {
    case 'transfer-server': {
      const server = await serveTransfers(traffic.port, (bytes) => deps.say('served', { bytes }));
      deps.say('listening');
      await stopped;
      server.close();
      return;
    }
    case 'http-server': {
      const server = await serveHttpLoad(traffic.port, traffic.seed);
      deps.say('listening');
      await stopped;
      server.close();
      return;
    }
    case 'transfer-client':
      return deps.say('done', { bytes: await transfer(traffic.target, traffic.bytes) });
    case 'http-client':
      return deps.say('done', { requests: await httpClient(traffic) });
    case 'dns-client':
      return deps.say('done', { questions: await dnsClient(traffic) });
    case 'connect':
      for (let n = 0; n < traffic.times; n += 1) {
        if (n > 0) await sleep(traffic.pauseMs);
        deps.say('connect', { outcome: await connectOnce(traffic.target, traffic.timeoutMs) });
      }
      return;
    case 'datagram':
      for (let n = 0; n < traffic.times; n += 1) {
        deps.say('datagram', { outcome: await sendOnce(traffic.target, traffic.timeoutMs) });
      }
      return;
    case 'grpc-server': {
      const server = await serveGrpc(traffic.port, (call) => deps.say('call', call));
      deps.say('listening');
      await stopped;
      server.forceShutdown();
      return;
    }
    case 'grpc-client':
      for (const status of await callGrpc(traffic.target, traffic.method, traffic.times)) {
        deps.say('answered', { method: traffic.method, status });
      }
      return;
  }
}
