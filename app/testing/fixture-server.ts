/**
 * A stand-in for the API, with generated answers, that also serves the built page: for looking at the page and for its
 * pictures, without a kernel or a store. `main.ts` beside it runs it by hand.
 */
import { createReadStream, existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

import { groupings } from '../../model/api.ts';
import {
  asFailedConnect,
  dropsOf,
  flowsOf,
  healthOf,
  labWorld,
  madeUpWorld,
  mapOf,
  seeded,
  seriesOf,
  type World,
} from './fixture-data.ts';

type Capture = 'live' | 'recording' | 'off' | 'first-run';

export interface FixtureOptions {
  readonly directory: string;
  /** 5 is the lab; anything else a made-up cluster. */
  readonly services: number;
  readonly capture: Capture;
  readonly port: number;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
  '.woff2': 'font/woff2',
};

export async function startFixtureServer(options: FixtureOptions): Promise<{ url: string; stop: () => void }> {
  const server: Server = createServer((request, response) => answer(options, request, response));
  await new Promise<void>((resolve) => server.listen(options.port, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}

function answer(options: FixtureOptions, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://fixture');
  const nowMs = Date.now();
  const world = worldOf(options.services, nowMs);
  const isEmpty = options.capture === 'first-run';
  switch (url.pathname) {
    case '/api/v1/health':
      return json(response, 200, healthOf(options.capture, nowMs));
    case '/api/v1/map': {
      if (url.searchParams.get('filter')?.includes('boom') === true) return json(response, 503, storeAway);
      const grouping = groupings.find((item) => item === url.searchParams.get('grouping')) ?? 'workload';
      const asked = matching(world, url.searchParams.get('filter') ?? '');
      const shown = isEmpty ? { nodes: [], edges: [] } : asked;
      return json(response, 200, mapOf(shown, nowMs - 300_000, nowMs, grouping));
    }
    case '/api/v1/drops': {
      const isEarlier = Number(url.searchParams.get('to') ?? nowMs) < nowMs - 100_000;
      const asked = isEarlier ? fewer(world) : world;
      return json(response, 200, dropsOf(isEmpty ? { nodes: [], edges: [] } : asked, nowMs - 300_000, nowMs));
    }
    case '/api/v1/series':
      return json(response, 200, seriesOf(isEmpty ? { nodes: [], edges: [] } : world, nowMs - 900_000, nowMs));
    case '/api/v1/flows':
      return json(response, 200, page(world, url.searchParams, nowMs, isEmpty));
    case '/api/v1/live':
      return live(
        matching(world, url.searchParams.get('filter') ?? ''),
        url.searchParams.get('flows') === '1',
        request,
        response,
      );
    default:
      return file(options.directory, url.pathname, response);
  }
}

const storeAway = { error: { code: 'store_unavailable', message: 'The store does not answer; it is asked again.' } };

function worldOf(services: number, nowMs: number): World {
  return services === 5 ? labWorld(nowMs) : madeUpWorld(services, nowMs, seeded(services));
}

function page(world: World, search: URLSearchParams, nowMs: number, isEmpty: boolean): unknown {
  const newestMs = Number(search.get('cursor') ?? nowMs);
  const only = search.get('filter') ?? '';
  const found = isEmpty ? [] : flowsOf(matching(world, only), newestMs, 200, seeded(Math.floor(newestMs / 1000)));
  const flows = only.includes('connect:') ? found.slice(0, 40).map(asFailedConnect) : found;
  const { evidence, range } = mapOf(world, nowMs - 300_000, nowMs, 'workload');
  const oldestMs = newestMs - 200 * 37;
  return { range, filter: only, flows, cursor: oldestMs > nowMs - 300_000 ? String(oldestMs) : null, evidence };
}

/** The stretch before had every other problem, and less of it. */
function fewer(world: World): World {
  const edges = world.edges.map((edge, index) =>
    index % 2 === 0
      ? { ...edge, drops: 0, dropReasons: [] }
      : { ...edge, dropReasons: edge.dropReasons.map((one) => ({ ...one, packets: Math.ceil(one.packets / 3) })) },
  );
  return { ...world, edges };
}

/** The fixture knows few filters: what names the dropped peer, drops, and failed connects. */
function matching(world: World, filter: string): World {
  return /stripe|dropped|reason:/.test(filter)
    ? { ...world, edges: world.edges.filter((edge) => edge.drops > 0) }
    : world;
}

function live(world: World, withFlows: boolean, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const send = (event: string, data: unknown): void => {
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const beat = (): void => {
    const nowMs = Date.now();
    if (withFlows) send('flows', { flows: flowsOf(world, nowMs, 6, seeded(nowMs % 1e6)).reverse(), skipped: 0 });
    send('tick', { nowMs, newestFlowMs: nowMs - 400, rows: 6 });
  };
  beat();
  const timer = setInterval(beat, 1_000);
  request.on('close', () => clearInterval(timer));
}

function file(directory: string, path: string, response: ServerResponse): void {
  const inside = normalize(path).replace(/^[./]+/, '');
  const found = [inside, `${inside}.html`, join(inside, 'index.html')].find(
    (name) => extname(name) !== '' && existsSync(join(directory, name)),
  );
  if (found === undefined)
    return json(response, 404, { error: { code: 'not_found', message: `no such page: ${path}` } });
  response.writeHead(200, { 'content-type': types[extname(found)] ?? 'application/octet-stream' });
  createReadStream(join(directory, found)).pipe(response);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
