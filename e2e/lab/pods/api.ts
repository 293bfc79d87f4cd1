/**
 * The shop's API: answers from PostgreSQL, one query per request, IPv4 and IPv6 in turn. Every few seconds it tries to
 * reach the payment provider, which the network policy of the lab does not let it, and asks for a name that is gone.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Result } from '../../../model/result.ts';
import { createNameCache } from './name-cache.ts';
import { createPacer } from './pacer.ts';
import { createPaymentClient } from './payment-client.ts';
import { families, type Family, type PodConfigOf, type PodProgram, type PodProgramDeps } from './pod-config.ts';
import { connectPostgres, type PostgresClient, type QueryRows } from './postgres-client.ts';

const paymentEveryMs = 3000;
const unknownNameEveryMs = 3000;
const queriesPerConnection = 100;

const schema = `CREATE TABLE IF NOT EXISTS orders (id integer PRIMARY KEY, item text NOT NULL, quantity integer NOT NULL);
INSERT INTO orders SELECT id, 'book', 1 FROM generate_series(1, 500) AS id ON CONFLICT DO NOTHING`;

/** SQL for a request; undefined where none is needed. Only integers from the path or body reach the text. */
export function sqlFor(method: string, path: string, body: string): string | undefined {
  const order = /^\/api\/v1\/orders\/(\d{1,9})$/.exec(path)?.[1];
  if (method === 'GET' && order !== undefined) return `SELECT id, item, quantity FROM orders WHERE id = ${order}`;
  // Nobody has finished this report yet: it divides by the number of orders over a million.
  if (path === '/api/v1/reports/daily')
    return 'SELECT sum(quantity) / count(*) FILTER (WHERE id > 1000000) FROM orders';
  if (method === 'POST' && path === '/api/v1/orders') {
    const id = Number(/"id":(\d{1,9})\b/.exec(body)?.[1] ?? 1);
    return `INSERT INTO orders VALUES (${id}, 'book', 1) ON CONFLICT (id) DO UPDATE SET quantity = orders.quantity + 1 RETURNING id`;
  }
  return undefined;
}

/** Status of the answer to what the database said. */
export function statusFor(method: string, found: Result<QueryRows, unknown>): number {
  if (!found.ok) return 500;
  if (method === 'POST') return 201;
  return found.value.length === 0 ? 404 : 200;
}

export function createApi(config: PodConfigOf<'api'>, deps: PodProgramDeps): PodProgram {
  const nameCache = createNameCache(config, deps);
  const payment = createPaymentClient(config.payment, { ...deps, nameCache });
  const database: Record<Family, { client: Promise<PostgresClient> | undefined; queries: number }> = {
    ipv4: { client: undefined, queries: 0 },
    ipv6: { client: undefined, queries: 0 },
  };
  const server = createServer({ keepAliveTimeout: 120_000 }, (incoming, outgoing) => {
    answer(incoming, outgoing).catch((cause: unknown) => {
      deps.say('failure', { path: incoming.url, cause: String(cause) });
      outgoing.writeHead(503).end();
    });
  });
  const chores = [
    createPacer(
      { perSecond: 1000 / paymentEveryMs, maxInFlight: 1 },
      {
        // Both at once, as a client does that does not know which of them works.
        task: async (n) => {
          await Promise.all(families.map((family) => payment.call(n, family)));
        },
        clock: deps.clock,
      },
    ),
    createPacer(
      { perSecond: 1000 / unknownNameEveryMs, maxInFlight: 1 },
      {
        task: async (n) => {
          await nameCache.resolve(config.unknownName, n % 2 === 0 ? 'ipv4' : 'ipv6');
        },
        clock: deps.clock,
      },
    ),
  ];

  async function connectDatabase(family: Family): Promise<PostgresClient> {
    const address = await nameCache.resolve(config.database.name, family);
    if (address === undefined) throw new Error(`${config.database.name} has no ${family} address`);
    deps.say('connect', { to: config.database.name, family });
    return connectPostgres({ ...config.database, address, database: 'postgres' });
  }

  async function query(family: Family, sql: string): ReturnType<PostgresClient['query']> {
    const connection = database[family];
    connection.client ??= connectDatabase(family);
    const client = connection.client;
    connection.queries += 1;
    const isLast = connection.queries % queriesPerConnection === 0;
    if (isLast) connection.client = undefined;
    try {
      const found = await (await client).query(sql);
      deps.say('query', { family, rows: found.ok ? found.value.length : 0, ...(found.ok ? {} : found.error) });
      if (isLast) await (await client).close();
      return found;
    } catch (cause) {
      if (connection.client === client) connection.client = undefined;
      throw cause;
    }
  }

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const method = incoming.method ?? '';
    const path = incoming.url ?? '';
    let body = '';
    for await (const chunk of incoming) body += String(chunk);
    const sql = sqlFor(method, path, body);
    const family: Family = incoming.socket.remoteAddress?.startsWith('::ffff:') === true ? 'ipv4' : 'ipv6';
    const found = sql === undefined ? undefined : await query(family, sql);
    const status = found ? statusFor(method, found) : path === '/healthz' ? 200 : 404;
    const text = found?.ok === true ? JSON.stringify(found.value) : path === '/healthz' ? 'ok' : 'no answer';
    outgoing.writeHead(status, { 'content-type': found ? 'application/json' : 'text/plain' }).end(`${text}\n`);
    deps.say('request', { method, path, status, family });
  }

  return {
    async start() {
      const created = await query('ipv4', schema);
      if (!created.ok) throw new Error(created.error.message);
      await new Promise<void>((resolve) => server.listen(config.listenPort, '::', resolve));
      deps.say('listening', { port: config.listenPort });
      for (const chore of chores) chore.start();
    },
    async stop() {
      server.close();
      server.closeIdleConnections();
      await Promise.all(chores.map((chore) => chore.stop()));
      await payment.stop();
      for (const family of families) await (await database[family].client)?.close();
      deps.say('stopped');
    },
  };
}
