/**
 * The ClickHouse HTTP interface in front of the engine, on loopback. `GET /ping` is open; everything else wants the
 * password, because SQL can read and write files of the host.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../log.ts';
import type { Gate } from './access.ts';
import { answer, type Answer } from './answer.ts';
import type { Engine } from './engine.ts';
import { sendBody } from './send-body.ts';
import { readRequest, urlParameters } from './request.ts';
import { sessionSetup } from './session-setup.ts';
import type { Spool } from './spool.ts';
import { StoreError, statusOf, storeErrorOf } from './store-error.ts';

export interface StoreServer {
  /** Resolves with the port once it listens. */
  listen(host: string, port: number): Promise<number>;
  /** Takes no new requests, cuts the open ones. */
  close(): Promise<void>;
}

interface StoreServerDeps {
  readonly engine: Engine;
  readonly spool: Spool;
  readonly gate: Gate;
  readonly log: Log;
}

export function createStoreServer(deps: StoreServerDeps): StoreServer {
  const { engine, spool, gate, log } = deps;

  const query = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parameters = urlParameters(request);
    const queryId = parameters.get('query_id') ?? randomUUID();
    const headers: OutgoingHttpHeaders = {
      'X-ClickHouse-Server-Display-Name': 'palomar-store',
      'X-ClickHouse-Query-Id': queryId,
      'X-ClickHouse-Timezone': 'UTC',
    };
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    try {
      gate(request.headers, parameters);
      const read = await readRequest(request, parameters);
      const setup = sessionSetup(read.parameters, request.method === 'GET');
      const encoding = setup.compressesResponse ? accepted(request) : null;
      await answer({ engine, spool }, read, setup, gone.signal, async (made: Answer) => {
        // Tells clients how to recognise an exception that comes after the status line.
        const tag = made.body === null ? null : randomBytes(8).toString('hex');
        response.writeHead(200, {
          ...headers,
          'Content-Type': made.mediaType,
          'X-ClickHouse-Format': made.format,
          'X-ClickHouse-Summary': made.summary,
          ...(tag === null ? {} : { 'X-ClickHouse-Exception-Tag': tag }),
          ...(encoding === null || made.body === null ? {} : { 'Content-Encoding': encoding }),
        });
        if (made.body === null || tag === null) response.end();
        else await sendBody(response, made.body, { encoding, tag, version: engine.version });
      });
    } catch (error) {
      if (gone.signal.aborted) {
        log.debug({ queryId }, 'client went away, query cancelled');
        return;
      }
      refuse(response, storeErrorOf(error), headers);
    }
  };

  const refuse = (response: ServerResponse, error: StoreError, headers: OutgoingHttpHeaders): void => {
    log.debug({ code: error.code, type: error.type, reason: error.message }, 'query failed');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const status = statusOf(error);
    response.writeHead(status, {
      ...headers,
      'Content-Type': 'text/plain; charset=UTF-8',
      'X-ClickHouse-Exception-Code': String(error.code),
      ...(status === 401 ? { 'WWW-Authenticate': 'Basic realm="ClickHouse server HTTP API"' } : {}),
      // The rest of a refused body is not worth reading.
      ...(response.req.complete ? {} : { Connection: 'close' }),
    });
    response.end(`${error.render(engine.version)}\n`);
  };

  const route = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://store');
    const isProbe = request.method === 'GET' || request.method === 'HEAD';
    if (isProbe && (pathname === '/ping' || (pathname === '/' && searchParams.size === 0))) {
      response.writeHead(200, { 'Content-Type': 'text/plain; charset=UTF-8' }).end('Ok.\n');
    } else if (pathname !== '/') {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end(`There is no handle ${pathname}\n`);
    } else if (request.method !== 'GET' && request.method !== 'POST') {
      response.writeHead(405, { Allow: 'GET, POST' }).end();
    } else {
      void query(request, response);
    }
  };

  const server = createServer({ keepAliveTimeout: 10_000, requestTimeout: 300_000 }, route);
  server.maxConnections = 512;

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve((server.address() as AddressInfo).port);
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The first of what the client takes and we have. */
function accepted(request: IncomingMessage): 'gzip' | 'deflate' | 'br' | null {
  const offered = request.headers['accept-encoding'] ?? '';
  const [first] = (['gzip', 'br', 'deflate'] as const).filter((name) => new RegExp(`\\b${name}\\b`).test(offered));
  return first ?? null;
}
