/** The PostgreSQL client against a server that plays recorded messages, cut at every position. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { connectPostgres, type PostgresClient } from './postgres-client.ts';

let server: Server | undefined;
afterEach(() => server?.close());

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function row(...cells: (string | null)[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeInt16BE(cells.length);
  const parts = cells.map((cell) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(cell === null ? -1 : Buffer.byteLength(cell));
    return Buffer.concat([length, Buffer.from(cell ?? '')]);
  });
  return message('D', Buffer.concat([count, ...parts]));
}

const ready = message('Z', Buffer.from('I'));
const welcome = Buffer.concat([message('R', Buffer.alloc(4)), message('S', Buffer.from('a\0b\0')), ready]);

/** Answers the login with `first`, each query with the next of `answers`, in pieces of `pieceBytes`, and then ends. */
async function play(
  first: Buffer,
  answers: readonly Buffer[],
  pieceBytes: number,
): Promise<{ port: number; heard: Buffer[] }> {
  const heard: Buffer[] = [];
  const send = async (socket: Socket, bytes: Buffer): Promise<void> => {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      socket.write(bytes.subarray(at, at + pieceBytes));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const playing = createServer({ noDelay: true }, (socket) => {
    const queue = [first, ...answers];
    socket.on('data', (data: Buffer) => {
      heard.push(data);
      const next = queue.shift();
      if (next) void send(socket, next);
      else socket.end();
    });
  });
  server = playing;
  playing.listen(0, '127.0.0.1');
  await once(playing, 'listening');
  return { port: (playing.address() as AddressInfo).port, heard };
}

const login = (port: number): Promise<PostgresClient> =>
  connectPostgres({ address: '127.0.0.1', port, user: 'palomar', database: 'postgres' });

test.each([1, 3, 7, 1000])('rows, nulls and errors come through in pieces of %i bytes', async (pieceBytes) => {
  const { port, heard } = await play(
    welcome,
    [
      Buffer.concat([row('1', null), row('é', ''), message('C', Buffer.from('SELECT 2\0')), ready]),
      Buffer.concat([message('E', Buffer.from('SERROR\0C22012\0Mdivision by zero\0\0')), ready]),
      Buffer.concat([message('C', Buffer.from('SELECT 0\0')), ready]),
    ],
    pieceBytes,
  );
  const client = await login(port);
  expect(await client.query('SELECT 1')).toEqual({
    ok: true,
    value: [
      ['1', null],
      ['é', ''],
    ],
  });
  expect(await client.query('SELECT 1/0')).toEqual({
    ok: false,
    error: { sqlState: '22012', message: 'division by zero' },
  });
  expect(await client.query('SELECT')).toEqual({ ok: true, value: [] });
  await client.close();
  expect(heard[0]?.readInt32BE(4)).toBe(196_608);
  expect(heard[0]?.toString()).toContain('user\0palomar\0database\0postgres\0');
  expect(heard[1]?.toString()).toBe('Q\0\0\0\rSELECT 1\0');
});

test('a server that wants a password is refused', async () => {
  const { port } = await play(message('R', Buffer.from([0, 0, 0, 5, 1, 2, 3, 4])), [], 1000);
  await expect(login(port)).rejects.toThrow(/password/);
});

test('a query on a connection that ends is rejected', async () => {
  const { port } = await play(welcome, [], 1000);
  const client = await login(port);
  await expect(client.query('SELECT 1')).rejects.toThrow(/closed the connection/);
});
