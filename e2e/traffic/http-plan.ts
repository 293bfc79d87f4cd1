/**
 * What the HTTP load says, byte by byte, from a seed: requests with known methods, paths and statuses, in batches that
 * are pipelined, and cut at arbitrary positions. Client and server are hand-made on purpose: no library stands between
 * the plan and the wire.
 */
import { createRandom, type Random } from './random.ts';

const methods = ['GET', 'GET', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const;
const statuses = [200, 200, 200, 201, 204, 301, 304, 400, 403, 404, 409, 500, 503] as const;

export interface Exchange {
  readonly method: (typeof methods)[number];
  readonly path: string;
  readonly status: number;
}

interface PlannedRequest extends Exchange {
  readonly bytes: Buffer;
}

/** Requests that are under way together, and the pieces in which their bytes are written. */
export interface Batch {
  readonly requests: readonly PlannedRequest[];
  readonly pieces: readonly Buffer[];
}

const pipelineDepth = 32;
const mostPieces = 8;
/** Headers and bodies stay below what one copied segment holds, except a few large bodies of lone requests. */
const smallBodyBytes = 300;
const largeBodyBytes = 40_000;

function request(random: Random, n: number, largeBody: boolean): PlannedRequest {
  const method = random.pick(methods);
  const status = random.pick(statuses);
  const bodyBytes = ['POST', 'PUT', 'PATCH'].includes(method)
    ? random.below(largeBody ? largeBodyBytes : smallBodyBytes)
    : 0;
  const answerBytes = random.below(largeBody ? largeBodyBytes : smallBodyBytes);
  const framing = random.pick(['length', 'chunked']);
  const path = `/load/${n}/${status}/${answerBytes}/${framing}?item=${random.below(1000)}`;
  const padding = 'x'.repeat(random.below(120));
  const head =
    `${method} ${path} HTTP/1.1\r\nHost: load.palomar.test\r\nUser-Agent: palomar-load\r\nX-Padding: ${padding}\r\n` +
    (bodyBytes > 0 || method === 'POST' ? `Content-Length: ${bodyBytes}\r\n` : '') +
    '\r\n';
  // A body that looks like a message must not be taken for one.
  const body = 'GET /not-a-request HTTP/1.1\r\n\r\n'.repeat(Math.ceil(bodyBytes / 30)).slice(0, bodyBytes);
  return { method, path, status, bytes: Buffer.from(head + body) };
}

/** Cuts at random positions: within a method, a header name, between CR and LF. */
export function cut(random: Random, bytes: Buffer, most: number): Buffer[] {
  const cuts = Array.from({ length: random.below(most) }, () => random.below(bytes.length + 1)).sort((a, b) => a - b);
  const edges = [0, ...cuts, bytes.length];
  return edges
    .slice(1)
    .map((end, index) => bytes.subarray(edges[index] ?? 0, end))
    .filter((piece) => piece.length > 0);
}

/** The batches of one connection: `count` requests, numbered from `first`. */
export function planConnection(seed: number, first: number, count: number): Batch[] {
  const random = createRandom(seed);
  const batches: Batch[] = [];
  for (let n = first; n < first + count;) {
    const wanted = random.below(2) === 0 ? 1 : 1 + random.below(pipelineDepth);
    const size = Math.min(wanted, first + count - n);
    const requests = Array.from({ length: size }, (_, k) =>
      request(random, n + k, size === 1 && random.below(8) === 0),
    );
    const bytes = Buffer.concat(requests.map((planned) => planned.bytes));
    batches.push({ requests, pieces: random.below(3) === 0 ? [bytes] : cut(random, bytes, mostPieces) });
    n += size;
  }
  return batches;
}

const bodyless = (method: string, status: number): boolean => method === 'HEAD' || status === 204 || status === 304;

/** The answer that the path asks for. */
export function answerTo(method: string, path: string): Buffer {
  const [, , , statusText, lengthText, framing] = /^(\/)(load)\/\d+\/(\d+)\/(\d+)\/(length|chunked)/.exec(path) ?? [];
  const status = Number(statusText);
  const body = 'HTTP/1.1 200 OK\r\n\r\n'.repeat(Math.ceil(Number(lengthText) / 19)).slice(0, Number(lengthText));
  const head = `HTTP/1.1 ${status} Planned\r\nServer: palomar-load\r\n`;
  if (status === 204 || status === 304) return Buffer.from(`${head}\r\n`);
  if (framing === 'length' || method === 'HEAD') {
    return Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n${bodyless(method, status) ? '' : body}`);
  }
  const half = Math.floor(body.length / 2);
  const chunks = [body.slice(0, half), body.slice(half)]
    .filter((text) => text.length > 0)
    .map((text) => `${text.length.toString(16)}\r\n${text}\r\n`);
  return Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`);
}
