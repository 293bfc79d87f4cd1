/** Names, types and record data of DNS messages as text, in the form that zone files have (RFC 1035, 3597, 9460). */
import { addressKey, formatAddress } from '../decode/address.ts';

const types: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  13: 'HINFO',
  15: 'MX',
  16: 'TXT',
  17: 'RP',
  18: 'AFSDB',
  24: 'SIG',
  25: 'KEY',
  28: 'AAAA',
  29: 'LOC',
  33: 'SRV',
  35: 'NAPTR',
  37: 'CERT',
  39: 'DNAME',
  41: 'OPT',
  42: 'APL',
  43: 'DS',
  44: 'SSHFP',
  45: 'IPSECKEY',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  49: 'DHCID',
  50: 'NSEC3',
  51: 'NSEC3PARAM',
  52: 'TLSA',
  53: 'SMIMEA',
  55: 'HIP',
  59: 'CDS',
  60: 'CDNSKEY',
  61: 'OPENPGPKEY',
  62: 'CSYNC',
  63: 'ZONEMD',
  64: 'SVCB',
  65: 'HTTPS',
  99: 'SPF',
  108: 'EUI48',
  109: 'EUI64',
  249: 'TKEY',
  250: 'TSIG',
  251: 'IXFR',
  252: 'AXFR',
  255: 'ANY',
  256: 'URI',
  257: 'CAA',
};

const serviceKeys = ['mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint', 'dohpath'];
const nameLimit = 255;
/** Of one record, as text. */
const textLimit = 1024;

export interface Name {
  /** Without the dot at the end. */
  readonly text: string;
  /** Where what follows the name starts. */
  readonly end: number;
}

export function typeText(type: number): string {
  return types[type] ?? `TYPE${type}`;
}

/** A dot within a label, and what cannot be printed, is escaped as zone files have it. */
function labelText(bytes: Buffer, from: number, end: number): string {
  let isPlain = true;
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte <= 0x20 || byte >= 0x7f || byte === 0x2e || byte === 0x5c) isPlain = false;
  }
  if (isPlain) return bytes.toString('latin1', from, end);
  let text = '';
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x2e || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\${String(byte).padStart(3, '0')}`;
  }
  return text;
}

/** Undefined when the name runs out of the bytes, is too long, or its pointers do not lead strictly backwards. */
export function readName(bytes: Buffer, start: number): Name | undefined {
  let text = '';
  let size = 0;
  let end = -1;
  let at = start;
  let lowest = start;
  for (;;) {
    const length = bytes[at];
    if (length === undefined) return undefined;
    if (length === 0) return { text, end: end === -1 ? at + 1 : end };
    if (length >= 0xc0) {
      const low = bytes[at + 1];
      if (low === undefined) return undefined;
      if (end === -1) end = at + 2;
      at = ((length & 0x3f) << 8) | low;
      // Strictly backwards, so that every chain ends.
      if (at >= lowest) return undefined;
      lowest = at;
      continue;
    }
    size += length + 1;
    if (length > 63 || size > nameLimit || at + 1 + length > bytes.length) return undefined;
    const label = labelText(bytes, at + 1, at + 1 + length);
    text = text === '' ? label : `${text}.${label}`;
    at += 1 + length;
  }
}

/** Record data of a type without a text form of its own, as RFC 3597 writes it. */
function opaque(bytes: Buffer, from: number, end: number): string {
  return `\\# ${end - from} ${bytes.toString('hex', from, Math.min(end, from + 64))}`.trimEnd();
}

