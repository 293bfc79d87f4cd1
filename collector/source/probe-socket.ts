/**
 * The probe's unix socket: connects, reads, and connects again with growing pauses for as long as it is told to. Reading
 * waits for the consumer, so that a slow store slows down the probe and not this process' memory.
 */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';

export interface ProbeSocketDeps {
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly random: () => number;
  /** Did the probe say that it goes? Then finding nobody is no surprise. */
  hasSaidGoodbye(): boolean;
  onConnect(): void;
  onChunk(chunk: Buffer): Promise<void>;
  onDisconnect(): void;
}

export interface ProbeSocket {
  /** Runs until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** False when nobody is connected or the probe does not read: the message is gone then. */
  send(bytes: Buffer): boolean;
}

const shortestPauseMs = 100;
const longestPauseMs = 2000;
const longestBacklog = 1 << 20;

export function createProbeSocket(path: string, deps: ProbeSocketDeps): ProbeSocket {
  let socket: Socket | null = null;

  const connect = async (signal: AbortSignal): Promise<Socket> => {
    const opened = createConnection({ path, signal });
    // The reader below sees the same error; without a listener it would end the process.
    opened.on('error', () => undefined);
    await once(opened, 'connect', { signal });
    return opened;
  };

  const read = async (signal: AbortSignal): Promise<void> => {
    const opened = await connect(signal);
    socket = opened;
    deps.onConnect();
    try {
      const chunks: AsyncIterable<Buffer> = opened;
      for await (const chunk of chunks) await deps.onChunk(chunk);
    } finally {
      socket = null;
      opened.destroy();
      deps.onDisconnect();
    }
  };

  return {
    async run(signal) {
      let pause = shortestPauseMs;
      let failures = 0;
      const isOver = (): boolean => signal.aborted;
      while (!isOver()) {
        try {
          await read(signal);
          pause = shortestPauseMs;
          failures = 0;
          deps.log.info({ path }, 'the probe closed the connection');
        } catch (error) {
          if (isOver()) return;
          failures += 1;
          // The first failure and then ever fewer are worth a line.
          if ((failures & (failures - 1)) === 0) {
            const level = deps.hasSaidGoodbye() ? 'info' : 'warn';
            deps.log[level]({ err: error, path, failures }, 'cannot read from the probe, trying again');
          }
        }
        await sleep(pause * (0.75 + deps.random() / 4), undefined, { signal }).catch(() => undefined);
        pause = Math.min(longestPauseMs, pause * 2);
      }
    },
    send(bytes) {
      if (socket === null || socket.writableLength > longestBacklog) return false;
      socket.write(bytes);
      return true;
    },
  };
}
