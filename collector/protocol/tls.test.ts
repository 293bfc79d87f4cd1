import { describe, expect, it } from 'vitest';
import { createCounters } from '../counters.ts';
import { createBudget } from './budget.ts';
import { createConversation } from './conversation.ts';
import { readServerName } from './tls.ts';

function sized(bytes: number, body: Buffer): Buffer {
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(body.length, 0, bytes);
  return Buffer.concat([length, body]);
}

function extension(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0, type]), sized(2, body)]);
}

/** A ClientHello record with a session id, ciphers and extensions. */
function clientHello(extensions: readonly Buffer[]): Buffer {
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    sized(1, Buffer.alloc(32, 1)),
    sized(2, Buffer.from([0x13, 1, 0x13, 2])),
    sized(1, Buffer.from([0])),
    sized(2, Buffer.concat(extensions)),
  ]);
  return Buffer.concat([Buffer.from([22, 3, 1]), sized(2, Buffer.concat([Buffer.from([1]), sized(3, body)]))]);
}

const serverName = (name: string): Buffer =>
  extension(0, sized(2, Buffer.concat([Buffer.from([0]), sized(2, Buffer.from(name))])));

describe('TLS server name', () => {
  it('is read from a ClientHello, wherever the extension stands', () => {
    const hello = clientHello([
      extension(10, Buffer.alloc(4)),
      serverName('Payment.Stripe.com'),
      extension(16, Buffer.alloc(2)),
    ]);
    expect(readServerName(hello)).toBe('payment.stripe.com');
  });

  it.each([
    ['without the extension', clientHello([extension(10, Buffer.alloc(4))])],
    ['with a name that is none', clientHello([serverName('a b\n')])],
    ['cut within the name', clientHello([serverName('payment.stripe.com')]).subarray(0, -5)],
    ['that is a ServerHello', Buffer.from([22, 3, 3, 0, 4, 2, 0, 0, 0])],
    ['that is empty', Buffer.alloc(0)],
  ])('is empty in a message %s', (_name, bytes) => {
    expect(readServerName(bytes)).toBe('');
  });

  it('never reads past the bytes there are', () => {
    const hello = clientHello([serverName('api.test')]);
    for (let end = 0; end < hello.length; end += 1) expect(readServerName(hello.subarray(0, end))).toBe('');
  });

  it('ends the reading of the connection and tells who the client is', () => {
    const told: unknown[] = [];
    const conversation = createConversation(6, [40000, 443], {
      counters: createCounters(),
      budget: createBudget(1 << 20),
      onExchange: () => undefined,
      onName: () => undefined,
      onTls: (client, name) => told.push({ client, name }),
    });
    const bytes = clientHello([serverName('api.test')]);
    conversation.feed({ sender: 1, sequence: 5, payloadLength: bytes.length, bytes, atNs: 0 });
    expect(told).toEqual([{ client: 1, name: 'api.test' }]);
    expect(conversation.wanted).toBe('none');
  });
});
