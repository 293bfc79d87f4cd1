/**
 * Reads DNS messages (RFC 1035, EDNS of RFC 6891) without trusting them: compression pointers may only go backwards,
 * every length is checked, and what was cut off by the capture is left out rather than guessed.
 */
import { addressKey, formatAddress, parseAddress, type AddressKey } from '../decode/address.ts';

export interface DnsMessage {
  readonly id: number;
  readonly isResponse: boolean;
  /** Lower case, without the dot at the end. */
  readonly name: string;
  readonly type: string;
  readonly rcode: string;
  /** The answer section as text, in its order. */
  readonly answers: readonly string[];
  /** Its A and AAAA records. */
  readonly addresses: readonly AddressKey[];
  /** The shortest of the answers, in seconds. */
  readonly ttl: number;
  /** The message ended before its records did. */
  readonly isCut: boolean;
}

const types: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  35: 'NAPTR',
  41: 'OPT',
  43: 'DS',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  64: 'SVCB',
  65: 'HTTPS',
  255: 'ANY',
  257: 'CAA',
};

const rcodes: Readonly<Record<number, string>> = {
  0: 'NOERROR',
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
  6: 'YXDOMAIN',
  7: 'YXRRSET',
  8: 'NXRRSET',
  9: 'NOTAUTH',
  10: 'NOTZONE',
  16: 'BADVERS',
  23: 'BADCOOKIE',
};

const headerSize = 12;
const nameLimit = 255;

interface Name {
  readonly text: string;
  /** Where what follows the name starts. */
  readonly end: number;
}

function readName(bytes: Buffer, start: number): Name | undefined {
  const labels: string[] = [];
  let size = 0;
  let end = -1;
  let at = start;
  let lowest = start;
  for (;;) {
    const length = bytes[at];
    if (length === undefined) return undefined;
    if (length === 0) return { text: labels.join('.'), end: end === -1 ? at + 1 : end };
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
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
}

function readStrings(bytes: Buffer, from: number, end: number): string | undefined {
  const parts: string[] = [];
  for (let at = from; at < end;) {
    const length = bytes[at] ?? 0;
    if (at + 1 + length > end) return undefined;
    parts.push(bytes.toString('utf8', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return parts.join('');
}

/** Record data of a type without a text form of its own, as RFC 3597 writes it. */
function opaque(bytes: Buffer, from: number, end: number): string {
  return `\\# ${end - from} ${bytes.toString('hex', from, Math.min(end, from + 64))}`.trimEnd();
}

function nameAfter(bytes: Buffer, prefix: string, at: number): string | undefined {
  const name = readName(bytes, at);
  return name === undefined ? undefined : `${prefix}${name.text === '' ? '.' : name.text}`;
}

function soaText(bytes: Buffer, from: number, end: number): string | undefined {
  const server = readName(bytes, from);
  const mailbox = server === undefined ? undefined : readName(bytes, server.end);
  if (server === undefined || mailbox === undefined || mailbox.end + 20 > end) return undefined;
  const numbers = Array.from({ length: 5 }, (_, i) => bytes.readUInt32BE(mailbox.end + i * 4));
  return [server.text, mailbox.text, ...numbers].join(' ');
}

function dataText(bytes: Buffer, type: number, from: number, end: number): string | undefined {
  const length = end - from;
  switch (type) {
    case 1:
      return length === 4 ? bytes.subarray(from, end).join('.') : undefined;
    case 28:
      return length === 16 ? formatAddress(addressKey(bytes, from)) : undefined;
    case 2:
    case 5:
    case 12:
      return nameAfter(bytes, '', from);
    case 15:
    case 64:
    case 65:
      return length < 3 ? undefined : nameAfter(bytes, `${bytes.readUInt16BE(from)} `, from + 2);
    case 33: {
      if (length < 7) return undefined;
      const [priority, weight, port] = [0, 2, 4].map((offset) => bytes.readUInt16BE(from + offset));
      return nameAfter(bytes, `${[priority, weight, port].join(' ')} `, from + 6);
    }
    case 16:
      return readStrings(bytes, from, end);
    case 6:
      return soaText(bytes, from, end);
    default:
      return opaque(bytes, from, end);
  }
}

function typeText(type: number): string {
  return types[type] ?? `TYPE${type}`;
}

interface Records {
  readonly answers: string[];
  readonly addresses: AddressKey[];
  ttl: number;
  extendedRcode: number;
  isCut: boolean;
}

function readRecords(bytes: Buffer, start: number, answerCount: number, recordCount: number): Records {
  const records: Records = { answers: [], addresses: [], ttl: 0, extendedRcode: 0, isCut: false };
  let at = start;
  for (let i = 0; i < recordCount; i += 1) {
    const name = readName(bytes, at);
    const fixed = name?.end ?? bytes.length;
    if (fixed + 10 > bytes.length) return { ...records, isCut: true };
    const type = bytes.readUInt16BE(fixed);
    const ttl = bytes.readUInt32BE(fixed + 4);
    const from = fixed + 10;
    const end = from + bytes.readUInt16BE(fixed + 8);
    if (end > bytes.length) return { ...records, isCut: true };
    if (type === 41) records.extendedRcode = ttl >>> 24;
    if (i < answerCount) {
      const text = dataText(bytes, type, from, end);
      if (text === undefined) return { ...records, isCut: true };
      records.ttl = i === 0 ? ttl : Math.min(records.ttl, ttl);
      records.answers.push(text);
      const address = type === 1 || type === 28 ? parseAddress(text) : undefined;
      if (address !== undefined) records.addresses.push(address);
    }
    at = end;
  }
  return records;
}

/** Undefined when the bytes are no DNS message with one question. */
export function parseDnsMessage(bytes: Buffer): DnsMessage | undefined {
  if (bytes.length < headerSize || bytes.readUInt16BE(4) !== 1) return undefined;
  const flags = bytes.readUInt16BE(2);
  const question = readName(bytes, headerSize);
  if (question === undefined || question.end + 4 > bytes.length) return undefined;
  const answerCount = bytes.readUInt16BE(6);
  const recordCount = answerCount + bytes.readUInt16BE(8) + bytes.readUInt16BE(10);
  const records = readRecords(bytes, question.end + 4, answerCount, recordCount);
  const rcode = (records.extendedRcode << 4) | (flags & 0xf);
  return {
    id: bytes.readUInt16BE(0),
    isResponse: (flags & 0x8000) !== 0,
    name: question.text.toLowerCase(),
    type: typeText(bytes.readUInt16BE(question.end)),
    rcode: rcodes[rcode] ?? `RCODE${rcode}`,
    answers: records.answers,
    addresses: records.addresses,
    ttl: records.ttl,
    isCut: records.isCut,
  };
}
