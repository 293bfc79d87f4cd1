/** Builds the messages of TLS handshakes for tests. */
import type { Line } from './converse.fixture.ts';

export function sized(bytes: number, body: Buffer): Buffer {
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(body.length, 0, bytes);
  return Buffer.concat([length, body]);
}

export function extension(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0, type]), sized(2, body)]);
}

export const serverName = (name: string): Buffer =>
  extension(0, sized(2, Buffer.concat([Buffer.from([0]), sized(2, Buffer.from(name))])));
export const protocols = (...names: readonly string[]): Buffer =>
  extension(16, sized(2, Buffer.concat(names.map((name) => sized(1, Buffer.from(name, 'latin1'))))));
export const chosenVersion = (minor: number): Buffer => extension(43, Buffer.from([3, minor]));

const handshake = (type: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([type]), sized(3, body)]);

export function record(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, 3, 3]), sized(2, body)]);
}

/** The message without a record around it. */
export function clientHelloMessage(extensions: readonly Buffer[]): Buffer {
  const body = [
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    sized(1, Buffer.alloc(32, 1)),
    sized(2, Buffer.from([0x13, 1, 0x13, 2])),
    sized(1, Buffer.from([0])),
    sized(2, Buffer.concat(extensions)),
  ];
  return handshake(1, Buffer.concat(body));
}

export const clientHello = (extensions: readonly Buffer[]): Buffer => record(22, clientHelloMessage(extensions));

export const retryRandom = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');

export function serverHello(extensions: readonly Buffer[], random = Buffer.alloc(32, 9), minor = 3): Buffer {
  const body = [
    Buffer.from([3, minor]),
    random,
    sized(1, Buffer.alloc(32, 1)),
    Buffer.from([0x13, 1, 0]),
    sized(2, Buffer.concat(extensions)),
  ];
  return record(22, handshake(2, Buffer.concat(body)));
}

export const alert = (level: number, description: number): Buffer => record(21, Buffer.from([level, description]));
export const changeCipherSpec = record(20, Buffer.from([1]));
export const encrypted = record(23, Buffer.alloc(40, 0xaa));

/** A handshake of TLS 1.3 that goes well, with a second hello. */
export function tls13(): Line[] {
  const hello = clientHello([serverName('api.test'), protocols('h2', 'http/1.1')]);
  return [
    [0, hello],
    [1, Buffer.concat([serverHello([chosenVersion(4)], retryRandom), changeCipherSpec])],
    [0, Buffer.concat([changeCipherSpec, hello])],
    [1, Buffer.concat([serverHello([chosenVersion(4)]), encrypted, encrypted])],
    [0, encrypted],
    [1, encrypted],
  ];
}

/** One of TLS 1.2 in which the server asks for a certificate that the client does not have. */
export function tls12(): Line[] {
  return [
    [0, clientHello([serverName('api.test'), protocols('h2', 'http/1.1')])],
    [1, serverHello([protocols('http/1.1')])],
    [0, Buffer.concat([record(22, Buffer.alloc(30, 16)), changeCipherSpec, record(22, Buffer.alloc(40, 0xaa))])],
    [1, alert(2, 40)],
  ];
}
