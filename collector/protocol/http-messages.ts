/**
 * Follows the messages of one direction of an HTTP/1.x connection, fed in pieces of any size, with holes. It reports
 * heads and steps over bodies; where it loses the thread it says why and takes it up again at the next packet that
 * starts a message.
 */
import type { Budget } from './budget.ts';
import { isRequestLine, type BodyLength } from './http-head.ts';
import type { StreamSink } from './stream.ts';

export const headLimit = 64 * 1024;

/** Why a message was given up. `body` ones had their head reported already: no exchange is lost by them. */
export type LostCause = 'gap' | 'gap_in_header' | 'malformed' | 'header_too_large' | 'memory' | 'body';

/** What follows a head; `tunnel`: nothing that we could read. */
export type Body = BodyLength | 'until_close' | 'tunnel';

export interface MessageHandlers {
  /** Head without its last blank line. The answer says what follows it; null: this is no such head. */
  head(text: string, firstNs: number, lastNs: number): Body | null;
  lost(cause: LostCause): void;
}

export interface Messages extends StreamSink {
  /** The body of the latest message, if nothing of it came yet, may be left out: a new message may start instead. */
  doubtBody(): void;
  /** What follows is of another protocol: its parser takes it, or nobody. */
  tunnel(to: StreamSink | null): void;
  end(): void;
}

type State =
  'idle' | 'head' | 'body' | 'chunk_size' | 'chunk' | 'chunk_end' | 'trailer' | 'until_close' | 'tunnel' | 'lost';

const lf = 0x0a;
const cr = 0x0d;
const lineLimit = 1024;

interface HeadEnd {
  /** -1: it is not there yet. */
  readonly end: number;
  readonly next: number;
}

/** Where a head ends, and what follows it starts. Some peers leave the carriage returns out. */
function headEnd(bytes: Buffer, from: number): HeadEnd {
  const end = bytes.indexOf('\r\n\r\n', from, 'latin1');
  if (end !== -1) return { end, next: end + 4 };
  const bare = bytes.indexOf('\n\n', from, 'latin1');
  return { end: bare, next: bare + 2 };
}

