/**
 * The payment provider outside the cluster: HTTPS for whoever reaches it, and, once the shop has called for the first
 * time, a webhook to it now and then.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:https';
import { createPacer } from './pacer.ts';
import type { PodConfigOf, PodProgram, PodProgramDeps } from './pod-config.ts';

const webhookEveryMs = 5000;

export function createOutside(config: PodConfigOf<'outside'>, deps: PodProgramDeps): PodProgram {
  const agent = new Agent({ keepAlive: true });
  const webhooks = createPacer(
    { perSecond: 1000 / webhookEveryMs, maxInFlight: 1 },
    { task: postWebhook, clock: deps.clock },
  );
  let isCalling = false;
  const server = createServer(
    { key: readFileSync(config.keyFile), cert: readFileSync(config.certFile), keepAliveTimeout: 120_000 },
    (incoming, outgoing) => {
      incoming.resume();
      incoming.on('end', () => {
        outgoing.writeHead(201, { 'content-type': 'application/json' }).end('{"status":"succeeded"}\n');
        deps.say('request', { method: incoming.method, path: incoming.url, from: incoming.socket.remoteAddress });
        if (!isCalling) webhooks.start();
        isCalling = true;
      });
    },
  );
  // A goodbye of our own would make the client let go before our end has reached it.
  server.prependListener('secureConnection', (socket) => socket.prependListener('end', () => socket.destroy()));
  server.on('tlsClientError', (cause) => deps.say('tls-error', { cause: cause.message }));

  function postWebhook(n: number): Promise<void> {
    const address = n % 2 === 0 ? config.webhook.addresses.ipv4 : config.webhook.addresses.ipv6;
    return new Promise((resolve) => {
      const headers = { host: config.webhook.host, 'content-type': 'application/json' };
      const target = { agent, host: address, port: config.webhook.port, headers };
      const call = request({ ...target, method: 'POST', path: '/webhooks/payment' }, (response) => {
        response.resume();
        response.on('end', () => {
          deps.say('webhook', { to: address, status: response.statusCode });
          resolve();
        });
      });
      call.on('error', (cause) => {
        deps.say('failure', { to: address, cause: cause.message });
        resolve();
      });
      call.end('{"type":"payment_intent.succeeded"}');
    });
  }

  return {
    async start() {
      await new Promise<void>((resolve) => server.listen(config.listenPort, '::', resolve));
      deps.say('listening', { port: config.listenPort });
    },
    async stop() {
      await webhooks.stop();
      agent.destroy();
      server.close();
      server.closeIdleConnections();
      deps.say('stopped');
    },
  };
}
