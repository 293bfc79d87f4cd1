/**
 * A stand-in for the Kubernetes API server: lists and watches of the few resources that give flows their names, with
 * the resource versions, pages, bookmarks, 410 Gone, metadata-only answers, client certificates and tokens of the real
 * one. It knows no selectors and no writes over HTTP; what it does not know it refuses, so that nobody takes its
 * silence for an answer.
 */
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { TLSSocket } from 'node:tls';
import { z } from 'zod';
import { err, ok, type Result } from '../../model/result.ts';
import type { KubernetesObject } from './kubernetes-objects.ts';
import { createObjectStore, type ObjectStore, type StoredObject, type WatchEvent } from './object-store.ts';

/** Path below the API root, and the kind of object it lists. */
const resources = {
  '/api/v1/pods': { apiVersion: 'v1', kind: 'Pod' },
  '/api/v1/namespaces': { apiVersion: 'v1', kind: 'Namespace' },
  '/api/v1/services': { apiVersion: 'v1', kind: 'Service' },
  '/api/v1/nodes': { apiVersion: 'v1', kind: 'Node' },
  '/api/v1/configmaps': { apiVersion: 'v1', kind: 'ConfigMap' },
  '/apis/apps/v1/replicasets': { apiVersion: 'apps/v1', kind: 'ReplicaSet' },
  '/apis/apps/v1/deployments': { apiVersion: 'apps/v1', kind: 'Deployment' },
  '/apis/batch/v1/jobs': { apiVersion: 'batch/v1', kind: 'Job' },
  '/apis/apps/v1/statefulsets': { apiVersion: 'apps/v1', kind: 'StatefulSet' },
  '/apis/discovery.k8s.io/v1/endpointslices': { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' },
} as const;

const flag = z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1');
const count = z.coerce.number().int().nonnegative();
const querySchema = z.strictObject({
  watch: flag.default(false),
  allowWatchBookmarks: flag.default(false),
  resourceVersion: z.string().regex(/^\d*$/).default(''),
  resourceVersionMatch: z.enum(['NotOlderThan', 'Exact']).optional(),
  limit: count.default(0),
  continue: z.string().default(''),
  timeoutSeconds: count.optional(),
  pretty: z.string().optional(),
});
type Query = z.infer<typeof querySchema>;

interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
}

export interface KubernetesStandIn {
  /** Creates the object or replaces it: watchers hear ADDED or MODIFIED. */
  put(object: KubernetesObject): void;
  /** False when there was no such object. */
  remove(kind: string, namespace: string, name: string): boolean;
  /** Forgets past events, as etcd's compaction does: a watch from before now is 410 Gone. */
  compact(): void;
  /** The next `count` requests are answered with that status, as an overloaded or broken server does. */
  refuseNext(count: number, status: number, retryAfterSeconds?: number): void;
  /** Ends all watches without a word, as a server that is killed does. */
  cutWatches(): void;
  /** From now on only these bearer tokens are taken. */
  acceptTokens(tokens: readonly string[]): void;
  /** Requests answered, by path and query. */
  readonly requests: readonly string[];
  readonly url: string;
  start(): Promise<string>;
  stop(): Promise<void>;
}

