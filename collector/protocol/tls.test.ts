import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { converse, mangled, type Line } from './converse.fixture.ts';
import {
  alert,
  chosenVersion,
  clientHello,
  clientHelloMessage,
  encrypted,
  extension,
  protocols,
  record,
  serverHello,
  serverName,
  tls12,
  tls13,
} from './tls.fixture.ts';

function told(lines: readonly Line[]) {
  const spoken = converse({ ports: [40000, 443] });
  for (const [sender, bytes] of lines) spoken.say(sender, bytes);
  return { ...spoken, last: spoken.tls.at(-1) };
}

describe('the server name of a ClientHello', () => {
  it('is read wherever the extension stands', () => {
    const hello = clientHello([
      extension(10, Buffer.alloc(4)),
      serverName('Payment.Stripe.com'),
      extension(16, Buffer.alloc(2)),
    ]);
    expect(told([[1, hello]]).tls).toEqual([
      { client: 1, serverName: 'payment.stripe.com', version: '', alpn: '', error: '' },
    ]);
  });

  it.each([
    ['without the extension', clientHello([extension(10, Buffer.alloc(4))])],
    ['with a name that is none', clientHello([serverName('a b\n')])],
    ['without extensions', record(22, Buffer.concat([Buffer.from([1, 0, 0, 38, 3, 3]), Buffer.alloc(36)]))],
  ])('is empty %s', (_name, bytes) => {
    expect(told([[0, bytes]]).last).toMatchObject({ client: 0, serverName: '' });
  });

  it('is read from a hello that is split over records and segments', () => {
    const hello = clientHelloMessage([extension(51, Buffer.alloc(1200)), serverName('api.test'), protocols('h2')]);
    const pieces = [hello.subarray(0, 2), hello.subarray(2, 700), hello.subarray(700)];
    const bytes = Buffer.concat(pieces.map((piece) => record(22, piece)));
    const halves = [bytes.subarray(0, 600), bytes.subarray(600)];
    expect(told(halves.map((half) => [0, half])).tls).toMatchObject([{ serverName: 'api.test', alpn: 'h2' }]);
  });
});

describe('a TLS handshake', () => {
  it('of version 1.3 tells the version of the second hello and what the client offers', () => {
    const { last, conversation } = told(tls13());
    expect(last).toEqual({ client: 0, serverName: 'api.test', version: 'TLS 1.3', alpn: 'h2,http/1.1', error: '' });
    expect(conversation.wanted).toBe('none');
  });

  it('of version 1.2 tells what the server chose, and why it failed late', () => {
    const { last, conversation } = told(tls12());
    const facts = { serverName: 'api.test', version: 'TLS 1.2', alpn: 'http/1.1', error: 'handshake_failure' };
    expect(last).toEqual({ client: 0, ...facts });
    expect(conversation.wanted).toBe('none');
  });

  it.each([
    ['by the server at once', [[1, alert(2, 70)]] as const, 'protocol_version', ''],
    [
      'for a name it does not have',
      [
        [1, alert(1, 112)],
        [1, alert(2, 112)],
      ] as const,
      'unrecognized_name',
      '',
    ],
    [
      'by the client',
      [
        [1, serverHello([])],
        [0, alert(2, 48)],
      ] as const,
      'unknown_ca',
      'TLS 1.2',
    ],
    ['with a code nobody named', [[1, alert(2, 200)]] as const, 'alert_200', ''],
  ])('refused %s tells the alert', (_name, lines, error, version) => {
    expect(told([[0, clientHello([])], ...lines]).last).toMatchObject({ error, version });
  });

  it('is not called failed by a closing alert, nor by what is encrypted', () => {
    const { last } = told([
      [0, clientHello([])],
      [1, serverHello([chosenVersion(4)])],
      [1, record(21, Buffer.alloc(19, 2))],
      [0, encrypted],
      [0, alert(2, 40)],
    ]);
    expect(last).toMatchObject({ version: 'TLS 1.3', error: '' });
  });

  it('of which only the server was seen still is one, with the other side as the client', () => {
    expect(told([[1, serverHello([], undefined, 2)]]).last).toMatchObject({ client: 0, version: 'TLS 1.1' });
  });

  it('is recognised when a connection turns to it', () => {
    const { tls } = told([
      [1, Buffer.from('220 mail.test ESMTP\r\n')],
      [0, Buffer.from('EHLO me\r\n')],
      [1, Buffer.from('250 STARTTLS\r\n')],
      [0, Buffer.from('STARTTLS\r\n')],
      [1, Buffer.from('220 go ahead\r\n')],
      [0, clientHello([serverName('mail.test')])],
    ]);
    expect(tls).toMatchObject([{ client: 0, serverName: 'mail.test' }]);
  });

  it('that cannot be gathered is given up, with the cause', () => {
    const { say, skip, counters, tls, budget, conversation } = converse();
    const hello = clientHello([serverName('api.test')]);
    say(0, hello.subarray(0, 40));
    skip(0, 20);
    say(0, hello.subarray(60), 1);
    say(0, encrypted, 3e9);
    expect(counters.read('tls_gave_up_hello')).toBe(1);
    say(1, serverHello([chosenVersion(4)]));
    expect(tls.at(-1)).toMatchObject({ serverName: '', version: 'TLS 1.3' });
    conversation.end();
    expect(budget.used).toBe(0);
  });

  it('says the same however its bytes are cut, reordered and repeated', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(tls12, tls13), (seed, plan) => {
        const { conversation, tls, budget } = converse();
        for (const segment of mangled(plan(), seed)) conversation.feed(segment);
        expect(tls.at(-1)).toEqual(told(plan()).last);
        conversation.end();
        expect(budget.used).toBe(0);
      }),
    );
  });
});
