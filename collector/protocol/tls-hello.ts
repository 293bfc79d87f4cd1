/** Reads ClientHello and ServerHello (RFC 8446, 5246) for what they say in the clear: name, version, protocols. */

const serverNameExtension = 0;
const alpnExtension = 16;
const supportedVersionsExtension = 43;
const randomAt = 2;
const randomSize = 32;
const alpnLimit = 255;
/** By this random a ServerHello says that it only asks for another ClientHello. */
const retryRandom = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

export interface ClientHello {
  /** Lower case; empty when there is none. */
  readonly serverName: string;
  /** What the client offers, in its order, joined by commas. */
  readonly alpn: string;
}

export interface ServerHello {
  readonly version: string;
  /** What the server chose, if it says so here: TLS 1.3 has it encrypted. */
  readonly alpn: string;
  readonly isRetry: boolean;
}

const versions: Readonly<Record<number, string>> = {
  0x0300: 'SSL 3.0',
  0x0301: 'TLS 1.0',
  0x0302: 'TLS 1.1',
  0x0303: 'TLS 1.2',
  0x0304: 'TLS 1.3',
};

export function versionText(version: number): string {
  return versions[version] ?? `TLS 0x${version.toString(16).padStart(4, '0')}`;
}

type OnExtension = (type: number, from: number, end: number) => void;

/** Calls back for each extension that lies wholly within the bytes; `at` is where their total length stands. */
function walkExtensions(body: Buffer, at: number, onExtension: OnExtension): void {
  if (at + 2 > body.length) return;
  const end = Math.min(body.length, at + 2 + body.readUInt16BE(at));
  for (let from = at + 2; from + 4 <= end;) {
    const next = from + 4 + body.readUInt16BE(from + 2);
    if (next > end) return;
    onExtension(body.readUInt16BE(from), from + 4, next);
    from = next;
  }
}

/** List length 2, name type 1 (0: host name), name length 2. */
function serverNameOf(body: Buffer, from: number, end: number): string {
  if (end - from < 5 || body[from + 2] !== 0) return '';
  const nameEnd = from + 5 + body.readUInt16BE(from + 3);
  const name = body.toString('latin1', from + 5, Math.min(nameEnd, end));
  return nameEnd <= end && /^[\w.-]{1,253}$/.test(name) ? name.toLowerCase() : '';
}

/** List length 2, then names with their length in front. Reserved values that only grease the list are no ASCII. */
function protocolsOf(body: Buffer, from: number, end: number): string {
  const names: string[] = [];
  for (let at = from + 2; at < end;) {
    const next = at + 1 + (body[at] ?? 0);
    if (next > end) break;
    const name = body.toString('latin1', at + 1, next);
    if (/^[!-+\--~]+$/.test(name)) names.push(name);
    at = next;
  }
  return names.join(',').slice(0, alpnLimit);
}

function afterVector(body: Buffer, at: number, lengthSize: 1 | 2): number {
  return at + lengthSize > body.length ? body.length : at + lengthSize + body.readUIntBE(at, lengthSize);
}

/** `body` is what follows the handshake header. */
export function parseClientHello(body: Buffer): ClientHello {
  const afterSession = afterVector(body, randomAt + randomSize, 1);
  const afterCiphers = afterVector(body, afterSession, 2);
  const extensions = afterVector(body, afterCiphers, 1);
  let [serverName, alpn] = ['', ''];
  walkExtensions(body, extensions, (type, from, end) => {
    if (type === serverNameExtension) serverName = serverNameOf(body, from, end);
    else if (type === alpnExtension) alpn = protocolsOf(body, from, end);
  });
  return { serverName, alpn };
}

/** Undefined when it is too short to hold a version. */
export function parseServerHello(body: Buffer): ServerHello | undefined {
  if (body.length < randomAt + randomSize) return undefined;
  let version = body.readUInt16BE(0);
  let alpn = '';
  // Cipher 2, compression 1.
  const extensions = afterVector(body, randomAt + randomSize, 1) + 3;
  walkExtensions(body, extensions, (type, from, end) => {
    if (type === supportedVersionsExtension && end - from === 2) version = body.readUInt16BE(from);
    else if (type === alpnExtension) alpn = protocolsOf(body, from, end);
  });
  const isRetry = body.toString('hex', randomAt, randomAt + randomSize) === retryRandom;
  return { version: versionText(version), alpn, isRetry };
}
