/** One TCP connection that carries a given number of bytes there and as many back. */
import { connect, createServer, type Server } from 'node:net';
import { finished } from 'node:stream/promises';
import type { Readable, Writable } from 'node:stream';
import { once } from 'node:events';

const chunk = Buffer.alloc(64 * 1024, 'palomar ');

async function send(to: Writable, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= chunk.length) {
    if (!to.write(left >= chunk.length ? chunk : chunk.subarray(0, left))) await once(to, 'drain');
  }
  to.end();
}

async function receive(from: Readable): Promise<number> {
  let bytes = 0;
  from.on('data', (data: Buffer) => (bytes += data.length));
  await finished(from, { writable: false });
  return bytes;
}

/** Takes what a client sends to its end, then sends as much back. */
export async function serveTransfers(port: number, report: (bytes: number) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    receive(socket)
      .then(async (bytes) => {
        await send(socket, bytes);
        report(bytes);
      })
      .catch((cause: unknown) => socket.destroy(cause instanceof Error ? cause : new Error(String(cause))));
  });
  server.listen(port, '::');
  await once(server, 'listening');
  return server;
}

/** Resolves with the bytes that came back. */
export async function transfer(
  target: { readonly host: string; readonly port: number },
  bytes: number,
): Promise<number> {
  const socket = connect({ ...target, allowHalfOpen: true });
  await once(socket, 'connect');
  const [received] = await Promise.all([receive(socket), send(socket, bytes)]);
  return received;
}
