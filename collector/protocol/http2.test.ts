import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { converse, mangled, type Spoken } from './converse.fixture.ts';
import type { Exchange } from './exchange.ts';
import { call, createEncoder, data, frame, get, goAway, headers, http2Talk, reset, settings } from './http2.fixture.ts';
import { frameType, preface } from './http2-frames.ts';
import { grpcStatusName } from './grpc-status.ts';

function told(exchanges: readonly Exchange[]): string[] {
  return exchanges.map((exchange) => {
    if (exchange.type !== 'HTTP' && exchange.type !== 'GRPC') return exchange.type;
    const { type, method, host, path, status, grpcStatus, error, isAnswered } = exchange;
    return [type, method, `${host}${path}`, status, grpcStatus, error, isAnswered ? '' : 'unanswered']
      .filter((part) => part !== '')
      .join(' ');
  });
}

const talk = [
  'HTTP GET api:8080/orders 404',
  'HTTP GET api:8080/orders 200',
  'GRPC POST shop/shop.Cart/Add 200 OK',
  'GRPC POST shop/shop.Cart/Drop 200 UNAVAILABLE',
];

/** A connection whose preface went by. */
function opened(): Spoken {
  const spoken = converse();
  spoken.say(0, Buffer.concat([preface, settings]));
  spoken.say(1, settings);
  return spoken;
}

