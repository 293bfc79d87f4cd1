/** Builds Kafka requests and responses for tests. */
import type { Line } from './converse.fixture.ts';

export const int8 = (value: number): Buffer => Buffer.from([value & 0xff]);
export const int16 = (value: number): Buffer => int32(value).subarray(2);
export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
export const text = (value: string): Buffer => Buffer.concat([int16(value.length), Buffer.from(value)]);
/** Of flexible versions; short ones only. */
export const compact = (value: string): Buffer => Buffer.concat([int8(value.length + 1), Buffer.from(value)]);
export const noTags = int8(0);

function sized(body: Buffer): Buffer {
  return Buffer.concat([int32(body.length), body]);
}

export function request(key: number, version: number, id: number, body: Buffer, isFlexible = false): Buffer {
  const header = [int16(key), int16(version), int32(id), text('app-1')];
  return sized(Buffer.concat([...header, isFlexible ? noTags : Buffer.alloc(0), body]));
}

export const response = (id: number, body: Buffer): Buffer => sized(Buffer.concat([int32(id), body]));

export const produce = (id: number, topic: string, acks = 1): Buffer =>
  request(
    0,
    7,
    id,
    Buffer.concat([
      int16(-1),
      int16(acks),
      int32(1000),
      int32(1),
      text(topic),
      int32(1),
      int32(0),
      Buffer.alloc(400, 1),
    ]),
  );
export const produced = (id: number, topic: string, error: number): Buffer =>
  response(id, Buffer.concat([int32(1), text(topic), int32(1), int32(0), int16(error), Buffer.alloc(24)]));

export const fetchFlexible = (id: number, topic: string): Buffer =>
  request(
    1,
    12,
    id,
    Buffer.concat([
      int32(-1),
      int32(500),
      int32(1),
      int32(1 << 20),
      int8(0),
      int32(0),
      int32(-1),
      int8(2),
      compact(topic),
      int8(1),
      noTags,
    ]),
    true,
  );
export const fetched = (id: number, topic: string, error: number): Buffer =>
  response(
    id,
    Buffer.concat([
      noTags,
      int32(0),
      int16(0),
      int32(0),
      int8(2),
      compact(topic),
      int8(2),
      int32(0),
      int16(error),
      Buffer.alloc(2000, 2),
    ]),
  );

export const apiVersions = (id: number): Buffer =>
  request(18, 3, id, Buffer.concat([compact('client'), compact('1.0'), noTags]), true);
export const versions = (id: number, error = 0): Buffer =>
  response(id, Buffer.concat([int16(error), int8(1), int32(0), noTags]));

/** Two requests under way at once, answered in order; one that fails and one that wants no answer. */
export function kafkaTalk(): Line[] {
  return [
    [0, apiVersions(1)],
    [1, versions(1)],
    [0, request(3, 1, 2, Buffer.concat([int32(1), text('orders')]))],
    [1, response(2, Buffer.alloc(60))],
    [0, produce(3, 'orders')],
    [0, fetchFlexible(4, 'carts')],
    [1, produced(3, 'orders', 6)],
    [1, fetched(4, 'carts', 0)],
    [0, produce(5, 'orders', 0)],
    [0, request(12, 1, 6, Buffer.concat([text('group'), int32(1), text('member')]))],
    [1, response(6, Buffer.concat([int32(0), int16(27)]))],
  ];
}
