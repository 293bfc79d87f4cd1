import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { converse } from './converse.fixture.ts';
import type { Exchange, HttpExchange, Side } from './exchange.ts';

function lines(exchanges: readonly Exchange[]): string[] {
  return exchanges
    .filter((exchange): exchange is HttpExchange => exchange.type === 'HTTP')
    .map(({ method, host, path, status }) => `${method} ${host}${path} ${status}`);
}

const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: api\r\n${more}\r\n`;
const okay = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe('HTTP/1.1', () => {
  it('pairs a request with its response and measures from the end of one head to the start of the other', () => {
    const { say, exchanges } = converse();
    say(0, 'GET /orders?id=7 HTTP/1.1\r\nHost: api:8080\r\n', 1000);
    say(0, 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n', 2000);
    say(1, 'HTTP/1.1 404 Not Found\r\n', 5000);
    say(1, 'Content-Length: 0\r\n\r\n', 6000);
    expect(exchanges).toEqual([
      {
        type: 'HTTP',
        client: 0,
        isAnswered: true,
        requestNs: 1000,
        latencyNs: 3000,
        method: 'GET',
        host: 'api:8080',
        path: '/orders?id=7',
        status: 404,
        protocol: 'HTTP/1.1',
        traceId: '0af7651916cd43dd8448eb211c80319c',
        grpcStatus: '',
        error: '',
      },
    ]);
  });

  it.each<[string, readonly (readonly [Side, string])[], readonly string[]]>([
    [
      'a method split between segments',
      [
        [0, 'GE'],
        [0, 'T / HTTP/1.1\r\n\r\n'],
        [1, okay('')],
      ],
      ['GET / 200'],
    ],
    [
      'a status line split between segments',
      [
        [0, get('/a')],
        [1, 'HTTP/1.'],
        [1, '1 500 Oh\r\nContent-Length: 2\r\n\r\nno'],
      ],
      ['GET api/a 500'],
    ],
    [
      'keep-alive with bodies both ways',
      [
        [0, 'POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello'],
        [1, okay('GET /not HTTP/1.1\r\n\r\n')],
        [0, get('/b')],
        [1, okay('')],
      ],
      ['POST /a 200', 'GET api/b 200'],
    ],
    [
      'pipelining in one segment',
      [
        [0, get('/1') + get('/2') + get('/3')],
        [1, okay('x') + 'HTTP/1.1 204 No Content\r\n\r\n' + okay('y')],
      ],
      ['GET api/1 200', 'GET api/2 204', 'GET api/3 200'],
    ],
    [
      'chunked bodies with extensions and trailers',
      [
        [0, get('/a')],
        [
          1,
          'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nHTTP/\r\n0\r\nTrailer: a\r\n\r\n' + okay(''),
        ],
        [0, get('/b')],
      ],
      ['GET api/a 200'],
    ],
    [
      'HEAD, 204 and 304 without bodies',
      [
        [0, 'HEAD /a HTTP/1.1\r\n\r\n'],
        [1, 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'],
        [0, get('/b')],
        [1, 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n'],
        [0, get('/c')],
        [1, okay('')],
      ],
      ['HEAD /a 200', 'GET api/b 304', 'GET api/c 200'],
    ],
    [
      'interim responses',
      [
        [0, 'PUT /a HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n'],
        [1, 'HTTP/1.1 100 Continue\r\n\r\n'],
        [0, 'ab'],
        [1, 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n'],
      ],
      ['PUT /a 201'],
    ],
    [
      'a body that lasts until the connection ends',
      [
        [0, 'GET /a HTTP/1.0\r\n\r\n'],
        [1, 'HTTP/1.0 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
      ],
      ['GET /a 200'],
    ],
    [
      'user info, in the target and in the host field',
      [
        [0, 'GET http://joe:secret@example.com/p?q=1 HTTP/1.1\r\nHost: x\r\n\r\n'],
        [1, okay('')],
        [0, 'GET / HTTP/1.1\r\nHost: joe:secret@api\r\nAuthorization: Basic abc\r\n\r\n'],
        [1, okay('')],
      ],
      ['GET example.com/p?q=1 200', 'GET api/ 200'],
    ],
    [
      'folded lines, also where they hold what frames the body',
      [
        [
          0,
          'POST /a HTTP/1.1\r\nHost:\r\n api\r\nTransfer-Encoding:\r\n\tchunked\r\nX: a\r\n host: b\r\n\r\n3\r\nGET\r\n0\r\n\r\n',
        ],
        [1, okay('')],
        [0, get('/b')],
        [1, okay('')],
      ],
      ['POST api/a 200', 'GET api/b 200'],
    ],
    [
      'lines that end without a carriage return',
      [
        [0, 'GET /a HTTP/1.1\nHost: api\n\n'],
        [1, 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
        [0, get('/b')],
        [1, okay('')],
      ],
      ['GET api/a 200', 'GET api/b 200'],
    ],
    [
      'an answer before the body, which is then not sent',
      [
        [0, 'PUT /a HTTP/1.1\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n'],
        [1, 'HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n'],
        [0, get('/b')],
        [1, okay('')],
      ],
      ['PUT /a 417', 'GET api/b 200'],
    ],
    [
      'an answer before the body, which is sent all the same',
      [
        [0, 'PUT /a HTTP/1.1\r\nContent-Length: 5\r\n\r\n'],
        [1, 'HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n'],
        [0, 'hello'],
        [0, get('/b')],
        [1, okay('')],
      ],
      ['PUT /a 413', 'GET api/b 200'],
    ],
    [
      'a tunnel that was refused, then asked for again',
      [
        [0, 'CONNECT joe:secret@db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n'],
        [1, 'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno'],
        [0, 'CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n'],
        [1, 'HTTP/1.1 200 Connection established\r\n\r\nGET /not HTTP/1.1\r\n\r\n'],
        [0, get('/not-either')],
      ],
      ['CONNECT db:5432db:5432 407', 'CONNECT db:5432db:5432 200'],
    ],
    [
      'chunks with long extensions, and trailers',
      [
        [0, get('/a')],
        [
          1,
          `HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2;${'x'.repeat(900)}\r\nok\r\n0;y\r\nT: ${'v'.repeat(900)}\r\n\r\n`,
        ],
        [0, get('/b')],
        [1, okay('')],
      ],
      ['GET api/a 200', 'GET api/b 200'],
    ],
    [
      'blank lines before a request',
      [
        [0, '\r\n\r\n' + get('/a')],
        [1, okay('')],
      ],
      ['GET api/a 200'],
    ],
  ])('understands %s', (_name, segments, expected) => {
    const spoken = converse();
    for (const [sender, text] of segments) spoken.say(sender, text);
    expect(lines(spoken.exchanges)).toEqual(expected);
  });

  it('stops reading, and asks for no more payload, after an upgrade', () => {
    const { say, exchanges, conversation } = converse();
    say(0, get('/chat', 'Upgrade: websocket\r\nConnection: Upgrade\r\n'));
    expect(conversation.wanted).toBe('all');
    say(1, 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nHTTP/1.1 200 OK\r\n\r\n');
    say(0, get('/not-http-any-more'));
    expect(lines(exchanges)).toEqual(['GET api/chat 101']);
    expect(conversation.wanted).toBe('none');
  });

  it('steps over a body of which only the beginning was captured', () => {
    const { say, skip, exchanges, counters } = converse();
    say(0, get('/big'));
    say(1, 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nstart');
    skip(1, 99_995);
    say(0, get('/next'));
    say(1, okay('x'));
    // The hole could still be filled by a late packet: it is given up when time has passed.
    say(1, okay('late'), 3e9);
    expect(lines(exchanges)).toEqual(['GET api/big 200', 'GET api/next 200']);
    expect(counters.read('http_gave_up_gap_in_header')).toBe(0);
  });

  it('uses the packet length to step over what the kernel did not copy', () => {
    const { conversation, exchanges, say } = converse();
    say(0, get('/big'));
    const head = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n');
    conversation.feed({ sender: 1, sequence: 1000, payloadLength: head.length + 50000, bytes: head, atNs: 0 });
    say(0, get('/next'));
    const bytes = Buffer.from(okay(''));
    const sequence = 1000 + head.length + 50000;
    conversation.feed({ sender: 1, sequence, payloadLength: bytes.length, bytes, atNs: 0 });
    expect(lines(exchanges)).toEqual(['GET api/big 200', 'GET api/next 200']);
  });

  it('reads several chunks of one large packet as what follows each other', () => {
    const { conversation, exchanges, say } = converse();
    say(0, get('/1') + get('/2'));
    const both = Buffer.from(okay('a'.repeat(50)) + okay('b'));
    for (let from = 0; from < both.length; from += 16) {
      const bytes = both.subarray(from, from + 16);
      conversation.feed({ sender: 1, sequence: 1000 + from, payloadLength: both.length - from, bytes, atNs: 0 });
    }
    expect(lines(exchanges)).toEqual(['GET api/1 200', 'GET api/2 200']);
  });

  it('counts a hole inside a head, says so, and goes on with the next message', () => {
    const { say, skip, exchanges, counters, conversation } = converse();
    say(0, get('/first'));
    say(1, okay(''));
    say(0, 'GET /lost HTTP/1.1\r\nHost: ');
    skip(0, 10);
    say(0, 'rest\r\n\r\n');
    say(1, okay(''));
    say(0, get('/third'), 3e9);
    say(1, okay(''), 3e9);
    say(0, get('/fourth'), 4e9);
    say(1, okay(''), 4e9);
    conversation.end();
    expect(lines(exchanges)).toEqual(['GET api/first 200', 'GET api/third 200', 'GET api/fourth 200']);
    expect(counters.read('http_gave_up_gap_in_header')).toBe(1);
    expect(counters.read('http_orphan_responses')).toBe(1);
  });

  it('does not pair a response with a request whose own response was lost', () => {
    const { say, skip, exchanges, conversation } = converse();
    say(0, get('/1'), 1);
    say(1, okay(''), 2);
    say(0, get('/2'), 3);
    say(1, 'HTTP/1.1 200 OK\r\nContent-', 4);
    skip(1, 12);
    say(0, get('/3'), 5);
    say(1, okay(''), 6);
    say(1, okay('unasked'), 3e9);
    conversation.end();
    expect(lines(exchanges)).toEqual(['GET api/1 200', 'GET api/2 0', 'GET api/3 200']);
  });

  it('reports a request as unanswered after ten seconds, or when the connection ends, once', () => {
    const { say, conversation, exchanges } = converse();
    say(0, get('/slow'), 1e9);
    conversation.sweep(10e9);
    expect(exchanges).toHaveLength(0);
    conversation.sweep(12e9);
    conversation.sweep(13e9);
    say(1, okay(''), 14e9);
    say(0, get('/cut'), 15e9);
    conversation.end();
    expect(lines(exchanges)).toEqual(['GET api/slow 0', 'GET api/cut 0']);
    expect(exchanges.map(({ isAnswered }) => isAnswered)).toEqual([false, false]);
  });

  it('gives up heads beyond 64 KiB and holds no memory afterwards', () => {
    const { say, conversation, counters, budget } = converse();
    say(0, 'GET / HTTP/1.1\r\n');
    for (let i = 0; i < 70; i += 1) say(0, `X-${i}: ${'v'.repeat(1000)}\r\n`);
    expect(counters.read('http_gave_up_header_too_large')).toBe(1);
    conversation.end();
    expect(budget.used).toBe(0);
  });

  it('joins a connection in the middle of a body', () => {
    const { say, exchanges } = converse();
    say(1, 'middle of some body without meaning');
    say(0, get('/a'));
    say(1, okay(''));
    expect(lines(exchanges)).toEqual(['GET api/a 200']);
  });

  it('is not misled by the middle of a request line that comes before its beginning is whole', () => {
    const { conversation, exchanges, say } = converse();
    const text = get('/a');
    const cuts = [0, 1, 7, 15, text.length];
    const pieces = cuts.slice(1).map((to, i) => ({ from: cuts[i] ?? 0, to }));
    for (const { from, to } of [0, 2, 1, 3].map((i) => pieces[i]).filter((piece) => piece !== undefined)) {
      const bytes = Buffer.from(text.slice(from, to));
      conversation.feed({ sender: 0, sequence: 500 + from, payloadLength: bytes.length, bytes, atNs: 0 });
    }
    say(1, okay(''));
    expect(text.slice(7, 15)).toBe('HTTP/1.1');
    expect(lines(exchanges)).toEqual(['GET api/a 200']);
  });

  it('asks for no more payload of a protocol it does not know', () => {
    const { say, conversation } = converse();
    for (let i = 0; i < 7; i += 1) {
      say(0, '\x00\x00\x00\x08binary');
      say(1, 'R\x00\x00\x00\x08\x00\x00\x00\x00');
    }
    expect(conversation.wanted).toBe('none');
  });
});

interface Piece {
  readonly sender: Side;
  readonly from: number;
  readonly to: number;
}

const exchangeArbitrary = fc.record({
  method: fc.constantFrom('GET', 'POST', 'HEAD', 'DELETE', 'PATCH'),
  path: fc.stringMatching(/^\/[a-z0-9/]{0,20}$/),
  status: fc.constantFrom(200, 201, 204, 304, 404, 500, 503),
  requestBody: fc.stringMatching(/^[ -~]{0,60}$/),
  responseBody: fc.stringMatching(/^[ -~\r\n]{0,120}$/),
  isChunked: fc.boolean(),
});
type Plan = typeof exchangeArbitrary extends fc.Arbitrary<infer T> ? T : never;

function requestText(plan: Plan): string {
  const body = plan.method === 'POST' || plan.method === 'PATCH' ? plan.requestBody : '';
  return `${plan.method} ${plan.path} HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function responseText(plan: Plan): string {
  const start = `HTTP/1.1 ${plan.status} X\r\n`;
  if (plan.method === 'HEAD') return `${start}Content-Length: ${plan.responseBody.length}\r\n\r\n`;
  if (plan.status === 204 || plan.status === 304) return `${start}\r\n`;
  if (!plan.isChunked) return `${start}Content-Length: ${plan.responseBody.length}\r\n\r\n${plan.responseBody}`;
  const size = plan.responseBody.length.toString(16);
  const chunk = plan.responseBody === '' ? '' : `${size}\r\n${plan.responseBody}\r\n`;
  return `${start}Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`;
}

