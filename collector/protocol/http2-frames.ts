/** The frames of HTTP/2 (RFC 9113): their layout, and how to tell that bytes are nothing else. */
import type { FrameLayout } from './frames.ts';

export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const frameFlag = { endStream: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;

export const frameHeader = 9;
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
/** Larger ones are allowed by settings, but nobody sends them. */
const payloadLimit = 1 << 20;
const highestKnownType = 16;
const defaultPayloadLimit = 16384;

const errorNames = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

export function errorName(code: number): string {
  return errorNames[code] ?? `ERROR_${code}`;
}

/** Size of the frame that starts here; -1: none does. */
export function frameSize(bytes: Buffer, at: number): number {
  const length = bytes.readUIntBE(at, 3);
  const type = bytes[at + 3] ?? 0;
  const stream = bytes.readUInt32BE(at + 5);
  if (length > payloadLimit || type > highestKnownType || stream >= 0x80000000) return -1;
  return isPossible(type, length, stream) ? frameHeader + length : -1;
}

function isPossible(type: number, length: number, stream: number): boolean {
  switch (type) {
    case frameType.data:
    case frameType.headers:
    case frameType.continuation:
      return stream !== 0;
    case frameType.priority:
      return stream !== 0 && length === 5;
    case frameType.rstStream:
      return stream !== 0 && length === 4;
    case frameType.settings:
      return stream === 0 && length % 6 === 0;
    case frameType.pushPromise:
      return stream !== 0 && length >= 4;
    case frameType.ping:
      return stream === 0 && length === 8;
    case frameType.goAway:
      return stream === 0 && length >= 8;
    case frameType.windowUpdate:
      return length === 4;
    default:
      return true;
  }
}

/** Known flags of a frame; others must be ignored but are not sent either. */
function hasKnownFlags(type: number, flags: number): boolean {
  switch (type) {
    case frameType.headers:
      return (flags & 0xd2) === 0;
    case frameType.data:
      return (flags & 0xf6) === 0;
    case frameType.continuation:
      return (flags & 0xfb) === 0;
    case frameType.settings:
    case frameType.ping:
      return (flags & 0xfe) === 0;
    default:
      return flags === 0 || type === frameType.pushPromise;
  }
}

/** Do frames follow each other from here to the end of the packet? The last may be longer than that. */
export function isFrameChain(bytes: Buffer): boolean {
  let at = 0;
  while (at + frameHeader <= bytes.length) {
    const size = frameSize(bytes, at);
    const type = bytes[at + 3] ?? 0;
    if (size < 0 || size > frameHeader + defaultPayloadLimit || type > frameType.continuation) return false;
    if (!hasKnownFlags(type, bytes[at + 4] ?? 0)) return false;
    at += size;
  }
  return at >= frameHeader && (at >= bytes.length || at + frameHeader > bytes.length);
}

/** Where the header block of a HEADERS frame lies; undefined if padding leaves no room for it. */
export function blockOf(
  bytes: Buffer,
  start: number,
  end: number,
  skipped: number,
): { readonly from: number; readonly to: number } | undefined {
  const flags = bytes[start + 4] ?? 0;
  const isPadded = (flags & frameFlag.padded) !== 0;
  const from = start + frameHeader + (isPadded ? 1 : 0) + skipped;
  const to = end - (isPadded ? (bytes[start + frameHeader] ?? 0) : 0);
  return from <= to ? { from, to } : undefined;
}

export type Http2Side = 'client' | 'server';

/**
 * For a connection joined in the middle: whole frames with a header block that begins as those of clients, or of servers,
 * do: with a pseudo header field. Undefined when that is not certain.
 */
export function detectFrames(bytes: Buffer): Http2Side | undefined {
  if (bytes.length < frameHeader + 1 || !isFrameChain(bytes)) return undefined;
  for (let at = 0; at + frameHeader < bytes.length;) {
    const size = frameSize(bytes, at);
    if (bytes[at + 3] === frameType.headers && at + size <= bytes.length) {
      const flags = bytes[at + 4] ?? 0;
      const block = blockOf(bytes, at, at + size, (flags & frameFlag.priority) === 0 ? 0 : 5);
      const isClients = (bytes.readUInt32BE(at + 5) & 1) === 1;
      return block === undefined || !isClients ? undefined : sideOf(bytes[block.from] ?? 0);
    }
    at += size;
  }
  return undefined;
}

/** By the first instruction of a block: an entry of the static table, or a literal with its name. */
function sideOf(first: number): Http2Side | undefined {
  const index = first >= 0x80 ? first & 0x7f : first >= 0x40 ? first & 0x3f : first < 0x20 ? first & 0x0f : 0;
  if (index >= 8 && index <= 14) return 'server';
  return index >= 1 && index <= 7 ? 'client' : undefined;
}

/** Of one direction. The client's starts with a preface, which is stepped over once. */
export function createFrameLayout(): FrameLayout {
  const isPreface = (bytes: Buffer, at: number): boolean =>
    bytes.compare(preface, 0, frameHeader, at, at + frameHeader) === 0;
  return {
    headerSize: frameHeader,
    size: (bytes, at) => (isPreface(bytes, at) ? preface.length : frameSize(bytes, at)),
    keep(bytes, at) {
      switch (bytes[at + 3]) {
        case frameType.headers:
        case frameType.continuation:
        case frameType.pushPromise:
          return Infinity;
        case frameType.rstStream:
          return frameHeader + 4;
        case frameType.goAway:
          return frameHeader + 8;
        default:
          return frameHeader;
      }
    },
    startsLike: (bytes) => bytes.length >= frameHeader && (isPreface(bytes, 0) || isFrameChain(bytes)),
  };
}
