/** Listens where a probe would and sends what a test tells it to. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

export interface FakeProbe {
  readonly path: string;
  /** Connections so far. */
  readonly connections: number;
  /** What collectors sent, of all connections. */
  readonly received: Buffer[];
  send(bytes: Buffer): void;
  hangUp(): void;
  connected(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** `greet` makes what each new connection gets first. */
export async function startFakeProbe(path: string, greet: () => Buffer): Promise<FakeProbe> {
  let socket: Socket | null = null;
  let connections = 0;
  const received: Buffer[] = [];
  const server = createServer((opened) => {
    socket = opened;
    connections += 1;
    opened.on('data', (chunk: Buffer) => received.push(chunk));
    opened.on('error', () => undefined);
    opened.write(greet());
    server.emit('greeted');
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    path,
    get connections() {
      return connections;
    },
    received,
    send: (bytes) => void socket?.write(bytes),
    hangUp: () => void socket?.destroy(),
    async connected(count) {
      while (connections < count) await once(server, 'greeted');
    },
    async stop() {
      socket?.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
