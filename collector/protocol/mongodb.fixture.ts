/** Builds MongoDB messages for tests, with just as much BSON as commands and replies need. */
import type { Line } from './converse.fixture.ts';

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
};

export type Value = string | number | Document | readonly Document[];
export interface Document {
  readonly [name: string]: Value;
}

function element(name: string, value: Value): Buffer {
  const named = (type: number, body: Buffer): Buffer =>
    Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`), body]);
  if (typeof value === 'string')
    return named(2, Buffer.concat([int32(Buffer.byteLength(value) + 1), Buffer.from(`${value}\0`)]));
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return named(1, bytes);
  }
  if (Array.isArray(value))
    return named(4, document(Object.fromEntries(value.map((item: Document, i) => [String(i), item]))));
  return named(3, document(value as Document));
}

export function document(fields: Document): Buffer {
  const body = Buffer.concat(Object.entries(fields).map(([name, value]) => element(name, value)));
  return Buffer.concat([int32(body.length + 5), body, Buffer.from([0])]);
}

export function message(id: number, to: number, opcode: number, body: Buffer): Buffer {
  return Buffer.concat([int32(body.length + 16), int32(id), int32(to), int32(opcode), body]);
}

export const command = (id: number, fields: Document, flags = 0): Buffer =>
  message(id, 0, 2013, Buffer.concat([int32(flags), Buffer.from([0]), document(fields)]));
export const reply = (to: number, fields: Document, flags = 0, id = to + 1000): Buffer =>
  message(id, to, 2013, Buffer.concat([int32(flags), Buffer.from([0]), document(fields)]));
export const oldHello = (id: number): Buffer =>
  message(
    id,
    0,
    2004,
    Buffer.concat([
      int32(0),
      Buffer.from('admin.$cmd\0'),
      int32(0),
      int32(-1),
      document({ isMaster: 1, $db: 'admin' }),
    ]),
  );
export const oldReply = (to: number): Buffer =>
  message(to + 1000, to, 1, Buffer.concat([int32(0), Buffer.alloc(8), int32(0), int32(1), document({ ok: 1 })]));

/** The old greeting, two commands answered the other way round, errors of a command and of a write. */
export function mongodbTalk(): Line[] {
  return [
    [0, oldHello(1)],
    [1, oldReply(1)],
    [0, command(2, { find: 'orders', filter: { name: 'secret' }, $db: 'shop' })],
    [0, command(3, { ping: 1, $db: 'admin' })],
    [1, reply(3, { ok: 1 })],
    [1, reply(2, { cursor: { firstBatch: [{ v: 'x'.repeat(3000) }], ns: 'shop.orders' }, ok: 1 })],
    [0, command(4, { aggregate: 'nowhere', pipeline: [{ $bad: 1 }], $db: 'shop' })],
    [1, reply(4, { ok: 0, errmsg: 'secret', code: 40324, codeName: 'Location40324' })],
    [0, command(5, { insert: 'orders', $db: 'shop' })],
    [1, reply(5, { n: 0, writeErrors: [{ index: 0, code: 11000, errmsg: 'secret' }], ok: 1 })],
  ];
}
