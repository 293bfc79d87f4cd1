/** One HTTP request as a statement with its data: reads URL, multipart fields and body, decompresses, refuses early. */
import type { IncomingMessage } from 'node:http';
import { Readable, pipeline } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { parseMultipart } from './multipart.ts';
import { tooLarge } from './spool.ts';
import { parseStatement, type Statement } from './statement.ts';
import { StoreError } from './store-error.ts';

/** SQL text, and rows that are sent in one piece with it, are held in memory up to here. */
const maxTextBytes = 64 * 2 ** 20;

export interface StoreRequest {
  readonly parameters: ReadonlyMap<string, string>;
  readonly text: string;
  readonly statement: Statement;
  /** The rows of an INSERT. */
  readonly data: Readable;
}

/** The URL's, and the two that may also come as headers. */
export function urlParameters(request: IncomingMessage): Map<string, string> {
  const parameters = new Map(new URL(request.url ?? '/', 'http://store').searchParams);
  for (const [header, name] of [
    ['x-clickhouse-database', 'database'],
    ['x-clickhouse-format', 'default_format'],
  ] as const) {
    const value = request.headers[header];
    if (typeof value === 'string' && !parameters.has(name)) parameters.set(name, value);
  }
  return parameters;
}

function decompressed(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  const decoder = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress }[
    encoding
  ];
  // A broken or cut body surfaces where the decoder is read.
  if (decoder !== undefined) return pipeline(request, decoder(), () => undefined);
  if (encoding === 'identity') return request;
  throw new StoreError(89, 'UNKNOWN_COMPRESSION_METHOD', `Content-Encoding ${encoding} is not supported: use gzip`);
}

async function readAll(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxTextBytes) throw tooLarge(maxTextBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** `parameters` are the URL's; multipart fields are added to them. */
export async function readRequest(request: IncomingMessage, parameters: Map<string, string>): Promise<StoreRequest> {
  const body = decompressed(request);
  const contentType = request.headers['content-type'] ?? '';
  if (/^multipart\/form-data/i.test(contentType)) {
    for (const [name, value] of parseMultipart(await readAll(body), contentType)) parameters.set(name, value);
    return parsed(parameters, Buffer.from(parameters.get('query') ?? ''), Buffer.alloc(0));
  }
  const query = parameters.get('query') ?? '';
  if (query === '') return parsed(parameters, await readAll(body), Buffer.alloc(0));
  const start = Buffer.from(query);
  if (/^\W*INSERT\b/i.test(query)) {
    const statement = parseStatement(start.toString('latin1'));
    // Rows in a body of their own go to the engine without being held in memory.
    if (statement.kind === 'insert') {
      const data = concatenated(start.subarray(statement.dataAt), body);
      return { parameters, text: query, statement: decodeInsert(statement), data };
    }
  }
  return parsed(parameters, start, await readAll(body));
}

function parsed(parameters: Map<string, string>, query: Buffer, rest: Buffer): StoreRequest {
  const sql = rest.length === 0 ? query : Buffer.concat([query, Buffer.from('\n'), rest]);
  const statement = parseStatement(sql.toString('latin1'));
  if (statement.kind === 'insert') {
    const data = Readable.from([sql.subarray(statement.dataAt)]);
    return { parameters, text: '', statement: decodeInsert(statement), data };
  }
  if (statement.kind !== 'select')
    return { parameters, text: sql.toString('utf8'), statement, data: Readable.from([]) };
  // Positions of bytes become positions of characters.
  const formatAt = sql.subarray(0, statement.formatAt).toString('utf8').length;
  return { parameters, text: sql.toString('utf8'), statement: { ...statement, formatAt }, data: Readable.from([]) };
}

const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');

function decodeInsert(statement: Extract<Statement, { kind: 'insert' }>): Statement {
  return { ...statement, head: utf8(statement.head), settings: utf8(statement.settings) };
}

function concatenated(start: Buffer, body: Readable): Readable {
  if (start.length === 0) return body;
  return Readable.from(
    (async function* both() {
      yield start;
      yield* body as AsyncIterable<Buffer>;
    })(),
  );
}
