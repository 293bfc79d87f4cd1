/**
 * Reads Kafka: one exchange for each request, paired by the number that the response repeats. It keeps the API's name, the
 * first topic and the first error; of records nothing.
 */
import { createCommandReader } from './command-reader.ts';
import { createNumberedCommands, notBegun, type CommandDeps, type Waiting } from './commands.ts';
import type { Side } from './exchange.ts';
import { createFrames, type Frame, type FrameLayout } from './frames.ts';
import { api, apiName } from './kafka-names.ts';
import { requestTopic, responseError, wantsAnswer } from './kafka-topic.ts';
import type { Reader } from './reader.ts';

const sizeField = 4;
/** Size, API, version, correlation id. */
const requestHeader = 12;
const responseHeader = 8;
const messageLimit = 256 << 20;
const messageKept = 1024;
const highestVersion = 20;
const clientIdLimit = 256;

interface Request extends Waiting {
  readonly key: number;
  readonly version: number;
}

function requestSize(bytes: Buffer, at: number): number {
  const size = bytes.readInt32BE(at);
  const version = bytes.readInt16BE(at + 6);
  const isKnown = apiName(bytes.readInt16BE(at + 4)) !== undefined && version >= 0 && version <= highestVersion;
  return isKnown && size >= 8 && size <= messageLimit ? size + sizeField : -1;
}

const requestLayout: FrameLayout = {
  headerSize: requestHeader,
  size: requestSize,
  keep: () => messageKept,
  startsLike: isKafkaRequest,
};

function responseSize(bytes: Buffer, at: number): number {
  const size = bytes.readInt32BE(at);
  return size >= 4 && size <= messageLimit ? size + sizeField : -1;
}

/** Is this surely a request: a known API in a version that exists, and a client that has a printable name? */
export function isKafkaRequest(bytes: Buffer): boolean {
  if (bytes.length < requestHeader + 2) return false;
  const size = requestSize(bytes, 0);
  const key = bytes.readInt16BE(4);
  const nameSize = bytes.readInt16BE(requestHeader);
  if (size < requestHeader + 2 || nameSize < -1 || nameSize > clientIdLimit) return false;
  // Several requests may share a packet, and one may need several.
  if (nameSize <= 0) return key === api.apiVersions && size === bytes.length;
  const nameEnd = requestHeader + 2 + nameSize;
  if (nameEnd > bytes.length || nameEnd > size) return false;
  for (let at = requestHeader + 2; at < nameEnd; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x20 || byte > 0x7e) return false;
  }
  return true;
}

export function createKafkaReader(client: Side, deps: CommandDeps): Reader {
  const { counters, budget } = deps;
  const commands = createNumberedCommands<Request>('KAFKA', client, deps);

  const responseLayout: FrameLayout = {
    headerSize: responseHeader,
    size: responseSize,
    keep: () => messageKept,
    startsLike: (bytes) =>
      bytes.length >= responseHeader && responseSize(bytes, 0) > 0 && commands.has(bytes.readInt32BE(sizeField)),
  };

  const onRequest = ({ bytes, start, end, firstNs, lastNs }: Frame): void => {
    const key = bytes.readInt16BE(start + 4);
    const version = bytes.readInt16BE(start + 6);
    const from = start + requestHeader;
    const request: Request = {
      key,
      version,
      command: apiName(key) ?? '',
      resource: requestTopic(bytes, from, end, key, version),
      firstNs,
      lastNs,
      begunNs: notBegun,
      isReported: false,
    };
    if (wantsAnswer(bytes, from, end, key, version)) commands.open(bytes.readInt32BE(start + 8), request);
    else commands.unanswered(request);
  };

  const onResponse = ({ bytes, start, end, firstNs }: Frame): void => {
    const request = commands.take(bytes.readInt32BE(start + sizeField));
    if (request === undefined) return;
    const error = responseError(bytes, start + responseHeader, end, request.key, request.version);
    commands.answer(request, firstNs, error);
  };

  const framesOf = (layout: FrameLayout, frame: (frame: Frame) => void) =>
    createFrames(layout, { frame, lost: (cause) => counters.add(`kafka_gave_up_${cause}`, 1) }, budget);
  return createCommandReader({
    client,
    budget,
    requests: framesOf(requestLayout, onRequest),
    responses: framesOf(responseLayout, onResponse),
    commands,
    wanted: () => 'heads',
  });
}
