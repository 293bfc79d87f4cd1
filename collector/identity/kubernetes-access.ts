/** Ways to reach the Kubernetes API: a plain URL, a kubeconfig, or the service account of the pod we run in. */
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest, type RequestOptions as HttpsOptions } from 'node:https';
import type { KubernetesFetch } from './kubernetes-watch.ts';

const answerTimeoutMs = 10_000;

function send(url: URL, options: HttpsOptions, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const common: RequestOptions = { ...options, method: 'GET', signal };
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

function fetchFrom(server: string, credentials: () => Promise<HttpsOptions>): KubernetesFetch {
  const base = server.endsWith('/') ? server : `${server}/`;
  return async (path, signal) => {
    const response = await send(new URL(path.slice(1), base), await credentials(), signal);
    return Object.assign(response, { status: response.statusCode ?? 0 });
  };
}

export function plainAccess(url: string): KubernetesFetch {
  return fetchFrom(url, () => Promise.resolve({}));
}

/** Reads the kubeconfig at `path`, or the pod's service account when that is undefined. Throws when there is none. */
export async function configuredAccess(path: string | undefined): Promise<KubernetesFetch> {
  // Loaded only here: the client is large and a plain URL does without it.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  if (path === undefined) config.loadFromCluster();
  else config.loadFromFile(path);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`${path ?? 'the service account'} names no current cluster`);
  return fetchFrom(cluster.server, async () => {
    const options: HttpsOptions = {};
    // Tokens rotate: asked for anew with each request.
    await config.applyToHTTPSOptions(options);
    return options;
  });
}