/** Character strings one after the other. */
function readStrings(bytes: Buffer, from: number, end: number): string[] | undefined {
  const parts: string[] = [];
  for (let at = from; at < end;) {
    const length = bytes[at] ?? 0;
    if (at + 1 + length > end) return undefined;
    parts.push(bytes.toString('utf8', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return parts;
}

/** Numbers of two bytes, then a name. */
function numbersAndName(bytes: Buffer, from: number, end: number, count: number): string | undefined {
  if (from + count * 2 >= end) return undefined;
  const name = readName(bytes, from + count * 2);
  if (name === undefined) return undefined;
  const numbers = Array.from({ length: count }, (_, i) => bytes.readUInt16BE(from + i * 2));
  return [...numbers, name.text === '' ? '.' : name.text].join(' ');
}

function soaText(bytes: Buffer, from: number, end: number): string | undefined {
  const server = readName(bytes, from);
  const mailbox = server === undefined ? undefined : readName(bytes, server.end);
  if (server === undefined || mailbox === undefined || mailbox.end + 20 > end) return undefined;
  const numbers = Array.from({ length: 5 }, (_, i) => bytes.readUInt32BE(mailbox.end + i * 4));
  return [server.text, mailbox.text, ...numbers].join(' ');
}

function addresses(bytes: Buffer, from: number, end: number, size: 4 | 16): string {
  const texts: string[] = [];
  for (let at = from; at + size <= end; at += size) {
    texts.push(size === 4 ? bytes.subarray(at, at + 4).join('.') : formatAddress(addressKey(bytes, at)));
  }
  return texts.join(',');
}

function serviceValue(bytes: Buffer, key: number, from: number, end: number): string {
  switch (key) {
    case 1:
      return (readStrings(bytes, from, end) ?? []).join(',');
    case 3:
      return end - from === 2 ? String(bytes.readUInt16BE(from)) : '';
    case 4:
      return addresses(bytes, from, end, 4);
    case 6:
      return addresses(bytes, from, end, 16);
    case 7:
      return bytes.toString('utf8', from, end);
    default:
      return bytes.toString('hex', from, Math.min(end, from + 32));
  }
}

/** SVCB and HTTPS: priority, target, parameters. */
function serviceText(bytes: Buffer, from: number, end: number): string | undefined {
  const target = from + 2 < end ? readName(bytes, from + 2) : undefined;
  if (target === undefined || target.end > end) return undefined;
  const parts = [`${bytes.readUInt16BE(from)} ${target.text === '' ? '.' : target.text}`];
  for (let at = target.end; at < end;) {
    if (at + 4 > end) return undefined;
    const key = bytes.readUInt16BE(at);
    const valueEnd = at + 4 + bytes.readUInt16BE(at + 2);
    if (valueEnd > end) return undefined;
    const value = serviceValue(bytes, key, at + 4, valueEnd);
    const name = serviceKeys[key] ?? `key${key}`;
    parts.push(value === '' ? name : `${name}=${value}`);
    at = valueEnd;
  }
  return parts.join(' ');
}

/** Fixed numbers (each of so many bytes), then the rest in hex or base64. */
function numbersAndData(
  bytes: Buffer,
  from: number,
  end: number,
  sizes: readonly number[],
  encoding: 'hex' | 'base64',
): string | undefined {
  const numbers: number[] = [];
  let at = from;
  for (const size of sizes) {
    if (at + size > end) return undefined;
    numbers.push(bytes.readUIntBE(at, size));
    at += size;
  }
  return [...numbers, bytes.toString(encoding, at, end)].join(' ');
}

function caaText(bytes: Buffer, from: number, end: number): string | undefined {
  const tagEnd = from + 2 + (bytes[from + 1] ?? 0);
  if (from + 2 > end || tagEnd > end) return undefined;
  const tag = bytes.toString('latin1', from + 2, tagEnd);
  return `${bytes[from] ?? 0} ${tag} ${JSON.stringify(bytes.toString('utf8', tagEnd, end))}`;
}

function naptrText(bytes: Buffer, from: number, end: number): string | undefined {
  const texts: string[] = [];
  let at = from + 4;
  for (let i = 0; i < 3; i += 1) {
    const length = bytes[at] ?? 0;
    if (at + 1 + length > end) return undefined;
    texts.push(JSON.stringify(bytes.toString('utf8', at + 1, at + 1 + length)));
    at += 1 + length;
  }
  const name = at < end ? readName(bytes, at) : undefined;
  if (name === undefined) return undefined;
  const [order, preference] = [bytes.readUInt16BE(from), bytes.readUInt16BE(from + 2)];
  return [order, preference, ...texts, name.text === '' ? '.' : name.text].join(' ');
}

function textOf(bytes: Buffer, type: number, from: number, end: number): string | undefined {
  switch (type) {
    case 1:
      return end - from === 4 ? addresses(bytes, from, end, 4) : undefined;
    case 28:
      return end - from === 16 ? addresses(bytes, from, end, 16) : undefined;
    case 2:
    case 5:
    case 12:
    case 39:
      return numbersAndName(bytes, from, end, 0);
    case 15:
    case 18:
      return numbersAndName(bytes, from, end, 1);
    case 33:
      return numbersAndName(bytes, from, end, 3);
    case 6:
      return soaText(bytes, from, end);
    case 13:
    case 16:
    case 99:
      return readStrings(bytes, from, end)?.join('');
    case 35:
      return end - from < 8 ? undefined : naptrText(bytes, from, end);
    case 43:
    case 59:
      return numbersAndData(bytes, from, end, [2, 1, 1], 'hex');
    case 44:
      return numbersAndData(bytes, from, end, [1, 1], 'hex');
    case 48:
    case 60:
      return numbersAndData(bytes, from, end, [2, 1, 1], 'base64');
    case 52:
    case 53:
      return numbersAndData(bytes, from, end, [1, 1, 1], 'hex');
    case 64:
    case 65:
      return serviceText(bytes, from, end);
    case 257:
      return caaText(bytes, from, end);
    default:
      return opaque(bytes, from, end);
  }
}

/** Undefined when the data does not have the form that its type demands. */
export function recordText(bytes: Buffer, type: number, from: number, end: number): string | undefined {
  return textOf(bytes, type, from, end)?.slice(0, textLimit);
}
