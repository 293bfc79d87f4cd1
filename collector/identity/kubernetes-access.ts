/**
 * Ways to reach the Kubernetes API: a plain URL, a kubeconfig (client certificate, token, exec plugin), or the service
 * account of the pod we run in. Credentials that are refused are read again before the refusal is passed on.
 */
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';

/** The body comes as it is read; who does not read it to the end aborts. */
export interface KubernetesAnswer extends AsyncIterable<Buffer> {
  readonly status: number;
  /** What the server wants us to wait; 0 when it does not say. */
  readonly retryAfterMs: number;
}

/** Sends a GET to a path of the API server, with whatever credentials it needs. */
export type KubernetesFetch = (path: string, signal: AbortSignal, accept?: string) => Promise<KubernetesAnswer>;

type Options = Omit<RequestOptions, 'headers'> & { headers?: OutgoingHttpHeaders };

/** What goes with a request; `renew` forgets what was read before. */
export interface Credentials {
  readonly server: string;
  options(): Promise<Options>;
  renew(): void;
}

export async function readBody(answer: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

const answerTimeoutMs = 30_000;
const json = 'application/json';

function send(url: URL, options: RequestOptions, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const common = { ...options, method: 'GET', signal };
    const request = url.protocol === 'https:' ? httpsRequest(url, common) : httpRequest(url, common);
    const timer = setTimeout(() => request.destroy(new Error(`no answer from ${url.host}`)), answerTimeoutMs);
    request.on('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.end();
  });
}

function retryAfterMs(header: string | undefined): number {
  const seconds = Number(header ?? 'x');
  return seconds > 0 ? seconds * 1000 : 0;
}

export function fetchWith(credentials: Credentials): KubernetesFetch {
  const get = async (path: string, signal: AbortSignal, accept: string): Promise<IncomingMessage> => {
    const { server } = credentials;
    const options = await credentials.options();
    const url = new URL(path.slice(1), server.endsWith('/') ? server : `${server}/`);
    return send(url, { ...options, headers: { ...options.headers, accept } }, signal);
  };
  return async (path, signal, accept = json) => {
    let response = await get(path, signal, accept);
    if (response.statusCode === 401) {
      // Tokens and certificates are replaced while we run.
      response.resume();
      credentials.renew();
      response = await get(path, signal, accept);
    }
    const status = response.statusCode ?? 0;
    return Object.assign(response, { status, retryAfterMs: retryAfterMs(response.headers['retry-after']) });
  };
}

export function plainAccess(url: string): KubernetesFetch {
  return fetchWith({ server: url, options: () => Promise.resolve({}), renew: () => undefined });
}

/**
 * Reads the kubeconfig at `path`, or the service account below `root` when that is undefined. Throws when there is none.
 */
export async function configuredAccess(path: string | undefined, root = ''): Promise<KubernetesFetch> {
  // Loaded only here: the client is large and a plain URL does without it.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const load = () => {
    const config = new KubeConfig();
    if (path === undefined) config.loadFromCluster(root);
    else config.loadFromFile(path);
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error(`${path ?? 'the service account'} names no current cluster`);
    return { config, server: cluster.server };
  };
  let loaded = load();
  // A certificate or token that cannot be read is told now, not at the first request.
  await loaded.config.applyToHTTPSOptions({});
  return fetchWith({
    get server() {
      return loaded.server;
    },
    async options() {
      const options: Options = {};
      // Asked for anew with each request: an exec plugin's token has a time of its own.
      await loaded.config.applyToHTTPSOptions(options);
      return options;
    },
    renew() {
      loaded = load();
    },
  });
}
