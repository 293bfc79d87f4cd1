/** Builds PostgreSQL messages for tests. */
import type { Line } from './converse.fixture.ts';

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const int16 = (value: number): Buffer => int32(value).subarray(2);
const text = (value: string): Buffer => Buffer.from(`${value}\0`, 'utf8');

export function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

export function startup(parameters: Readonly<Record<string, string>>): Buffer {
  const body = Buffer.concat([
    int32(3 << 16),
    ...Object.entries(parameters).flatMap(([name, value]) => [text(name), text(value)]),
    Buffer.from([0]),
  ]);
  return Buffer.concat([int32(body.length + 4), body]);
}

export const sslRequest = Buffer.concat([int32(8), int32(80877103)]);
export const query = (sql: string): Buffer => message('Q', text(sql));
export const parse = (name: string, sql: string): Buffer => message('P', text(name), text(sql), int16(0));
export const bind = (portal: string, name: string, value = 'secret'): Buffer =>
  message('B', text(portal), text(name), int16(0), int16(1), int32(value.length), Buffer.from(value), int16(0));
export const describe = message('D', Buffer.from('P'), text(''));
export const execute = (portal = ''): Buffer => message('E', text(portal), int32(0));
export const sync = message('S');
export const authenticated = message('R', int32(0));
export const rowDescription = message('T', int16(1), text('id'), Buffer.alloc(18));
export const row = (value: string): Buffer => message('D', int16(1), int32(value.length), Buffer.from(value));
export const complete = (tag: string): Buffer => message('C', text(tag));
export const parsed = message('1');
export const bound = message('2');
export const ready = (status = 'I'): Buffer => message('Z', Buffer.from(status));
export const error = (code: string): Buffer =>
  message('E', Buffer.from('SERROR\0VERROR\0'), Buffer.from(`C${code}\0Mno relation "secret"\0`), Buffer.from([0]));
export const copyIn = message('G', Buffer.from([0, 0, 0]));
export const copyData = (size: number): Buffer => message('d', Buffer.alloc(size, 0x51));
export const copyDone = message('c');

/** Opening, a query with rows, a prepared one run twice in a pipeline, a failure, a copy. */
export function postgresqlTalk(): Line[] {
  return [
    [0, startup({ user: 'app', database: 'shop' })],
    [1, Buffer.concat([authenticated, message('S', text('server_version'), text('16.1')), ready()])],
    [0, query("SELECT id FROM orders WHERE name = 'secret from secrets'")],
    [1, Buffer.concat([rowDescription, row('1'), row('2'), complete('SELECT 2'), ready()])],
    [0, Buffer.concat([parse('s1', 'UPDATE public.carts SET n = $1'), describe, sync])],
    [1, Buffer.concat([parsed, message('t', int16(0)), message('n'), ready()])],
    [0, Buffer.concat([bind('', 's1'), execute(), bind('', 's1'), execute(), sync])],
    [1, Buffer.concat([bound, complete('UPDATE 1'), bound, complete('UPDATE 1'), ready()])],
    [0, query('DELETE FROM nowhere')],
    [1, Buffer.concat([error('42P01'), ready()])],
    [0, query('COPY items FROM STDIN')],
    [1, copyIn],
    [0, Buffer.concat([copyData(300), copyData(40), copyDone])],
    [1, Buffer.concat([complete('COPY 2'), ready()])],
  ];
}
