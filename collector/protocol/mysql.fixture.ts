/** Builds MySQL packets for tests. */
import type { Line } from './converse.fixture.ts';

export function packet(sequence: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(4);
  header.writeUIntLE(body.length, 0, 3);
  header.writeUInt8(sequence & 0xff, 3);
  return Buffer.concat([header, body]);
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};

export const greeting = packet(0, Buffer.from([10]), Buffer.from('8.0.36-test\0'), Buffer.alloc(60, 1));

const capabilities = 0x8 | 0x8000 | 0x80000;
export const deprecateEof = 0x1000000;

export const login = (database: string, more = 0): Buffer =>
  packet(
    1,
    uint32(capabilities | more),
    Buffer.alloc(28),
    Buffer.from('app\0'),
    Buffer.from([20]),
    Buffer.alloc(20, 7),
    Buffer.from(`${database}\0mysql_native_password\0`),
  );
export const sslRequest = packet(1, uint32(capabilities | 0x800), Buffer.alloc(28));

export const command = (code: number, ...parts: readonly (string | Buffer)[]): Buffer =>
  packet(0, Buffer.from([code]), ...parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
export const query = (sql: string): Buffer => command(3, sql);
export const prepare = (sql: string): Buffer => command(0x16, sql);
export const execute = (statement: number): Buffer =>
  command(0x17, uint32(statement), Buffer.from([0, 1, 0, 0, 0]), 'secret');

export const okay = (sequence = 1): Buffer => packet(sequence, Buffer.from([0, 1, 0, 2, 0, 0, 0]));
export const failure = (code: number, sequence = 1): Buffer =>
  packet(sequence, Buffer.from([0xff, code & 0xff, code >> 8]), Buffer.from('#42S02Table secret'));
export const prepared = (statement: number): Buffer =>
  packet(1, Buffer.from([0]), uint32(statement), Buffer.from([0, 0, 1, 0, 0, 0, 0]));

const endOfRows = (sequence: number): Buffer => packet(sequence, Buffer.from([0xfe, 0, 0, 2, 0]));
const column = (sequence: number): Buffer => packet(sequence, Buffer.from('\x03def\x04shop'), Buffer.alloc(20, 1));

/** Rows of one column: with the old ends after columns and rows, or the new one only after rows. */
export function resultSet(count: number, isNew = false): Buffer {
  const packets = [packet(1, Buffer.from([1])), column(2)];
  if (!isNew) packets.push(endOfRows(3));
  for (let i = 0; i < count; i += 1) packets.push(packet(packets.length + 1, Buffer.from('\x03row')));
  const end = packets.length + 1;
  packets.push(isNew ? packet(end, Buffer.from([0xfe, 0, 0, 2, 0, 0, 0])) : endOfRows(end));
  return Buffer.concat(packets);
}

/** Opening, a query, a failure, a prepared statement. */
export function mysqlTalk(): Line[] {
  return [
    [1, greeting],
    [0, login('shop')],
    [1, okay(2)],
    [0, query("SELECT * FROM orders WHERE name = 'secret from secrets'")],
    [1, resultSet(3)],
    [0, query('INSERT INTO `nowhere` VALUES ("secret")')],
    [1, failure(1146)],
    [0, prepare('UPDATE carts SET n = ?')],
    [1, prepared(9)],
    [0, execute(9)],
    [1, okay()],
    [0, Buffer.concat([command(0x19, uint32(9))])],
    [0, command(0x0e)],
    [1, okay()],
  ];
}
