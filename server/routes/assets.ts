/** Everything that is not the API: the exported pages, and refusals in the form the asker reads. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acceptedEncoding } from '../compress.ts';
import { allowed } from '../openapi.ts';
import { missingPage } from '../static/missing-page.ts';
import type { Asset, Site } from '../static/site.ts';
import { sendFailure } from './context.ts';

export interface AssetsContext {
  /** Null when the pages are not built. */
  readonly site: () => Promise<Site | null>;
}

export function registerAssets(app: FastifyInstance, context: AssetsContext): void {
  app.setNotFoundHandler(async (request, reply) => {
    const path = pathOf(request.url);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (path === null) return sendFailure(reply, { code: 'not_found', message: 'the path cannot be decoded' });
    const methods = path.startsWith('/api/') ? allowed.get(path) : 'GET, HEAD';
    if (!isRead && methods !== undefined) {
      void reply.header('allow', methods);
      const message = `${request.method} is not possible here, only ${methods}`;
      return sendFailure(reply, { code: 'method_not_allowed', message });
    }
    if (path === '/api' || path.startsWith('/api/')) {
      return sendFailure(reply, { code: 'not_found', message: `there is no ${path}: see /api/v1/openapi.json` });
    }
    const site = await context.site();
    if (site === null) return sendAsset(request, reply, missingPage, 503);
    const asset = site.find(path);
    if (asset !== null) return sendAsset(request, reply, asset, 200);
    if (site.notFound !== null) return sendAsset(request, reply, site.notFound, 404);
    return sendFailure(reply, { code: 'not_found', message: `there is no ${path}` });
  });
}

function pathOf(url: string): string | null {
  const [path = '/'] = url.split('?', 1);
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

async function sendAsset(
  request: FastifyRequest,
  reply: FastifyReply,
  asset: Asset,
  status: number,
): Promise<FastifyReply> {
  void reply.headers({
    'content-type': asset.type,
    'content-security-policy': asset.policy,
    'cache-control': asset.cacheControl,
    etag: asset.etag,
    vary: 'accept-encoding',
  });
  const known = (request.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (status === 200 && known.includes(asset.etag)) return reply.code(304).send();
  const encoding = acceptedEncoding(request.headers['accept-encoding']);
  const encoded = encoding === null ? null : asset.encoded(encoding);
  if (encoding !== null && encoded !== null) void reply.header('content-encoding', encoding);
  return reply.code(status).send(encoded === null ? asset.body : await encoded);
}
