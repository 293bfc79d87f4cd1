/**
 * Follows a TLS handshake as far as it is in the clear: the two hellos, wherever records and segments cut them, and an
 * alert that ends the handshake. It reads no certificate and asks for no payload once keys are in use.
 */
import type { Counters } from '../counters.ts';
import type { Budget } from './budget.ts';
import { otherSide, type Side } from './exchange.ts';
import { createFrames, type Frame, type FrameLayout, type Frames } from './frames.ts';
import type { Reader } from './reader.ts';
import type { StreamSink } from './stream.ts';
import { createStreams } from './streams.ts';
import { alertName } from './tls-alerts.ts';
import { parseClientHello, parseServerHello } from './tls-hello.ts';

export interface TlsFacts {
  readonly serverName: string;
  /** `TLS 1.3` ...; empty until the server's hello was read. */
  readonly version: string;
  /** The server's choice where it is readable, else what the client offers, joined by commas. */
  readonly alpn: string;
  /** Name of the alert that ended the handshake; empty when there was none. */
  readonly error: string;
}

export interface TlsDeps {
  readonly counters: Counters;
  readonly budget: Budget;
  onTls(client: Side, facts: TlsFacts): void;
}

/** The handshake's two directions, for a connection that starts with it and for one that turns to TLS later. */
export interface TlsHandshake {
  readonly requests: StreamSink;
  readonly responses: StreamSink;
  /** Nothing more can be read. */
  readonly isDone: boolean;
  end(): void;
}

const recordHeader = 5;
const recordLimit = 16384 + 2048;
const contentType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23, heartbeat: 24 } as const;
const clientHello = 1;
const serverHello = 2;
const helloHeader = 4;
const helloLimit = 64 * 1024;
const fatal = 2;

/** Gathers the first handshake message of a direction out of its records. */
interface Hello {
  isWanted: boolean;
  bytes: Buffer;
}

function layoutOf(hello: Hello): FrameLayout {
  const isRecord = (bytes: Buffer, at: number): boolean => {
    const type = bytes[at] ?? 0;
    return type >= contentType.changeCipherSpec && type <= contentType.heartbeat && bytes[at + 1] === 3;
  };
  return {
    headerSize: recordHeader,
    size(bytes, at) {
      const length = bytes.readUInt16BE(at + 3);
      return isRecord(bytes, at) && length <= recordLimit ? recordHeader + length : -1;
    },
    keep(bytes, at) {
      if (bytes[at] === contentType.alert) return recordHeader + 2;
      return bytes[at] === contentType.handshake && hello.isWanted ? Infinity : recordHeader;
    },
    startsLike: (bytes) => bytes.length >= recordHeader && isRecord(bytes, 0) && bytes.readUInt16BE(3) <= recordLimit,
  };
}

export function createTlsHandshake(client: Side, deps: TlsDeps): TlsHandshake {
  const { counters, budget } = deps;
  const hellos: readonly [Hello, Hello] = [
    { isWanted: true, bytes: Buffer.alloc(0) },
    { isWanted: true, bytes: Buffer.alloc(0) },
  ];
  let facts: TlsFacts = { serverName: '', version: '', alpn: '', error: '' };
  let isDone = false;

  const tell = (more: Partial<TlsFacts>): void => {
    facts = { ...facts, ...more };
    deps.onTls(client, facts);
  };

  const finish = (): void => {
    isDone = true;
    for (const hello of hellos) dropHello(hello);
  };

  const dropHello = (hello: Hello): void => {
    budget.give(hello.bytes.length);
    hello.bytes = Buffer.alloc(0);
    hello.isWanted = false;
  };

  const onHello = (hello: Hello, type: number, body: Buffer): void => {
    if (type === clientHello) {
      const { serverName, alpn } = parseClientHello(body);
      dropHello(hello);
      tell({ serverName, alpn: facts.version === '' || facts.alpn === '' ? alpn : facts.alpn });
      return;
    }
    const parsed = type === serverHello ? parseServerHello(body) : undefined;
    dropHello(hello);
    if (parsed === undefined) return;
    // The real hello follows the one that asks for another try.
    hello.isWanted = parsed.isRetry;
    tell(parsed.alpn === '' ? { version: parsed.version } : { version: parsed.version, alpn: parsed.alpn });
  };

  const onHandshake = (hello: Hello, { bytes, start, end, isCut }: Frame): void => {
    const piece = bytes.subarray(start + recordHeader, end);
    if (isCut || hello.bytes.length + piece.length > helloLimit || !budget.take(piece.length)) {
      counters.add('tls_gave_up_hello', 1);
      dropHello(hello);
      return;
    }
    hello.bytes = Buffer.concat([hello.bytes, piece]);
    if (hello.bytes.length < helloHeader) return;
    const messageEnd = helloHeader + hello.bytes.readUIntBE(1, 3);
    if (hello.bytes.length < messageEnd) return;
    onHello(hello, hello.bytes[0] ?? 0, hello.bytes.subarray(helloHeader, messageEnd));
  };

  /** Keys are in use once both ends may have them; in TLS 1.2 the server's alert may still come after the client's. */
  const isEncryptedFrom = (side: Side, type: number): boolean => {
    if (type !== contentType.changeCipherSpec && type !== contentType.applicationData) return false;
    return facts.version === 'TLS 1.3' ? side === client : side !== client;
  };

  const onRecord = (side: Side, hello: Hello, frame: Frame): void => {
    const type = frame.bytes[frame.start] ?? 0;
    if (isDone) return;
    if (type === contentType.handshake && hello.isWanted) onHandshake(hello, frame);
    else if (type === contentType.alert && frame.size === recordHeader + 2) {
      const description = frame.bytes[frame.start + 6] ?? 0;
      if (frame.bytes[frame.start + 5] !== fatal || description === 0) return;
      tell({ error: alertName(description) });
      finish();
    } else if (isEncryptedFrom(side, type)) finish();
  };

  const framesOf = (side: Side): Frames => {
    const hello = hellos[side];
    return createFrames(
      layoutOf(hello),
      {
        frame: (frame) => onRecord(side, hello, frame),
        lost(cause) {
          if (!isDone) counters.add(`tls_gave_up_${cause}`, 1);
          // What a record's loss leaves is no whole hello.
          dropHello(hello);
        },
      },
      budget,
    );
  };
  const requests = framesOf(client);
  const responses = framesOf(otherSide(client));

  return {
    requests,
    responses,
    get isDone() {
      return isDone;
    },
    end() {
      finish();
      requests.end();
      responses.end();
    },
  };
}

export function createTlsReader(client: Side, deps: TlsDeps): Reader {
  const handshake = createTlsHandshake(client, deps);
  const streams = createStreams(client, handshake.requests, handshake.responses, deps.budget);
  return {
    // The first segments are copied of every connection; no more than those is needed.
    get wanted() {
      return handshake.isDone ? 'none' : 'probing';
    },
    outstanding: 0,
    feed: (segment) => streams.feed(segment),
    sweep: (nowNs) => streams.sweep(nowNs),
    end() {
      streams.end();
      handshake.end();
    },
  };
}
