/** Tries to reach a port once and says how that went, in the words of the operating system. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

interface Target {
  readonly host: string;
  readonly port: number;
}

function codeOf(cause: Error): string {
  return 'code' in cause ? String(cause.code) : cause.message;
}

/** `connected`, `timeout` (ours, not the kernel's), or the name of the errno. */
export function connectOnce(target: Target, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(target);
    let outcome = 'closed';
    const timer = setTimeout(() => {
      outcome = 'timeout';
      socket.destroy();
    }, timeoutMs);
    socket.once('connect', () => {
      outcome = 'connected';
      socket.end();
      socket.resume();
    });
    socket.once('error', (cause) => (outcome = codeOf(cause)));
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(outcome);
    });
  });
}

/** `answered`, `timeout`, or the name of the errno. A socket of its own each time, so each is a conversation. */
export function sendOnce(target: Target, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket(target.host.includes(':') ? 'udp6' : 'udp4');
    const end = (outcome: string): void => {
      clearTimeout(timer);
      socket.close();
      resolve(outcome);
    };
    const timer = setTimeout(() => end('timeout'), timeoutMs);
    socket.once('message', () => end('answered'));
    socket.once('error', (cause) => end(codeOf(cause)));
    socket.connect(target.port, target.host, (cause?: Error) => {
      if (cause) end(codeOf(cause));
      else socket.send('palomar');
    });
  });
}
