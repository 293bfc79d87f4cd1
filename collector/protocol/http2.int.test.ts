/** Real peers on loopback: what Node's HTTP/2 and gRPC-like calls put on the wire, read by our parsers. */
import { once } from 'node:events';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { converse, type Line } from './converse.fixture.ts';

const portOf = (server: { address(): AddressInfo | string | null }): number => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return address.port;
};

/** Hands every chunk on, and writes down who sent it. */
async function createTap(to: number, lines: Line[]): Promise<net.Server> {
  const tap = net.createServer((client) => {
    const server = net.connect(to, '127.0.0.1');
    client.on('data', (bytes) => {
      lines.push([0, Buffer.from(bytes)]);
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      lines.push([1, Buffer.from(bytes)]);
      client.write(bytes);
    });
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  });
  tap.listen(0, '127.0.0.1');
  await once(tap, 'listening');
  return tap;
}

function createServer(): http2.Http2Server {
  const server = http2.createServer();
  server.on('stream', (stream, headers) => {
    const path = String(headers[':path']);
    if (!path.startsWith('/shop.')) {
      stream.respond({ ':status': path === '/missing' ? 404 : 200, 'content-type': 'text/plain', server: 'test' });
      stream.end('x'.repeat(5000));
      return;
    }
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': path.endsWith('Fail') ? '9' : '0' }));
    stream.end(Buffer.alloc(20));
  });
  return server;
}

async function request(session: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders): Promise<void> {
  const stream = session.request(headers);
  stream.resume();
  stream.end();
  await once(stream, 'close');
}

describe('HTTP/2 of real peers', () => {
  it('is read as it was asked and answered, with the Huffman code and tables that they use', async () => {
    const lines: Line[] = [];
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const tap = await createTap(portOf(server), lines);
    const session = http2.connect(`http://127.0.0.1:${portOf(tap)}`);
    const expected: string[] = [];
    for (let i = 0; i < 40; i += 1) {
      const path = i % 4 === 3 ? '/missing' : `/orders/${i % 5}?user=Zoë~{${i}}`;
      const call = `/shop.Cart/${i % 3 === 0 ? 'Fail' : 'Add'}`;
      const cookie = `session=${'abcdef'.repeat(i)}`;
      await request(session, { ':path': encodeURI(path), cookie, 'user-agent': 'tests' });
      await request(session, { ':path': call, ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' });
      expected.push(`GET ${encodeURI(path)} ${path === '/missing' ? 404 : 200} `);
      expected.push(`POST ${call} 200 ${call.endsWith('Fail') ? 'FAILED_PRECONDITION' : 'OK'}`);
    }
    session.close();
    await once(session, 'close');
    tap.close();
    server.close();

    const { say, exchanges, counters } = converse();
    for (const [sender, bytes] of lines) say(sender, bytes);
    const told = exchanges.map((exchange) =>
      'method' in exchange
        ? `${exchange.method} ${exchange.path} ${exchange.status} ${exchange.grpcStatus}`
        : exchange.type,
    );
    expect(told).toEqual(expected);
    expect([...counters.entries()]).toEqual([]);
  });
});
