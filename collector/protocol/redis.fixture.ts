/** Builds Redis commands and replies for tests. */
import type { Line } from './converse.fixture.ts';

export const command = (...words: readonly string[]): Buffer =>
  Buffer.from(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`);
export const reply = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'));
export const bulk = (size: number): Buffer => reply(`$${size}\n${'v'.repeat(size)}\n`);

/** A greeting of version 3, a pipeline, nested and large values, errors, a push. */
export function redisTalk(): Line[] {
  return [
    [0, command('HELLO', '3')],
    [1, reply('%2\n$6\nserver\n$5\nredis\n$5\nproto\n:3\n')],
    [
      0,
      Buffer.concat([command('set', 'secret', 'x'.repeat(300)), command('GET', 'secret'), command('LPUSH', 'a', 'b')]),
    ],
    [1, Buffer.concat([reply('+OK\n'), bulk(300), reply('-WRONGTYPE Operation against secret\n')])],
    [0, command('HGETALL', 'h')],
    [1, reply('>2\n+pubsub\n+x\n|1\n+ttl\n:3\n*3\n*2\n:1\n$-1\n_\n~1\n#t\n')],
    [0, command('EVAL', 'return secret', '0')],
    [1, reply('!21\nNOSCRIPT No matching \n')],
  ];
}
