/**
 * Reads DNS messages (RFC 1035, EDNS of RFC 6891) without trusting them: compression pointers may only go backwards,
 * every length is checked, and what was cut off by the capture is left out rather than guessed.
 */
import { parseAddress, type AddressKey } from '../decode/address.ts';
import { readName, recordText, typeText } from './dns-records.ts';

export interface DnsMessage {
  readonly id: number;
  readonly isResponse: boolean;
  /** 0 is a query; others (NOTIFY, UPDATE ...) are no question for data. */
  readonly opcode: number;
  /** Lower case, without the dot at the end; empty when a response repeats no question. */
  readonly name: string;
  /** Empty when a response repeats no question. */
  readonly type: string;
  readonly rcode: string;
  /** The server left records out: the client is to ask again over TCP. */
  readonly isTruncated: boolean;
  /** The answer section as text, in its order, without the aliases that lead to it. */
  readonly answers: readonly string[];
  /** Where the aliases of the answer section lead, in its order. */
  readonly aliases: readonly string[];
  /** Its A and AAAA records. */
  readonly addresses: readonly AddressKey[];
  /** The shortest of the answer section, in seconds. */
  readonly ttl: number;
  /** The message ended before its records did. */
  readonly isCut: boolean;
}

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
  11: 'DSOTYPENI',
  16: 'BADVERS',
  17: 'BADKEY',
  18: 'BADTIME',
  19: 'BADMODE',
  20: 'BADNAME',
  21: 'BADALG',
  22: 'BADTRUNC',
  23: 'BADCOOKIE',
};

const headerSize = 12;
const typeA = 1;
const typeCname = 5;
const typeAaaa = 28;
const typeOpt = 41;
const typeAny = 255;

interface Records {
  readonly answers: string[];
  readonly aliases: string[];
  readonly addresses: AddressKey[];
  ttl: number;
  extendedRcode: number;
  isCut: boolean;
}

function addAnswer(records: Records, type: number, text: string, asked: number): void {
  if (type === typeCname) records.aliases.push(text);
  if (type !== typeCname || asked === typeCname || asked === typeAny) records.answers.push(text);
  const address = type === typeA || type === typeAaaa ? parseAddress(text) : undefined;
  if (address !== undefined) records.addresses.push(address);
}

function readRecords(bytes: Buffer, start: number, answerCount: number, recordCount: number, asked: number): Records {
  const records: Records = { answers: [], aliases: [], addresses: [], ttl: 0, extendedRcode: 0, isCut: false };
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
    if (type === typeOpt) records.extendedRcode = ttl >>> 24;
    else if (i < answerCount) {
      const text = recordText(bytes, type, from, end);
      if (text === undefined) return { ...records, isCut: true };
      records.ttl = i === 0 ? ttl : Math.min(records.ttl, ttl);
      addAnswer(records, type, text, asked);
    }
    at = end;
  }
  return records;
}

interface Question {
  readonly name: string;
  readonly type: number;
  readonly end: number;
}

/** A server that could not read the query may answer without repeating it. */
const noQuestion: Question = { name: '', type: 0, end: headerSize };

function readQuestion(bytes: Buffer): Question | undefined {
  const name = readName(bytes, headerSize);
  if (name === undefined || name.end + 4 > bytes.length) return undefined;
  return { name: name.text.toLowerCase(), type: bytes.readUInt16BE(name.end), end: name.end + 4 };
}

/** Undefined when the bytes are no DNS message with one question, nor a response that repeats none. */
export function parseDnsMessage(bytes: Buffer): DnsMessage | undefined {
  if (bytes.length < headerSize) return undefined;
  const flags = bytes.readUInt16BE(2);
  const isResponse = (flags & 0x8000) !== 0;
  const questions = bytes.readUInt16BE(4);
  if (questions > 1 || (questions === 0 && !isResponse)) return undefined;
  const question = questions === 0 ? noQuestion : readQuestion(bytes);
  if (question === undefined) return undefined;
  const answerCount = bytes.readUInt16BE(6);
  const recordCount = answerCount + bytes.readUInt16BE(8) + bytes.readUInt16BE(10);
  const records = readRecords(bytes, question.end, answerCount, recordCount, question.type);
  const rcode = (records.extendedRcode << 4) | (flags & 0xf);
  return {
    id: bytes.readUInt16BE(0),
    isResponse,
    opcode: (flags >> 11) & 0xf,
    name: question.name,
    type: questions === 0 ? '' : typeText(question.type),
    rcode: rcodes[rcode] ?? `RCODE${rcode}`,
    isTruncated: (flags & 0x0200) !== 0,
    answers: records.answers,
    aliases: records.aliases,
    addresses: records.addresses,
    ttl: records.ttl,
    isCut: records.isCut,
  };
}

/** Is this, with the length in front that TCP has, the beginning of a query and of nothing else? */
export function isDnsQuery(bytes: Buffer): boolean {
  if (bytes.length < 2 + headerSize + 5) return false;
  const size = bytes.readUInt16BE(0);
  const flags = bytes.readUInt16BE(4);
  // A query: no response, no reserved bit, opcode QUERY, no rcode; one question, no answers.
  if (size + 2 > bytes.length || (flags & 0xfecf) !== 0) return false;
  if (bytes.readUInt16BE(6) !== 1 || bytes.readUInt32BE(8) !== 0) return false;
  const message = bytes.subarray(2, size + 2);
  const question = readQuestion(message);
  if (question === undefined || message.readUInt16BE(question.end - 2) > 4) return false;
  const parsed = parseDnsMessage(message);
  return parsed !== undefined && !parsed.isCut && question.type !== 0;
}
