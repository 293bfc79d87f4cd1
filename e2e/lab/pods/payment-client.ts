/**
 * Calls the payment provider over TLS, one request per call and IP version, on a connection that is kept for a few
 * calls. The client closes first: a server that did would answer the client's goodbye with a reset.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { NameCache } from './name-cache.ts';
import type { Family, PodProgramDeps } from './pod-config.ts';

export interface PaymentClient {
  call(n: number, family: Family): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Shorter than TCP's first retransmission: one dropped packet per call, and that right after the name was asked for.
 */
const connectTimeoutMs = 900;
const responseTimeoutMs = 10_000;
const callsPerConnection = 3;

export function createPaymentClient(
  config: { readonly name: string; readonly port: number; readonly caFile: string },
  deps: PodProgramDeps & { readonly nameCache: NameCache },
): PaymentClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: readFileSync(config.caFile) });
  const calls: Record<Family, number> = { ipv4: 0, ipv6: 0 };

  function post(address: string, n: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const call = request(
        {
          agent,
          host: address,
          port: config.port,
          servername: config.name,
          method: 'POST',
          path: '/v1/payment_intents',
          headers: { host: config.name, 'content-type': 'application/json' },
        },
        (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? 0));
          response.on('error', reject);
        },
      );
      const limit = setTimeout(() => call.destroy(new Error('connect timeout')), connectTimeoutMs);
      call.on('close', () => clearTimeout(limit));
      call.on('socket', (socket) => {
        if (socket.connecting) socket.once('connect', () => clearTimeout(limit));
        else clearTimeout(limit);
      });
      call.setTimeout(responseTimeoutMs, () => call.destroy(new Error('response timeout')));
      call.on('error', reject);
      call.end(JSON.stringify({ order: n }));
    });
  }

  /** Ends idle connections politely and waits until the other side has said goodbye too. */
  async function endIdle(): Promise<void> {
    // A connection becomes idle a tick after its response ended.
    await new Promise((resolve) => setImmediate(resolve));
    const idle = Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);
    await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('close', resolve).end())));
  }

  return {
    async call(n, family) {
      const address = await deps.nameCache.resolve(config.name, family);
      if (address === undefined) return;
      const started = deps.clock();
      const tell = (outcome: string): void =>
        deps.say('payment', { family, outcome, latencyMs: deps.clock() - started });
      try {
        tell(String(await post(address, n)));
      } catch (cause) {
        tell(cause instanceof Error ? cause.message : String(cause));
      }
      calls[family] += 1;
      if (calls[family] % callsPerConnection === 0) await endIdle();
    },
    async stop() {
      await endIdle();
      agent.destroy();
    },
  };
}