export interface StandInConfig {
  readonly host: string;
  readonly port: number;
  /** Past events that a watch may still ask for. */
  readonly history?: number;
  readonly bookmarkEveryMs?: number;
  /** PEM texts. With `clientCa` a client needs a certificate of it, or a token. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly clientCa: string };
}

const requestsKept = 1000;

/** A watcher this far behind is cut off; it comes back with a list. */
const watcherBufferBytes = 1 << 20;

function statusObject(refusal: Refusal): object {
  const { status: code, reason, message } = refusal;
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
}

function sendJson(outgoing: ServerResponse, status: number, body: object): void {
  outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

interface Target {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Understands `/root/resource`, `/root/resource/name` and `/root/namespaces/ns/resource[/name]`. */
function targetOf(path: string): Target | undefined {
  const namespaced = /^(\/api\/v1|\/apis\/[^/]+\/v1)\/namespaces\/([^/]+)\/([a-z]+)(?:\/([^/]+))?$/.exec(path);
  const plain = /^(\/api\/v1|\/apis\/[^/]+\/v1)\/([a-z]+)(?:\/([^/]+))?$/.exec(path);
  const [root, namespace, resource, name] = namespaced
    ? [namespaced[1], namespaced[2], namespaced[3], namespaced[4]]
    : [plain?.[1], '', plain?.[2], plain?.[3]];
  const known = Object.entries(resources).find(([base]) => base === `${root ?? ''}/${resource ?? ''}`)?.[1];
  return known && { ...known, namespace: namespace ?? '', name: name ?? '' };
}

function parseQuery(url: URL): Result<Query, Refusal> {
  const parsed = querySchema.safeParse(Object.fromEntries(url.searchParams));
  if (parsed.success) return ok(parsed.data);
  const problem = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ');
  return err({ status: 400, reason: 'BadRequest', message: `the stand-in does not support this: ${problem}` });
}

/** What the client asked to be left out of objects, by its Accept header. */
function viewFor(accept: string | undefined): (object: StoredObject) => object {
  if (accept?.startsWith('application/json;as=PartialObjectMetadata') !== true) return (object) => object;
  return ({ metadata }) => ({ apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata });
}

const expired = (version: number): Refusal => ({
  status: 410,
  reason: 'Expired',
  message: `too old resource version: ${version}`,
});

export function createKubernetesStandIn(config: StandInConfig): KubernetesStandIn {
  const store: ObjectStore = createObjectStore({ history: config.history ?? 1000 });
  const watches = new Set<ServerResponse>();
  const { tls } = config;
  const server =
    tls === undefined
      ? createPlainServer(handle)
      : createTlsServer(
          { key: tls.key, cert: tls.cert, ca: tls.clientCa, requestCert: true, rejectUnauthorized: false },
          handle,
        );
  const requests: string[] = [];
  let refusals: { readonly status: number; readonly retryAfter: number | undefined }[] = [];
  let tokens: readonly string[] | null = null;
  let url = '';

  /** A certificate or a token, as the server was told to ask for. */
  function isAuthorized(incoming: IncomingMessage): boolean {
    const { socket } = incoming;
    if (socket instanceof TLSSocket && socket.authorized) return true;
    if (tokens === null) return tls === undefined;
    return tokens.some((token) => incoming.headers.authorization === `Bearer ${token}`);
  }

  function handle(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const asked = new URL(incoming.url ?? '/', 'http://stand-in');
    requests.push(incoming.url ?? '');
    if (requests.length > requestsKept) requests.shift();
    const refusal = refusals.shift();
    if (refusal !== undefined) {
      const { status, retryAfter } = refusal;
      if (retryAfter !== undefined) outgoing.setHeader('retry-after', retryAfter);
      return sendJson(outgoing, status, statusObject({ status, reason: 'Refused', message: 'told to refuse' }));
    }
    if (!isAuthorized(incoming)) {
      return sendJson(outgoing, 401, statusObject({ status: 401, reason: 'Unauthorized', message: 'Unauthorized' }));
    }
    if (asked.pathname === '/version') {
      sendJson(outgoing, 200, { major: '1', minor: '34', gitVersion: 'v1.34.0-palomar-lab', platform: 'linux' });
      return;
    }
    const target = targetOf(asked.pathname);
    const refuse = (refusal: Refusal): void => sendJson(outgoing, refusal.status, statusObject(refusal));
    if (!target) return refuse({ status: 404, reason: 'NotFound', message: `no resource at ${asked.pathname}` });
    if (incoming.method !== 'GET') {
      return refuse({ status: 405, reason: 'MethodNotAllowed', message: 'the stand-in is read-only' });
    }
    const query = parseQuery(asked);
    if (!query.ok) return refuse(query.error);
    if (target.name !== '') return get(target, outgoing, refuse);
    const view = viewFor(incoming.headers.accept);
    if (query.value.watch) return watch(target, query.value, outgoing, view);
    return list(target, query.value, outgoing, view, refuse);
  }

  function get(target: Target, outgoing: ServerResponse, refuse: (refusal: Refusal) => void): void {
    const found = store.select(target.kind, target.namespace).find((item) => item.metadata.name === target.name);
    if (found) sendJson(outgoing, 200, found);
    else refuse({ status: 404, reason: 'NotFound', message: `${target.kind} ${target.name} not found` });
  }

  function list(
    target: Target,
    query: Query,
    outgoing: ServerResponse,
    view: (object: StoredObject) => object,
    refuse: (refusal: Refusal) => void,
  ): void {
    // A page token is "<resource version>/<items sent>"; it is only good while nothing has changed.
    const [version, offsetText] = query.continue === '' ? ['', '0'] : query.continue.split('/');
    if (version !== '' && Number(version) !== store.version()) return refuse(expired(Number(version)));
    const offset = Number(offsetText);
    if (!Number.isInteger(offset)) {
      return refuse({ status: 400, reason: 'BadRequest', message: 'continue is not a token of ours' });
    }
    const all = store.select(target.kind, target.namespace);
    const end = query.limit > 0 ? offset + query.limit : all.length;
    const more = end < all.length;
    sendJson(outgoing, 200, {
      kind: `${target.kind}List`,
      apiVersion: target.apiVersion,
      metadata: {
        resourceVersion: String(store.version()),
        ...(more ? { continue: `${store.version()}/${end}`, remainingItemCount: all.length - end } : {}),
      },
      items: all.slice(offset, end).map(view),
    });
  }

  function watch(target: Target, query: Query, outgoing: ServerResponse, view: (object: StoredObject) => object): void {
    outgoing.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
    const tell = (type: string, object: object): void => {
      outgoing.write(`${JSON.stringify({ type, object })}\n`);
      if (outgoing.writableLength > watcherBufferBytes) outgoing.destroy();
    };
    const concerns = (object: StoredObject): boolean =>
      object.kind === target.kind && (target.namespace === '' || object.metadata.namespace === target.namespace);
    const hear = (event: WatchEvent): void => {
      if (concerns(event.object)) tell(event.type, view(event.object));
    };
    const since = Number(query.resourceVersion);
    if (since === 0)
      for (const object of store.select(target.kind, target.namespace))
        if (concerns(object)) tell('ADDED', view(object));
    const missed = store.since(since === 0 ? store.version() : since);
    if (!missed) {
      // The real server, too, answers 200 and says it in the stream.
      tell('ERROR', statusObject(expired(since)));
      outgoing.end();
      return;
    }
    missed.forEach(hear);
    const forget = store.subscribe(hear);
    const bookmark = (): void =>
      tell('BOOKMARK', {
        kind: target.kind,
        apiVersion: target.apiVersion,
        metadata: { resourceVersion: String(store.version()) },
      });
    const timers = [
      ...(query.allowWatchBookmarks ? [setInterval(bookmark, config.bookmarkEveryMs ?? 30_000)] : []),
      ...(query.timeoutSeconds ? [setTimeout(() => outgoing.end(), query.timeoutSeconds * 1000)] : []),
    ];
    watches.add(outgoing);
    outgoing.on('close', () => {
      forget();
      watches.delete(outgoing);
      timers.forEach((timer) => clearTimeout(timer));
    });
    outgoing.flushHeaders();
  }

  return {
    put: (object) => void store.put(object),
    remove: (kind, namespace, name) => store.remove(kind, namespace, name),
    compact: () => store.compact(),
    refuseNext(many, status, retryAfter) {
      refusals = Array.from({ length: many }, () => ({ status, retryAfter }));
    },
    cutWatches() {
      for (const outgoing of watches) outgoing.destroy();
    },
    acceptTokens(next) {
      tokens = next;
    },
    requests,
    get url() {
      return url;
    },
    start() {
      return new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(config.port, config.host, () => {
          const address = server.address();
          const port = typeof address === 'object' ? address?.port : undefined;
          if (port === undefined) return reject(new Error('the stand-in has no port'));
          url = `${tls === undefined ? 'http' : 'https'}://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
          resolve(url);
        });
      });
    },
    stop() {
      for (const outgoing of watches) outgoing.end();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