/** `startsLike` tells whether bytes may begin a message; it must accept any beginning of a good one. */
export function createMessages(
  startsLike: (bytes: Buffer, offset: number) => boolean,
  handlers: MessageHandlers,
  budget: Budget,
): Messages {
  let state: State = 'idle';
  let remaining = 0;
  let firstNs = 0;
  let kept = Buffer.alloc(0);
  let line = '';
  let inner: StreamSink | null = null;
  /** No byte of the body has come. */
  let isUntouched = false;
  let isDoubtful = false;

  const handOver = (bytes: Buffer, at: number, atNs: number): boolean => {
    if (inner === null) return false;
    if (at < bytes.length) inner.data(bytes.subarray(at), atNs, false);
    return true;
  };

  const drop = (): void => {
    budget.give(kept.length);
    kept = Buffer.alloc(0);
    line = '';
  };

  const lose = (cause: LostCause): void => {
    drop();
    state = 'lost';
    handlers.lost(cause);
  };

  const enter = (body: Body | null): void => {
    if (body === null) lose('malformed');
    else if (body === 'chunked') state = 'chunk_size';
    else if (body === 'tunnel' || body === 'until_close') state = body;
    else {
      remaining = body === 'none' ? 0 : body;
      isUntouched = remaining > 0;
      isDoubtful = false;
      state = remaining > 0 ? 'body' : 'idle';
    }
  };

  /** Keeps the beginning of a head for the next piece. */
  const keep = (bytes: Buffer, from: number): void => {
    const size = bytes.length - from;
    if (kept.length + size > headLimit) lose('header_too_large');
    else if (!budget.take(size)) lose('memory');
    else kept = Buffer.concat([kept, bytes.subarray(from)]);
  };

  /** Consumes bytes of a head from `from`; returns where the rest starts. */
  const takeHead = (bytes: Buffer, from: number, atNs: number): number => {
    const before = kept.length;
    if (before === 0) {
      if (!startsLike(bytes, from)) {
        lose('malformed');
        return bytes.length;
      }
      const { end, next } = headEnd(bytes, from);
      if (end !== -1) {
        enter(end - from > headLimit ? null : handlers.head(bytes.toString('latin1', from, end), firstNs, atNs));
        return next;
      }
      keep(bytes, from);
      return bytes.length;
    }
    keep(bytes, from);
    if (state !== 'head') return bytes.length;
    if (!startsLike(kept, 0)) {
      lose('malformed');
      return bytes.length;
    }
    const { end, next } = headEnd(kept, Math.max(0, before - 3));
    if (end === -1) return bytes.length;
    const text = kept.toString('latin1', 0, end);
    drop();
    enter(handlers.head(text, firstNs, atNs));
    return from + next - before;
  };

  /** Adds to `line` up to a line feed. Returns where the rest starts, and leaves `line` undecided without its end. */
  const takeLine = (bytes: Buffer, from: number, onLine: (text: string) => void): number => {
    const end = bytes.indexOf(lf, from);
    line += bytes.toString('latin1', from, end === -1 ? bytes.length : end);
    if (line.length > lineLimit) {
      lose('body');
      return bytes.length;
    }
    if (end === -1) return bytes.length;
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    line = '';
    onLine(text);
    return end + 1;
  };

  const startsRequest = (bytes: Buffer, at: number): boolean => {
    const end = bytes.indexOf(lf, at);
    if (end === -1 || end - at > headLimit || !startsLike(bytes, at)) return false;
    return isRequestLine(bytes.toString('latin1', at, end).trimEnd());
  };

  const onChunkSize = (text: string): void => {
    const size = /^([\da-f]{1,12})[ \t]*(;.*)?$/i.exec(text)?.[1];
    if (size === undefined) return lose('body');
    remaining = parseInt(size, 16);
    state = remaining === 0 ? 'trailer' : 'chunk';
  };

  const skip = (available: number, after: State): number => {
    const taken = Math.min(available, remaining);
    remaining -= taken;
    if (remaining === 0) state = after;
    return taken;
  };

  const step = (bytes: Buffer, at: number, atNs: number): number => {
    switch (state) {
      case 'idle': {
        const byte = bytes[at];
        if (byte === cr || byte === lf) return at + 1;
        firstNs = atNs;
        state = 'head';
        return at;
      }
      case 'head':
        return takeHead(bytes, at, atNs);
      case 'body':
        if (isDoubtful && startsRequest(bytes, at)) {
          state = 'idle';
          return at;
        }
        isDoubtful = false;
        isUntouched = false;
        return at + skip(bytes.length - at, 'idle');
      case 'chunk':
        return at + skip(bytes.length - at, 'chunk_end');
      case 'chunk_size':
        return takeLine(bytes, at, onChunkSize);
      case 'chunk_end':
        return takeLine(bytes, at, (text) => {
          if (text === '') state = 'chunk_size';
          else lose('body');
        });
      case 'trailer':
        return takeLine(bytes, at, (text) => {
          if (text === '') state = 'idle';
        });
      case 'until_close':
      case 'tunnel':
      case 'lost':
        return bytes.length;
    }
  };

  return {
    data(bytes, atNs, isSegmentStart) {
      if (inner !== null) {
        inner.data(bytes, atNs, isSegmentStart);
        return;
      }
      if (state === 'lost' && isSegmentStart && startsLike(bytes, 0)) state = 'idle';
      for (let at = 0; at < bytes.length;) {
        at = step(bytes, at, atNs);
        if (handOver(bytes, at, atNs)) return;
      }
    },
    gap(length) {
      if (inner !== null) {
        inner.gap(length);
        return;
      }
      switch (state) {
        case 'body':
        case 'chunk':
          if (length <= remaining) skip(length, state === 'body' ? 'idle' : 'chunk_end');
          else lose('body');
          return;
        case 'chunk_size':
        case 'chunk_end':
        case 'trailer':
          lose('body');
          return;
        case 'head':
          lose('gap_in_header');
          return;
        case 'idle':
          lose('gap');
          return;
        case 'until_close':
        case 'tunnel':
        case 'lost':
      }
    },
    get skippable() {
      if (inner !== null) return inner.skippable;
      if (state === 'body' || state === 'chunk') return remaining;
      return state === 'until_close' || state === 'tunnel' || state === 'lost' ? Infinity : 0;
    },
    doubtBody() {
      isDoubtful = state === 'body' && isUntouched;
    },
    tunnel(to) {
      drop();
      inner = to;
      state = 'tunnel';
    },
    end() {
      drop();
      state = 'lost';
    },
  };
}
