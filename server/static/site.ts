/**
 * The exported user interface, read once and served from memory: only a path that was found in the directory is ever
 * answered, so no path leads out of it.
 */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fillBasePath } from '../../model/base-path.ts';
import { type Encoding, compress, compressFrom } from '../compress.ts';
import { closedPolicy, contentSecurityPolicy, scriptPolicy } from './content-security.ts';

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
  readonly cacheControl: string;
  readonly policy: string;
  /** The compressed body, made once; null when it is not worth it. */
  encoded(encoding: Encoding): Promise<Buffer> | null;
}

export interface Site {
  /** What a request path shows: `/flows` is `flows.html` or `flows/index.html`. */
  find(path: string): Asset | null;
  readonly notFound: Asset | null;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
};

/** A build is a few megabytes; a directory far above is something else and is not taken into memory. */
const maxBytes = 128 * 2 ** 20;

/** Null when the directory does not exist or holds no `index.html`. The pages lead below `basePath`. */
export async function loadSite(directory: string, basePath = ''): Promise<Site | null> {
  const assets = new Map<string, Asset>();
  let bytes = 0;
  for (const file of await listFiles(directory)) {
    const body = await readFile(file);
    bytes += body.length;
    if (bytes > maxBytes) throw new Error(`${directory} holds over ${maxBytes / 2 ** 20} MiB: it is no user interface`);
    const path = `/${relative(directory, file).split(sep).join('/')}`;
    assets.set(path, createAsset(path, body, basePath));
  }
  if (!assets.has('/index.html')) return null;
  return {
    find(path) {
      const bare = path.replace(/\/+$/, '');
      return assets.get(path) ?? assets.get(`${bare}.html`) ?? assets.get(`${bare}/index.html`) ?? null;
    },
    notFound: assets.get('/404.html') ?? null,
  };
}

async function listFiles(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function createAsset(path: string, built: Buffer, basePath: string): Asset {
  const type = types[extname(path)] ?? 'application/octet-stream';
  const isPage = type.startsWith('text/html');
  const isText = /^(text|application\/(json|manifest)|image\/svg)/.test(type);
  const body = isText ? Buffer.from(fillBasePath(built.toString('utf8'), basePath)) : built;
  const kept = new Map<Encoding, Promise<Buffer>>();
  return {
    type,
    body,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    // Next puts a hash of the content into these names.
    cacheControl: path.startsWith('/_next/static/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    policy: isPage
      ? contentSecurityPolicy(body.toString('utf8'))
      : type.startsWith('text/javascript')
        ? scriptPolicy
        : closedPolicy,
    encoded(encoding) {
      if (!isText || body.length < compressFrom) return null;
      const made = kept.get(encoding) ?? compress(body, encoding, 'kept');
      kept.set(encoding, made);
      return made;
    },
  };
}
