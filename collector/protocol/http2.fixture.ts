/** Builds HTTP/2 frames and header blocks for tests. The encoder uses no Huffman code; real peers do in other tests. */
import type { Line } from './converse.fixture.ts';
import { frameFlag, frameHeader, frameType, preface } from './http2-frames.ts';

export type Field = readonly [string, string];

export interface FrameOptions {
  readonly flags?: number;
  readonly stream?: number;
}

export function frame(type: number, payload: Buffer, { flags = 0, stream = 0 }: FrameOptions = {}): Buffer {
  const header = Buffer.alloc(frameHeader);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

export const settings = frame(frameType.settings, Buffer.from([0, 3, 0, 0, 0, 100]));

function integer(value: number, bits: number, start: number): Buffer {
  const mask = (1 << bits) - 1;
  if (value < mask) return Buffer.from([start | value]);
  const bytes = [start | mask];
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([integer(bytes.length, 7, 0), bytes]);
}

const staticNames: Readonly<Record<string, number>> = {
  ':authority': 1,
  ':method': 2,
  ':path': 4,
  ':scheme': 6,
  ':status': 8,
  'content-type': 31,
};
const staticFields: Readonly<Record<string, number>> = {
  ':method GET': 2,
  ':method POST': 3,
  ':path /': 4,
  ':scheme http': 6,
  ':status 200': 8,
  ':status 404': 13,
  ':status 500': 14,
};

export interface Encoder {
  encode(fields: readonly Field[]): Buffer;
}

/** Remembers what it sent, as real encoders do; its table is never full in tests. */
export function createEncoder(): Encoder {
  const sent: string[] = [];
  const one = ([name, value]: Field): Buffer => {
    const whole = `${name} ${value}`;
    const fixed = staticFields[whole];
    if (fixed !== undefined) return integer(fixed, 7, 0x80);
    const known = sent.lastIndexOf(whole);
    if (known >= 0) return integer(61 + sent.length - known, 7, 0x80);
    sent.push(whole);
    const index = staticNames[name];
    return index === undefined
      ? Buffer.concat([Buffer.from([0x40]), text(name), text(value)])
      : Buffer.concat([integer(index, 6, 0x40), text(value)]);
  };
  return { encode: (fields) => Buffer.concat(fields.map(one)) };
}

export interface HeadersOptions {
  readonly isLast?: boolean;
  readonly padding?: number;
  readonly hasPriority?: boolean;
  /** Sizes of the frames that the block is split into. */
  readonly split?: number;
}

export function headers(stream: number, block: Buffer, options: HeadersOptions = {}): Buffer {
  const { isLast = false, padding, hasPriority = false, split = Infinity } = options;
  const first = block.subarray(0, split);
  const priority = hasPriority ? Buffer.from([0, 0, 0, 0, 15]) : Buffer.alloc(0);
  const pad =
    padding === undefined ? [Buffer.alloc(0), Buffer.alloc(0)] : [Buffer.from([padding]), Buffer.alloc(padding)];
  const flags =
    (isLast ? frameFlag.endStream : 0) |
    (padding === undefined ? 0 : frameFlag.padded) |
    (hasPriority ? frameFlag.priority : 0) |
    (first.length === block.length ? frameFlag.endHeaders : 0);
  const parts = [
    frame(frameType.headers, Buffer.concat([pad[0] ?? first, priority, first, pad[1] ?? first]), { flags, stream }),
  ];
  for (let from = first.length; from < block.length; from += split) {
    const isEnd = from + split >= block.length;
    const piece = block.subarray(from, from + split);
    parts.push(frame(frameType.continuation, piece, { flags: isEnd ? frameFlag.endHeaders : 0, stream }));
  }
  return Buffer.concat(parts);
}

export const data = (stream: number, size: number, isLast = false): Buffer =>
  frame(frameType.data, Buffer.alloc(size, 0x50), { stream, flags: isLast ? frameFlag.endStream : 0 });

export const reset = (stream: number, code: number): Buffer =>
  frame(frameType.rstStream, Buffer.from([0, 0, 0, code]), { stream });

export const goAway = (last: number, code: number): Buffer =>
  frame(frameType.goAway, Buffer.from([0, 0, 0, last, 0, 0, 0, code]));

export const get = (path: string, ...more: readonly Field[]): Field[] => [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', path],
  [':authority', 'api:8080'],
  ...more,
];

export const call = (path: string): Field[] => [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', path],
  [':authority', 'shop'],
  ['content-type', 'application/grpc+proto'],
  ['te', 'trailers'],
];

/** Two requests and two calls, interleaved, with padding, priorities and a block in pieces. */
export function http2Talk(): Line[] {
  const [client, server] = [createEncoder(), createEncoder()];
  return [
    [0, Buffer.concat([preface, settings, headers(1, client.encode(get('/orders')), { isLast: true })])],
    [1, Buffer.concat([settings, frame(frameType.settings, Buffer.alloc(0), { flags: 1 })])],
    [0, headers(3, client.encode(call('/shop.Cart/Add')), { padding: 7, hasPriority: true })],
    [0, data(3, 300, true)],
    [0, headers(5, client.encode(get('/orders', ['x-long', 'v'.repeat(200)])), { isLast: true, split: 60 })],
    [0, headers(7, client.encode(call('/shop.Cart/Drop')))],
    [1, headers(5, server.encode([[':status', '404']]), { isLast: true })],
    [
      1,
      headers(
        3,
        server.encode([
          [':status', '200'],
          ['content-type', 'application/grpc'],
        ]),
      ),
    ],
    [1, headers(1, server.encode([[':status', '103']]))],
    [1, Buffer.concat([headers(1, server.encode([[':status', '200']])), data(3, 90), data(1, 500, true)])],
    [1, headers(3, server.encode([['grpc-status', '0']]), { isLast: true })],
    [
      1,
      headers(
        7,
        server.encode([
          [':status', '200'],
          ['content-type', 'application/grpc'],
          ['grpc-status', '14'],
        ]),
        { isLast: true },
      ),
    ],
  ];
}
