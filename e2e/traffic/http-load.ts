/**
 * Sends the planned requests over kept connections and answers them, on plain sockets. The client compares every byte
 * of the answers with the plan: what it then reports did happen.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerTo, type Batch, cut, type Exchange } from './http-plan.ts';
import { createRandom } from './random.ts';

const mostPieces = 6;

interface Asked {
  readonly method: string;
  readonly path: string;
}

/** Takes complete requests off the front of what has arrived. */
function createRequestReader(): (data: Buffer) => Asked[] {
  let buffered = Buffer.alloc(0);
  return (data) => {
    buffered = Buffer.concat([buffered, data]);
    const asked: Asked[] = [];
    for (;;) {
      const headEnd = buffered.indexOf('\r\n\r\n');
      if (headEnd < 0) return asked;
      const head = buffered.toString('latin1', 0, headEnd);
      const end = headEnd + 4 + Number(/\r\nContent-Length: (\d+)/.exec(head)?.[1] ?? 0);
      if (buffered.length < end) return asked;
      const [, method = '', path = ''] = /^([A-Z]+) (\S+) HTTP\/1\.1/.exec(head) ?? [];
      asked.push({ method, path });
      buffered = buffered.subarray(end);
    }
  };
}

/** Writes the pieces as segments of their own: without Nagle, and a pause after each. */
async function writePieces(socket: Socket, pieces: readonly Buffer[]): Promise<void> {
  for (const [index, piece] of pieces.entries()) {
    if (!socket.write(piece)) await once(socket, 'drain');
    if (index < pieces.length - 1) await sleep(1);
  }
}

export async function serveHttpLoad(port: number, seed: number): Promise<Server> {
  const random = createRandom(seed);
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const read = createRequestReader();
    let writing = Promise.resolve();
    socket.on('data', (data: Buffer) => {
      const asked = read(data);
      if (asked.length === 0) return;
      const bytes = Buffer.concat(asked.map(({ method, path }) => answerTo(method, path)));
      const pieces = random.below(2) === 0 ? [bytes] : cut(random, bytes, mostPieces);
      writing = writing.then(() => writePieces(socket, pieces));
      writing.catch((cause: unknown) => socket.destroy(cause instanceof Error ? cause : new Error(String(cause))));
    });
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
  });
  server.listen(port, '::');
  await once(server, 'listening');
  return server;
}

/** Reads exactly `wanted` and throws when something else comes. */
function expectBytes(socket: Socket, wanted: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let at = 0;
    const finish = (cause?: Error): void => {
      socket.off('data', take).off('error', finish).off('end', early);
      if (cause) reject(cause);
      else resolve();
    };
    const early = (): void => finish(new Error(`the server ended ${wanted.length - at} bytes early`));
    const take = (data: Buffer): void => {
      if (at + data.length > wanted.length || data.compare(wanted, at, at + data.length) !== 0) {
        finish(new Error(`answer differs from the plan at byte ${at} of ${wanted.length}`));
        return;
      }
      at += data.length;
      if (at === wanted.length) finish();
    };
    socket.on('data', take).on('error', finish).on('end', early);
  });
}

/** Sends one connection's batches one after another; resolves with what was asked and answered. */
export async function runHttpConnection(
  target: { readonly host: string; readonly port: number },
  batches: readonly Batch[],
): Promise<Exchange[]> {
  const socket = connect({ ...target, noDelay: true, allowHalfOpen: true });
  await once(socket, 'connect');
  const done: Exchange[] = [];
  for (const { requests, pieces } of batches) {
    const answers = Buffer.concat(requests.map(({ method, path }) => answerTo(method, path)));
    await Promise.all([expectBytes(socket, answers), writePieces(socket, pieces)]);
    done.push(...requests.map(({ method, path, status }) => ({ method, path, status })));
  }
  socket.resume();
  socket.end();
  await once(socket, 'close');
  return done;
}
