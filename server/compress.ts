/** Compresses bodies with brotli or gzip as the client accepts them. */
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

export type Encoding = 'br' | 'gzip';

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

/** Smaller bodies gain nothing. */
export const compressFrom = 1024;

export function acceptedEncoding(header: string | undefined): Encoding | null {
  const offered = new Map(
    (header ?? '').split(',').map((part) => {
      const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
      return [name, Number(quality)] as const;
    }),
  );
  const accepts = (name: string): boolean => (offered.get(name) ?? 0) > 0;
  if (accepts('br')) return 'br';
  return accepts('gzip') ? 'gzip' : null;
}

/** More time is spent on a body that is `kept` and sent many times. */
export function compress(body: Buffer, encoding: Encoding, use: 'once' | 'kept'): Promise<Buffer> {
  if (encoding === 'gzip') return zip(body, { level: use === 'kept' ? 9 : 6 });
  const quality = use === 'kept' ? 9 : 4;
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
  return brotli(body, { params });
}