describe('HTTP/2', () => {
  it('is read from its preface on, streams interleaved, blocks padded and in pieces', () => {
    const { say, exchanges, conversation, counters } = converse();
    for (const [sender, bytes] of http2Talk()) say(sender, bytes);
    expect(told(exchanges)).toEqual(talk);
    expect(exchanges[0]).toMatchObject({ client: 0, protocol: 'HTTP/2' });
    expect([conversation.wanted, conversation.outstanding]).toEqual(['turns', 0]);
    expect([...counters.entries()]).toEqual([]);
  });

  it('gives the same exchanges however the bytes are cut, reordered and repeated', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { conversation, exchanges, budget } = converse();
        for (const segment of mangled(http2Talk(), seed)) conversation.feed(segment);
        expect(told(exchanges)).toEqual(talk);
        conversation.end();
        expect(budget.used).toBe(0);
      }),
    );
  });

  it('measures a request to the head of its response, and a gRPC call to its trailers', () => {
    const { say, exchanges } = opened();
    const [client, server] = [createEncoder(), createEncoder()];
    say(0, headers(1, client.encode(get('/a')), { isLast: true }), 1000);
    say(1, headers(1, server.encode([[':status', '200']])), 5000);
    say(1, data(1, 10, true), 9000);
    say(0, headers(3, client.encode(call('/s/m'))), 10_000);
    say(1, headers(3, server.encode([[':status', '200']])), 12_000);
    say(1, headers(3, server.encode([['grpc-status', '5']]), { isLast: true }), 17_000);
    expect(exchanges).toMatchObject([
      { type: 'HTTP', requestNs: 1000, latencyNs: 4000 },
      { type: 'GRPC', requestNs: 10_000, latencyNs: 7000, grpcStatus: 'NOT_FOUND' },
    ]);
  });

  it('is read after an upgrade, the first answer being that to the request that asked for it', () => {
    const { say, exchanges, conversation } = converse();
    const [client, server] = [createEncoder(), createEncoder()];
    say(0, 'GET /first HTTP/1.1\r\nHost: api\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n', 10);
    const switching = Buffer.from('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    say(1, Buffer.concat([switching, settings]), 20);
    say(0, Buffer.concat([preface, settings, headers(3, client.encode(get('/second')), { isLast: true })]), 30);
    say(1, headers(1, server.encode([[':status', '200']])), 40);
    say(1, headers(3, server.encode([[':status', '500']])), 50);
    expect(told(exchanges)).toEqual(['HTTP GET api/first 200', 'HTTP GET api:8080/second 500']);
    expect(exchanges[0]).toMatchObject({ protocol: 'HTTP/2', latencyNs: 30 });
    expect(conversation.wanted).toBe('turns');
  });

  it('tells requests that were reset, refused, or never answered', () => {
    const { say, exchanges, conversation } = opened();
    const [client, server] = [createEncoder(), createEncoder()];
    for (const id of [1, 3, 5, 7, 9]) say(0, headers(id, client.encode(get(`/${id}`)), { isLast: true }), id);
    say(0, headers(11, client.encode(call('/s/watch'))), 11);
    say(
      1,
      headers(
        11,
        server.encode([
          [':status', '200'],
          ['content-type', 'application/grpc'],
        ]),
      ),
      12,
    );
    say(1, reset(1, 7));
    say(0, reset(3, 8));
    say(0, reset(11, 8));
    say(1, goAway(7, 0));
    conversation.sweep(11e9);
    conversation.end();
    expect(told(exchanges)).toEqual([
      'HTTP GET api:8080/1 0 REFUSED_STREAM unanswered',
      'HTTP GET api:8080/3 0 CANCEL unanswered',
      'GRPC POST shop/s/watch 200 CANCEL',
      'HTTP GET api:8080/9 0 GOAWAY unanswered',
      'HTTP GET api:8080/5 0 unanswered',
      'HTTP GET api:8080/7 0 unanswered',
    ]);
  });

  it('steps over bodies that were not copied', () => {
    const { say, skip, exchanges, counters, conversation } = opened();
    const [client, server] = [createEncoder(), createEncoder()];
    say(0, headers(1, client.encode(get('/big')), { isLast: true }));
    const body = data(1, 16_000);
    say(1, Buffer.concat([headers(1, server.encode([[':status', '200']])), body.subarray(0, 100)]));
    skip(1, body.length - 100);
    say(0, headers(3, client.encode(get('/next')), { isLast: true }));
    say(1, headers(3, server.encode([[':status', '404']])));
    conversation.sweep(3e9);
    expect(told(exchanges)).toEqual(['HTTP GET api:8080/big 200', 'HTTP GET api:8080/next 404']);
    expect([...counters.entries()]).toEqual([]);
  });

  it('goes on after lost frames, without the fields that they explained', () => {
    const { say, skip, exchanges, counters } = opened();
    const [client, server] = [createEncoder(), createEncoder()];
    say(0, headers(1, client.encode(get('/a')), { isLast: true }));
    say(1, headers(1, server.encode([[':status', '200']])));
    const lost = headers(3, client.encode(get('/lost', ['x', 'y'])), { isLast: true });
    say(0, lost.subarray(0, 4));
    skip(0, lost.length - 4);
    say(0, headers(5, client.encode(get('/a')), { isLast: true }), 3e9);
    say(0, headers(7, client.encode(get('/new')), { isLast: true }), 6e9);
    say(1, headers(7, server.encode([[':status', '200']])), 6e9);
    say(1, headers(5, server.encode([[':status', '404']])), 6e9);
    expect(told(exchanges)).toEqual(['HTTP GET api:8080/a 200', 'HTTP GET /new 200', 'HTTP GET 404']);
    expect(counters.read('http2_gave_up_gap')).toBe(1);
    expect(counters.read('http2_unknown_fields')).toBe(3);
  });

  it('joined in the middle is recognised by whole frames, and says of old fields that they are unknown', () => {
    const [client, server] = [createEncoder(), createEncoder()];
    client.encode(get('/old'));
    server.encode([[':status', '429']]);
    const { say, exchanges, counters } = converse();
    say(0, data(21, 100, true));
    say(1, headers(21, server.encode([[':status', '200']]), { isLast: true }));
    say(0, headers(23, client.encode(get('/old')), { isLast: true }));
    say(1, headers(23, server.encode([[':status', '429']]), { isLast: true }));
    say(0, headers(25, client.encode(get('/new')), { isLast: true }));
    say(1, headers(25, server.encode([[':status', '200']]), { isLast: true }));
    expect(told(exchanges)).toEqual(['HTTP GET 0', 'HTTP GET /new 200']);
    expect(counters.read('http2_orphan_responses')).toBe(1);
    expect(counters.read('http2_unknown_fields')).toBe(4);
  });

  it('is read inside of TLS, where the library hands its bytes over', () => {
    const { conversation, exchanges } = converse({ ports: [40000, 443] });
    const next: [number, number] = [7, 7];
    for (const [sender, bytes] of http2Talk()) {
      conversation.feed({
        sender,
        sequence: next[sender],
        payloadLength: bytes.length,
        bytes,
        atNs: 0,
        isPlaintext: true,
      });
      next[sender] += bytes.length;
    }
    expect(told(exchanges)).toEqual(talk);
  });

  it('gives up blocks that are broken or too large, and says why', () => {
    const { say, counters, budget, conversation } = opened();
    say(0, headers(1, Buffer.from([0x80])));
    for (let i = 0; i < 6; i += 1) {
      const piece = Buffer.alloc(16_000, 0x20);
      say(0, frame(i === 0 ? frameType.headers : frameType.continuation, piece, { stream: 3 }));
    }
    say(0, frame(frameType.headers, Buffer.from([9, 0x82]), { stream: 5, flags: 0xc }));
    expect(counters.read('http2_gave_up_compression')).toBe(1);
    expect(counters.read('http2_gave_up_header_too_large')).toBe(1);
    expect(counters.read('http2_gave_up_malformed')).toBeGreaterThan(0);
    conversation.end();
    expect(budget.used).toBe(0);
  });

  it('names every status of gRPC', () => {
    expect([0, 1, 13, 16, 17].map((code) => grpcStatusName(String(code)))).toEqual([
      'OK',
      'CANCELLED',
      'INTERNAL',
      'UNAUTHENTICATED',
      'CODE_17',
    ]);
    expect(grpcStatusName('x')).toBe('');
  });
});
