/**
 * Reads MongoDB: one exchange for each command, paired by the number that the reply repeats. It keeps the command's name,
 * the namespace and the name of an error; of filters and documents nothing. A compressed message has no name that could
 * be read.
 */
import { numberOf, stringOf, walkDocument, bsonType } from './bson.ts';
import { createCommandReader } from './command-reader.ts';
import { createNumberedCommands, notBegun, type CommandDeps } from './commands.ts';
import type { Side } from './exchange.ts';
import { createFrames, type Frame, type FrameLayout } from './frames.ts';
import type { Reader } from './reader.ts';

const opcode = { reply: 1, query: 2004, compressed: 2012, message: 2013 } as const;
const opcodes: ReadonlySet<number> = new Set(Object.values(opcode));
const messageHeader = 16;
const messageLimit = 48 * 1024 * 1024;
const messageKept = 2048;
const nameLimit = 128;
const moreToCome = 2;

function messageSize(bytes: Buffer, at: number): number {
  const size = bytes.readInt32LE(at);
  if (size < messageHeader + 4 || size > messageLimit) return -1;
  return opcodes.has(bytes.readInt32LE(at + 12)) ? size : -1;
}

const layout: FrameLayout = {
  headerSize: messageHeader,
  size: messageSize,
  keep: () => messageKept,
  startsLike: (bytes) => bytes.length >= messageHeader && messageSize(bytes, 0) > 0,
};

/** Who talks like this, if it is certain that it is MongoDB. */
export function detectMongodb(bytes: Buffer): 'client' | 'server' | undefined {
  if (bytes.length < messageHeader + 5 || messageSize(bytes, 0) < 0) return undefined;
  const code = bytes.readInt32LE(12);
  if (code === opcode.reply) return 'server';
  // Flags of an OP_MSG that are known; its first section is a document.
  if (code === opcode.message && ((bytes.readUInt32LE(16) & 0xfffefffc) !== 0 || (bytes[20] ?? 9) > 1))
    return undefined;
  return bytes.readInt32LE(8) === 0 ? 'client' : 'server';
}

/** Where the body's document starts; -1 if it was not kept. */
function bodyOf({ bytes, start, end }: Frame): number {
  let at = start + messageHeader;
  const code = bytes.readInt32LE(start + 12);
  if (code === opcode.message) {
    at += 4;
    // Sequences of documents may come before the body.
    while (at + 5 <= end && bytes[at] === 1) {
      const size = bytes.readInt32LE(at + 1);
      if (size < 4) return -1;
      at += 1 + size;
    }
    return at + 5 <= end && bytes[at] === 0 ? at + 1 : -1;
  }
  if (code === opcode.query) {
    const nameEnd = bytes.indexOf(0, at + 4);
    return nameEnd === -1 || nameEnd + 13 > end ? -1 : nameEnd + 9;
  }
  return code === opcode.reply && at + 24 <= end ? at + 20 : -1;
}

/** The first element names the command; its value, if it is a string, the collection. */
function commandOf(frame: Frame): { readonly command: string; readonly resource: string } {
  const { bytes, end } = frame;
  const body = bodyOf(frame);
  let [command, collection, database] = ['', '', ''];
  if (body !== -1) {
    walkDocument(bytes, body, end, (element) => {
      if (command === '') {
        command = element.name;
        collection = stringOf(bytes, element, end);
      } else if (element.name === '$db') database = stringOf(bytes, element, end);
      return database === '';
    });
  }
  const isWord = /^[A-Za-z]\w*$/.test(command);
  const resource = [database, collection].filter((part) => part !== '').join('.');
  return { command: isWord ? command.slice(0, 64) : '', resource: resource.slice(0, nameLimit) };
}

/** Of a reply: the name of its error, or that of the first write that failed; empty when all went well. */
function errorOf(frame: Frame): string {
  const { bytes, end } = frame;
  const body = bodyOf(frame);
  if (body === -1) return '';
  const said = { isFailed: false, name: '', code: '', write: '' };
  walkDocument(bytes, body, end, (element) => {
    if (element.name === 'ok') said.isFailed = numberOf(bytes, element, end) === 0;
    else if (element.name === 'codeName') said.name = stringOf(bytes, element, end);
    else if (element.name === 'code') said.code = `CODE_${numberOf(bytes, element, end) ?? 0}`;
    else if (element.name === 'writeErrors' && element.type === bsonType.array)
      said.write = writeErrorOf(bytes, element.at, end);
    return true;
  });
  if (!said.isFailed) return said.write;
  return (said.name || said.code || 'ERROR').slice(0, 64);
}

const writeErrorNames: Readonly<Record<number, string>> = {
  50: 'MaxTimeMSExpired',
  66: 'ImmutableField',
  112: 'WriteConflict',
  121: 'DocumentValidationFailure',
  11000: 'DuplicateKey',
};

/** Of the first one in the array. */
function writeErrorOf(bytes: Buffer, array: number, end: number): string {
  let text = 'WriteError';
  walkDocument(bytes, array, end, (first) => {
    if (first.type !== bsonType.document) return false;
    walkDocument(bytes, first.at, end, (element) => {
      if (element.name !== 'code') return true;
      const code = numberOf(bytes, element, end) ?? 0;
      text = writeErrorNames[code] ?? `CODE_${code}`;
      return false;
    });
    return false;
  });
  return text;
}

export function createMongodbReader(client: Side, deps: CommandDeps): Reader {
  const { counters, budget } = deps;
  const commands = createNumberedCommands('MONGODB', client, deps);

  const onRequest = (frame: Frame): void => {
    const { bytes, start, end, firstNs, lastNs } = frame;
    const code = bytes.readInt32LE(start + 12);
    if (code === opcode.reply) return;
    if (code === opcode.compressed) counters.add('mongodb_compressed', 1);
    const waiting = { ...commandOf(frame), firstNs, lastNs, begunNs: notBegun, isReported: false };
    const flags =
      code === opcode.message && end >= start + messageHeader + 4 ? bytes.readUInt32LE(start + messageHeader) : 0;
    if ((flags & moreToCome) !== 0) commands.unanswered(waiting);
    else commands.open(bytes.readInt32LE(start + 4), waiting);
  };

  /** A reply that is one of a series repeats the number of the reply before it. */
  let seriesId: number | null = null;

  const onReply = (frame: Frame): void => {
    const { bytes, start, end, firstNs } = frame;
    const answered = bytes.readInt32LE(start + 8);
    const code = bytes.readInt32LE(start + 12);
    const flags =
      code === opcode.message && end >= start + messageHeader + 4 ? bytes.readUInt32LE(start + messageHeader) : 0;
    const isOfSeries = seriesId !== null && answered === seriesId;
    seriesId = (flags & moreToCome) !== 0 ? bytes.readInt32LE(start + 4) : null;
    if (isOfSeries) return;
    const waiting = commands.take(answered);
    if (waiting !== undefined) commands.answer(waiting, firstNs, errorOf(frame));
  };

  const framesOf = (onMessage: (frame: Frame) => void) =>
    createFrames(layout, { frame: onMessage, lost: (cause) => counters.add(`mongodb_gave_up_${cause}`, 1) }, budget);
  return createCommandReader({
    client,
    budget,
    requests: framesOf(onRequest),
    responses: framesOf(onReply),
    commands,
    wanted: () => 'heads',
  });
}