/** Cuts a stretch of one direction into segments. The first one of the connection stays first: it marks the start. */
function segmentsOf(sender: Side, start: number, text: string, sizes: readonly number[]): Piece[] {
  const pieces: Piece[] = [];
  for (let from = 0, i = 0; from < text.length; i += 1) {
    const to = Math.min(text.length, from + 1 + (sizes[i % sizes.length] ?? 0));
    pieces.push({ sender, from: start + from, to: start + to });
    from = to;
  }
  return pieces;
}

describe('HTTP/1.1 in segments', () => {
  it('gives the same exchanges however the bytes are cut, reordered, repeated and pipelined', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(exchangeArbitrary, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(40), { minLength: 1, maxLength: 10 }),
        fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 0, max: 0xffffffff }),
        (batches, sizes, shuffles, firstSequence) => {
          const spoken = converse();
          const texts: [string, string] = ['', ''];
          let seed = (shuffles[0] ?? 0) + 1;
          const random = (): number => {
            seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
            return seed / 0x80000000;
          };
          for (const batch of batches) {
            for (const sender of [0, 1] as const) {
              const text = batch.map(sender === 0 ? requestText : responseText).join('');
              const pieces = segmentsOf(sender, texts[sender].length, text, sizes);
              const isFirst = texts[sender] === '';
              texts[sender] += text;
              // Neighbours change places, some come twice.
              for (let i = isFirst ? 1 : 0; i + 1 < pieces.length; i += 1) {
                const [left, right] = [pieces[i], pieces[i + 1]];
                if (left !== undefined && right !== undefined && random() < 0.3) {
                  pieces[i] = right;
                  pieces[i + 1] = left;
                  i += 1;
                }
              }
              for (const piece of pieces.flatMap((one) => (random() < 0.2 ? [one, one] : [one]))) {
                const bytes = Buffer.from(texts[sender].slice(piece.from, piece.to), 'latin1');
                const sequence = (firstSequence + piece.from) >>> 0;
                spoken.conversation.feed({ sender, sequence, payloadLength: bytes.length, bytes, atNs: 0 });
              }
            }
          }
          const expected = batches.flat().map(({ method, path, status }) => `${method} h${path} ${status}`);
          expect(lines(spoken.exchanges)).toEqual(expected);
          spoken.conversation.end();
          expect(spoken.budget.used).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never throws, and stays within its memory, on arbitrary bytes', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            sender: fc.constantFrom<Side>(0, 1),
            sequence: fc.nat(5000),
            payloadLength: fc.nat(3000),
            text: fc.oneof(
              fc.string({ maxLength: 80 }),
              fc.constantFrom(
                'GET / HTTP/1.1\r\n\r\n',
                'HTTP/1.1 200 OK\r\n',
                'Transfer-Encoding: chunked\r\n\r\n',
                '0\r\n',
              ),
            ),
          }),
          { maxLength: 60 },
        ),
        (segments) => {
          const { conversation, budget } = converse();
          for (const { text, ...segment } of segments) {
            conversation.feed({ ...segment, bytes: Buffer.from(text), atNs: 0 });
          }
          expect(budget.used).toBeLessThanOrEqual(1 << 20);
          conversation.end();
          expect(budget.used).toBe(0);
        },
      ),
    );
  });
});
