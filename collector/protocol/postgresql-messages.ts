/** The messages of PostgreSQL's protocol (version 3): their layout, and how to tell that bytes are nothing else. */
import { startsLikeStatement } from './sql.ts';

export const startupCode = { protocol3: 3, cancel: 80877102, ssl: 80877103, gss: 80877104 } as const;

export const startupHeader = 8;
export const messageHeader = 5;
const startupLimit = 10_000;
const messageLimit = 1 << 30;
const codes = (letters: string): ReadonlySet<number> => new Set(Buffer.from(letters, 'latin1'));
const clientTypes = codes('QPBEDCSHFXpdcf');
const serverTypes = codes('RSKZTDCE12ntsINGHWAdcVv3');
const [query, parse, bind, sync, ready] = [0x51, 0x50, 0x42, 0x53, 0x5a];

export function startupSize(bytes: Buffer, at: number): number {
  const size = bytes.readUInt32BE(at);
  const code = bytes.readUInt32BE(at + 4);
  if (code === startupCode.ssl || code === startupCode.gss) return size === startupHeader ? size : -1;
  if (code === startupCode.cancel) return size >= 16 && size <= 268 ? size : -1;
  return code >>> 16 === startupCode.protocol3 && size > startupHeader && size <= startupLimit ? size : -1;
}

/** Size of a message with its type in front; -1: there is no such message. */
export function messageSize(bytes: Buffer, at: number, isClient: boolean): number {
  const length = bytes.readUInt32BE(at + 1);
  const known = (isClient ? clientTypes : serverTypes).has(bytes[at] ?? 0);
  return known && length >= 4 && length <= messageLimit ? length + 1 : -1;
}

/** Do messages of one side follow each other from the start of a packet to its end? The last may be longer. */
export function isMessageChain(bytes: Buffer, isClient: boolean): boolean {
  let at = 0;
  while (at + messageHeader <= bytes.length) {
    const size = messageSize(bytes, at, isClient);
    if (size < 0) return false;
    at += size;
  }
  return at >= messageHeader && (at >= bytes.length || at + messageHeader > bytes.length);
}

/** The start of the last message, if messages fill the bytes exactly. */
function lastMessage(bytes: Buffer, isClient: boolean): number {
  let at = 0;
  let last = -1;
  while (at + messageHeader <= bytes.length) {
    const size = messageSize(bytes, at, isClient);
    if (size < 0) return -1;
    last = at;
    at += size;
  }
  return at === bytes.length ? last : -1;
}

function isStartup(bytes: Buffer): boolean {
  if (bytes.length < startupHeader) return false;
  const size = startupSize(bytes, 0);
  if (size < 0) return false;
  if (size === startupHeader) return bytes.length === size;
  if (size !== bytes.length) return false;
  if (bytes.readUInt32BE(4) === startupCode.cancel) return true;
  // Names and values end with a zero each, and all of them with another one.
  const first = bytes[startupHeader] ?? 0;
  return first >= 0x61 && first <= 0x7a && bytes[size - 1] === 0 && bytes[size - 2] === 0;
}

function isStatement(bytes: Buffer): boolean {
  if (bytes.length < messageHeader + 2) return false;
  const size = messageSize(bytes, 0, true);
  if (bytes[0] === query) {
    return size === bytes.length && bytes[size - 1] === 0 && startsLikeStatement(bytes, messageHeader);
  }
  const nameEnd = bytes[0] === parse ? bytes.indexOf(0, messageHeader) : -1;
  return nameEnd !== -1 && size > nameEnd && startsLikeStatement(bytes, nameEnd + 1);
}

/** Bind ... Sync: a prepared statement is run again. */
function isExecution(bytes: Buffer): boolean {
  if (bytes[0] !== bind) return false;
  const last = lastMessage(bytes, true);
  return last > 0 && bytes[last] === sync && bytes.readUInt32BE(last + 1) === 4;
}

function isAnswer(bytes: Buffer): boolean {
  const last = lastMessage(bytes, false);
  if (last <= 0 || bytes[last] !== ready || bytes.length !== last + 6) return false;
  const status = bytes[last + 5] ?? 0;
  return status === 0x49 || status === 0x54 || status === 0x45;
}

/** Who talks like this, if it is certain that it is PostgreSQL. */
export function detectPostgresql(bytes: Buffer): 'client' | 'server' | undefined {
  if (isStartup(bytes) || isStatement(bytes) || isExecution(bytes)) return 'client';
  return isAnswer(bytes) ? 'server' : undefined;
}
