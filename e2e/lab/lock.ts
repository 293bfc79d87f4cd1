/** One lab per host: an abstract socket is the lock, which the kernel releases however its holder ends. */
import { createServer } from 'node:net';
import { err, ok, type Result } from '../../model/result.ts';

export interface Lock {
  release(): Promise<void>;
}

export function takeLock(name: string): Promise<Result<Lock, 'held'>> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EADDRINUSE') resolve(err('held'));
      else reject(cause);
    });
    server.listen(`\0${name}`, () =>
      resolve(
        ok({
          release: () =>
            new Promise((released) => {
              server.close(() => released());
            }),
        }),
      ),
    );
  });
}
