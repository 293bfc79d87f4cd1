/** Sends an answer's bytes, compressed if asked for, and says in ClickHouse's way when they end early. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliCompress, createDeflate, createGzip, constants } from 'node:zlib';
import { storeErrorOf } from './store-error.ts';

interface SendOptions {
  readonly encoding: 'gzip' | 'deflate' | 'br' | null;
  readonly tag: string;
  readonly version: string;
}

const encoders = {
  gzip: () => createGzip({ level: 3 }),
  deflate: () => createDeflate({ level: 3 }),
  br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 3 } }),
} as const;

/** Rejects only when the connection is gone: an engine failure becomes part of the body. */
export async function sendBody(
  response: ServerResponse,
  body: AsyncIterable<Uint8Array>,
  options: SendOptions,
): Promise<void> {
  const { encoding, tag, version } = options;
  async function* marked(): AsyncGenerator<Uint8Array, void> {
    try {
      yield* body;
    } catch (error) {
      yield exceptionBlock(storeErrorOf(error).render(version), tag);
    }
  }
  const bytes = Readable.from(marked());
  if (encoding === null) await pipeline(bytes, response);
  else await pipeline(bytes, encoders[encoding](), response);
}

/** As servers since 25.11 end a body that fails: clients look for the tag of the header and count back the length. */
function exceptionBlock(message: string, tag: string): Uint8Array {
  const text = `${message}\n`;
  const head = `\r\n__exception__\r\n${tag}\r\n`;
  return Buffer.from(`${head}${text}${Buffer.byteLength(text)} ${tag}\r\n__exception__\r\n`);
}
