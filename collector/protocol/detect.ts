/** Tells a protocol by the first bytes of one direction. `maybe`: too few bytes to say no. */
import { isDnsQuery } from './dns-message.ts';
import { detectFrames, preface } from './http2-frames.ts';
import { isKafkaRequest } from './kafka-reader.ts';
import { detectMongodb } from './mongodb-reader.ts';
import { detectMysql } from './mysql-reader.ts';
import { detectPostgresql } from './postgresql-messages.ts';
import { isRedisCommand } from './redis-reader.ts';

const methods = [
  'GET ',
  'POST ',
  'PUT ',
  'HEAD ',
  'DELETE ',
  'PATCH ',
  'OPTIONS ',
  'CONNECT ',
  'TRACE ',
  'PROPFIND ',
  'REPORT ',
  'PURGE ',
];
const responseStart = 'HTTP/1.';
const longestWord = 10;

export type Likeness = 'yes' | 'maybe' | 'no';
export type TcpProtocol = 'http' | 'http2' | 'tls' | 'dns' | 'postgresql' | 'mysql' | 'redis' | 'mongodb' | 'kafka';

/** A protocol, and whether it is the client who talks like this. */
export interface Recognised {
  readonly protocol: TcpProtocol;
  readonly isClient: boolean;
}

function likeness(text: string, word: string): Likeness {
  if (text.length >= word.length) return text.startsWith(word) ? 'yes' : 'no';
  return word.startsWith(text) ? 'maybe' : 'no';
}

const clientOf = (protocol: TcpProtocol): Recognised => ({ protocol, isClient: true });
const serverOf = (protocol: TcpProtocol): Recognised => ({ protocol, isClient: false });
const [httpClient, httpServer] = [clientOf('http'), serverOf('http')];
const [tlsClient, tlsServer] = [clientOf('tls'), serverOf('tls')];
const http2Client = clientOf('http2');
const dnsClient = clientOf('dns');
const [redisClient, kafkaClient] = [clientOf('redis'), clientOf('kafka')];

/** Those that are recognised in whole messages, wherever in a connection; the strictest first. */
const recognisers: readonly ((bytes: Buffer) => Recognised | undefined)[] = [
  sided('http2', detectFrames),
  (bytes) => (isDnsQuery(bytes) ? dnsClient : undefined),
  sided('postgresql', detectPostgresql),
  sided('mysql', detectMysql),
  sided('mongodb', detectMongodb),
  (bytes) => (isRedisCommand(bytes) ? redisClient : undefined),
  (bytes) => (isKafkaRequest(bytes) ? kafkaClient : undefined),
];

function sided(
  protocol: TcpProtocol,
  tell: (bytes: Buffer) => 'client' | 'server' | undefined,
): (bytes: Buffer) => Recognised | undefined {
  const [client, server] = [clientOf(protocol), serverOf(protocol)];
  return (bytes) => {
    const side = tell(bytes);
    if (side === undefined) return undefined;
    return side === 'client' ? client : server;
  };
}

/** A TLS record of type handshake, version 3.x, with one of the hellos. */
function detectTls(bytes: Buffer): Recognised | 'maybe' | 'none' {
  if (bytes.length > 1 && bytes[1] !== 0x03) return 'none';
  if (bytes.length < 6) return 'maybe';
  if (bytes[5] === 1) return tlsClient;
  return bytes[5] === 2 ? tlsServer : 'none';
}

function detectHttp(bytes: Buffer): Recognised | 'maybe' | 'none' {
  const text = bytes.toString('latin1', 0, longestWord);
  const asResponse = likeness(text, responseStart);
  if (asResponse === 'yes') return httpServer;
  let maybe = asResponse === 'maybe';
  for (const method of methods) {
    const asRequest = likeness(text, method);
    if (asRequest === 'yes') return httpClient;
    maybe ||= asRequest === 'maybe';
  }
  return maybe ? 'maybe' : 'none';
}

/** What is less than the whole preface may still be a method. */
function detectPreface(bytes: Buffer): Recognised | 'maybe' | 'none' {
  const compared = Math.min(bytes.length, preface.length);
  if (bytes.compare(preface, 0, compared, 0, compared) !== 0) return 'none';
  return compared === preface.length ? http2Client : 'maybe';
}

export function detect(bytes: Buffer): Recognised | 'maybe' | 'none' {
  if (bytes.length === 0) return 'maybe';
  if (bytes[0] === 0x16) return detectTls(bytes);
  if (bytes[0] === preface[0]) {
    const http2 = detectPreface(bytes);
    if (http2 !== 'none') return http2;
  }
  const http = detectHttp(bytes);
  if (http !== 'none') return http;
  for (const recognise of recognisers) {
    const recognised = recognise(bytes);
    if (recognised !== undefined) return recognised;
  }
  return 'none';
}

/** For a connection known to be HTTP: may a request, with a method of any name, begin here? */
export function startsLikeRequest(bytes: Buffer, offset: number): boolean {
  const end = Math.min(bytes.length, offset + 32);
  for (let at = offset; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x20) return at > offset;
    const isUpper = byte >= 0x41 && byte <= 0x5a;
    if (!isUpper && !(byte === 0x2d && at > offset)) return false;
  }
  return end < offset + 32;
}

export function startsLikeResponse(bytes: Buffer, offset: number): boolean {
  return likeness(bytes.toString('latin1', offset, offset + responseStart.length), responseStart) !== 'no';
}
