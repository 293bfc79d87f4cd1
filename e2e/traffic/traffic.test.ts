/** The loads against themselves over loopback: what they report as truth is what was on the wire. */
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { runDnsLoad, planQuestions } from './dns-load.ts';
import { encodeQuestion, readAnswer } from './dns-message.ts';
import { runHttpConnection, serveHttpLoad } from './http-load.ts';
import { answerTo, cut, planConnection } from './http-plan.ts';
import { createRandom } from './random.ts';
import { serveTransfers, transfer } from './transfer.ts';

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

function portOf(server: Server): number {
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

test('a plan has as many requests as asked for, each path once, and is the same for the same seed', () => {
  const requests = planConnection(7, 100, 1000).flatMap((batch) => batch.requests);
  expect(requests).toHaveLength(1000);
  expect(new Set(requests.map((request) => request.path)).size).toBe(1000);
  expect(requests[0]?.path).toMatch(/^\/load\/100\//);
  const text = (seed: number): string =>
    planConnection(seed, 100, 1000)
      .flatMap((batch) => batch.pieces)
      .join('|');
  expect(text(7)).toBe(text(7));
  expect(text(7)).not.toBe(text(8));
});

test('batches are pipelined up to 32 deep, and their pieces are their bytes', () => {
  const batches = planConnection(1, 0, 2000);
  const depths = batches.map((batch) => batch.requests.length);
  expect(Math.max(...depths)).toBe(32);
  expect(Math.min(...depths)).toBe(1);
  for (const { requests, pieces } of batches) {
    expect(pieces.join('')).toBe(requests.map((request) => request.bytes).join(''));
  }
  expect(batches.filter((batch) => batch.pieces.length > 1).length).toBeGreaterThan(batches.length / 3);
});

test('cuts fall within methods and header names, too', () => {
  const random = createRandom(3);
  const firstPieces = Array.from(
    { length: 500 },
    () => cut(random, Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), 8)[0],
  );
  expect(firstPieces.some((piece) => piece?.toString() === 'GE')).toBe(true);
  expect(firstPieces.some((piece) => piece?.toString().endsWith('\r') === true)).toBe(true);
});

test.each([
  [
    'GET',
    '/load/1/200/5/length?item=1',
    'HTTP/1.1 200 Planned\r\nServer: palomar-load\r\nContent-Length: 5\r\n\r\nHTTP/',
  ],
  ['GET', '/load/1/204/5/chunked?item=1', 'HTTP/1.1 204 Planned\r\nServer: palomar-load\r\n\r\n'],
  ['HEAD', '/load/1/200/5/chunked?item=1', 'HTTP/1.1 200 Planned\r\nServer: palomar-load\r\nContent-Length: 5\r\n\r\n'],
  [
    'GET',
    '/load/1/404/5/chunked?item=1',
    'HTTP/1.1 404 Planned\r\nServer: palomar-load\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nHT\r\n3\r\nTP/\r\n0\r\n\r\n',
  ],
])('%s %s is answered as its path asks', (method, path, answer) => {
  expect(answerTo(method, path).toString()).toBe(answer);
});

test('client and server agree on every byte of a connection', async () => {
  const port = portOf(await serveHttpLoad(0, 5));
  const batches = planConnection(9, 0, 400);
  const done = await runHttpConnection({ host: '127.0.0.1', port }, batches);
  const planned = batches
    .flatMap((batch) => batch.requests)
    .map(({ method, path, status }) => ({ method, path, status }));
  expect(done).toEqual(planned);
});

test('an answer that differs from the plan is an error', async () => {
  const port = portOf(await serveHttpLoad(0, 5));
  const batches = planConnection(9, 0, 1).map((batch) => ({
    ...batch,
    requests: batch.requests.map((request) => ({ ...request, path: '/load/0/200/77/length' })),
  }));
  await expect(runHttpConnection({ host: '127.0.0.1', port }, batches)).rejects.toThrow(/differs from the plan/);
});

test('a transfer brings back as many bytes as it sent', async () => {
  const served: number[] = [];
  const port = portOf(await serveTransfers(0, (bytes) => served.push(bytes)));
  expect(await transfer({ host: '127.0.0.1', port }, 1_000_003)).toBe(1_000_003);
  expect(served).toEqual([1_000_003]);
});

test('a question has the bytes that RFC 1035 gives it', () => {
  expect(encodeQuestion(0x1234, 'a.example', 'AAAA').toString('hex')).toBe(
    '1234' + '0100' + '0001' + '000000000000' + '0161' + '076578616d706c65' + '00' + '001c' + '0001',
  );
});

test('names of a plan are different, short enough and of all three kinds', () => {
  const questions = planQuestions(1, 1000);
  expect(new Set(questions.map((question) => question.name)).size).toBe(1000);
  for (const { name } of questions) expect(Math.max(...name.split('.').map((label) => label.length))).toBeLessThan(64);
  for (const zone of ['load.palomar.test', 'gone.palomar.test', 'elsewhere.example']) {
    expect(questions.filter((question) => question.name.endsWith(zone)).length).toBeGreaterThan(100);
  }
});

test('each question is asked once and reported with the code of its answer', async () => {
  const server = createSocket('udp4');
  const asked: Buffer[] = [];
  server.on('message', (message, from) => {
    asked.push(message);
    const answer = Buffer.from(message);
    answer.writeUInt16BE(0x8183, 2);
    server.send(answer, from.port, from.address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const questions = planQuestions(2, 50);
  const lookups = await runDnsLoad({ host: '127.0.0.1', port: server.address().port }, questions, 4);
  server.close();
  expect(asked).toHaveLength(50);
  expect(lookups.map((lookup) => lookup.name).sort()).toEqual(questions.map((question) => question.name).sort());
  expect(new Set(lookups.map((lookup) => lookup.rcode))).toEqual(new Set(['NXDOMAIN']));
  expect(asked.map((message) => readAnswer(message).id).sort((a, b) => a - b)).toEqual(questions.map((_, n) => n));
});
