/** Reads Redis: one exchange for each command and its reply. Of arguments and values nothing is kept. */
import { createCommandReader } from './command-reader.ts';
import { createCommandQueue, notBegun, type CommandDeps } from './commands.ts';
import type { Side } from './exchange.ts';
import type { Reader } from './reader.ts';
import { createRedisValues } from './redis-values.ts';

const nameLimit = 32;
const errorLimit = 32;
/** From these on the server also speaks unasked. */
const subscribing: ReadonlySet<string> = new Set(['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'MONITOR', 'SYNC', 'PSYNC']);

/** Is this the beginning of a command as clients send it: an array of strings, of which the first is a word? */
export function isRedisCommand(bytes: Buffer): boolean {
  if (bytes[0] !== 0x2a || bytes.length < 11) return false;
  return /^\*[1-9]\d{0,6}\r\n\$[1-9]\d?\r\n[A-Za-z][A-Za-z.]{0,31}(?:\r\n|$)/.test(bytes.toString('latin1', 0, 64));
}

function isRedisReply(bytes: Buffer): boolean {
  return /^(?:[+-][A-Za-z]|[:$*%~>,#_(!=|]-?[\dtf\r])/.test(bytes.toString('latin1', 0, 3));
}

export function createRedisReader(client: Side, deps: CommandDeps): Reader {
  const { budget } = deps;
  const commands = createCommandQueue('REDIS', client, deps);
  let isSubscribed = false;
  let command = '';
  let commandNs = 0;
  let error = '';

  const requests = createRedisValues({
    begin(_type, atNs) {
      command = '';
      commandNs = atNs;
    },
    text(place, text) {
      if (place === 0) command = /^[A-Za-z][\w.-]*$/.test(text) ? text.slice(0, nameLimit).toUpperCase() : '';
    },
    done(_type, _elements, atNs) {
      if (subscribing.has(command)) isSubscribed = true;
      commands.push({ command, resource: '', firstNs: commandNs, lastNs: atNs, begunNs: notBegun, isReported: false });
    },
    lost: (cause) => commands.lost(cause, false),
    startsLike: isRedisCommand,
  });

  const responses = createRedisValues({
    begin(type, atNs) {
      error = '';
      // What is pushed answers nothing, nor does what comes unasked to a subscriber.
      if (type === '>' || (isSubscribed && commands.size === 0)) return;
      commands.begin(atNs);
    },
    text(place, text) {
      if (place === 0) error = text;
    },
    done(type) {
      if (type === '>' || (isSubscribed && commands.size === 0)) return;
      const isError = type === '-' || type === '!';
      // The first word names the error; what follows may quote a value.
      const word = isError ? (/^[A-Z][A-Z\d_]*/.exec(error)?.[0] ?? 'ERR') : '';
      commands.finish(word.slice(0, errorLimit));
    },
    lost: (cause) => commands.lost(cause, true),
    startsLike: isRedisReply,
  });

  return createCommandReader({
    client,
    budget,
    requests: requests,
    responses: responses,
    commands,
    wanted: () => 'heads',
  });
}
