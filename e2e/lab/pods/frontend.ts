/**
 * The shop's frontend: serves its health check and the payment provider's webhooks, and asks api on behalf of its
 * users at a fixed rate, IPv4 and IPv6 in turn, over kept connections.
 */
import { Agent, createServer, request } from 'node:http';
import { createKeptConnections, type KeptConnections } from './kept-connections.ts';
import { createNameCache } from './name-cache.ts';
import { createPacer } from './pacer.ts';
import { createPaymentClient } from './payment-client.ts';
import { families, type Family, type PodConfigOf, type PodProgram, type PodProgramDeps } from './pod-config.ts';

interface ApiRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: string;
}

/** What the n-th user wants: ten requests make a round, of which one fails. */
export function nthRequest(n: number): ApiRequest {
  const get = (path: string): ApiRequest => ({ method: 'GET', path, body: '' });
  const order = 1 + ((n * 7) % 500);
  switch (n % 10) {
    case 6:
    case 7:
      return { method: 'POST', path: '/api/v1/orders', body: JSON.stringify({ id: order, item: 'book', quantity: 1 }) };
    case 8:
      return get('/healthz');
    case 9:
      return n % 50 === 9 ? get('/api/v1/reports/daily') : get(`/api/v1/orders/${10_000 + n}`);
    default:
      return get(`/api/v1/orders/${order}`);
  }
}

const paymentEveryMs = 4000;
/** Of all four connections of an IP version together. */
const requestsPerAgent = 200;

export function createFrontend(config: PodConfigOf<'frontend'>, deps: PodProgramDeps): PodProgram {
  const nameCache = createNameCache(config, deps);
  const payment = createPaymentClient(config.payment, { ...deps, nameCache });
  const perFamily = (): KeptConnections =>
    createKeptConnections({ requestsPerAgent, createAgent: () => new Agent({ keepAlive: true, maxSockets: 4 }) });
  const connections = { ipv4: perFamily(), ipv6: perFamily() };
  const pacer = createPacer({ perSecond: config.requestsPerSecond, maxInFlight: 64 }, { task: ask, clock: deps.clock });
  const payments = createPacer(
    { perSecond: 1000 / paymentEveryMs, maxInFlight: 1 },
    { task: (n) => payment.call(n, n % 2 === 0 ? 'ipv4' : 'ipv6'), clock: deps.clock },
  );
  const server = createServer({ keepAliveTimeout: 120_000 }, (incoming, outgoing) => {
    incoming.resume();
    incoming.on('end', () => {
      const known = incoming.url === '/webhooks/payment' || incoming.url === '/healthz';
      outgoing.writeHead(known ? 200 : 404, { 'content-type': 'text/plain' }).end(known ? 'ok\n' : 'no such page\n');
      deps.say('request', { method: incoming.method, path: incoming.url, from: incoming.socket.remoteAddress });
    });
  });

  async function ask(n: number): Promise<void> {
    const family: Family = families[Math.floor(n / 10) % 2] ?? 'ipv4';
    const address = await nameCache.resolve(config.api.name, family);
    if (address === undefined) return;
    const wanted = nthRequest(n);
    const started = deps.clock();
    const facts = { method: wanted.method, path: wanted.path, family };
    try {
      const status = await connections[family].use((agent) => send(agent, address, wanted));
      deps.say('response', { ...facts, status, latencyMs: deps.clock() - started });
    } catch (cause) {
      deps.say('failure', { ...facts, cause: String(cause) });
    }
  }

  function send(agent: Agent, address: string, wanted: ApiRequest): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = { host: `${config.api.name}:${config.api.port}`, 'content-type': 'application/json' };
      const target = { agent, host: address, port: config.api.port };
      const call = request({ ...target, method: wanted.method, path: wanted.path, headers }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
        response.on('error', reject);
      });
      call.on('error', reject);
      call.end(wanted.body);
    });
  }

  return {
    start() {
      return new Promise((resolve) => {
        server.listen(config.listenPort, '::', () => {
          deps.say('listening', { port: config.listenPort });
          pacer.start();
          payments.start();
          resolve();
        });
      });
    },
    async stop() {
      await Promise.all([pacer.stop(), payments.stop()]);
      await payment.stop();
      await Promise.all(Object.values(connections).map((kept) => kept.stop()));
      server.close();
      server.closeIdleConnections();
      deps.say('stopped', { skipped: pacer.skipped });
    },
  };
}
