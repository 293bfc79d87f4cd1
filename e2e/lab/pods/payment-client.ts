/** Calls the payment provider over TLS, one request per call, on a connection that is kept for a few calls. */
import { readFileSync } from 'node:fs';
import type { Agent as HttpAgent } from 'node:http';
import { Agent, request } from 'node:https';
import { createKeptConnections, type KeptConnections } from './kept-connections.ts';
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
  const ca = readFileSync(config.caFile);
  const perFamily = (): KeptConnections =>
    createKeptConnections({
      requestsPerAgent: callsPerConnection,
      createAgent: () => new Agent({ keepAlive: true, maxSockets: 1, ca }),
    });
  const connections = { ipv4: perFamily(), ipv6: perFamily() };

  function post(agent: HttpAgent, address: string, n: number): Promise<number> {
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

  return {
    async call(n, family) {
      const address = await deps.nameCache.resolve(config.name, family);
      if (address === undefined) return;
      const started = deps.clock();
      const tell = (outcome: string): void =>
        deps.say('payment', { family, outcome, latencyMs: deps.clock() - started });
      try {
        tell(String(await connections[family].use((agent) => post(agent, address, n))));
      } catch (cause) {
        tell(cause instanceof Error ? cause.message : String(cause));
      }
    },
    async stop() {
      await Promise.all(Object.values(connections).map((kept) => kept.stop()));
    },
  };
}
