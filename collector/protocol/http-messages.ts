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

/** Both directions of a connection may share one. */
export interface MessageHandlers {
  /** Head without its last blank line, `of` that direction. Says what follows it; null: this is no such head. */
  head(of: Messages, text: string, firstNs: number, lastNs: number): Body | null;
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

type StartsLike = (bytes: Buffer, offset: number) => boolean;

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
export function createMessages(startsLike: StartsLike, handlers: MessageHandlers, budget: Budget): Messages {
  return new FollowedMessages(startsLike, handlers, budget);
}

const nothing = Buffer.alloc(0);

/** A class, because closures for both directions of every connection cost memory that a prototype does not. */
class FollowedMessages implements Messages {
  private readonly startsLike: StartsLike;
  private readonly handlers: MessageHandlers;
  private readonly budget: Budget;
  private state: State = 'idle';
  private remaining = 0;
  private firstNs = 0;
  private kept = nothing;
  private line = '';
  private inner: StreamSink | null = null;
  /** No byte of the body has come. */
  private isUntouched = false;
  private isDoubtful = false;

  constructor(startsLike: StartsLike, handlers: MessageHandlers, budget: Budget) {
    this.startsLike = startsLike;
    this.handlers = handlers;
    this.budget = budget;
  }

  data(bytes: Buffer, atNs: number, isSegmentStart: boolean): void {
    if (this.inner !== null) {
      this.inner.data(bytes, atNs, isSegmentStart);
      return;
    }
    if (this.state === 'lost' && isSegmentStart && this.startsLike(bytes, 0)) this.state = 'idle';
    for (let at = 0; at < bytes.length;) {
      at = this.step(bytes, at, atNs);
      if (this.handOver(bytes, at, atNs)) return;
    }
  }

  gap(length: number): void {
    if (this.inner !== null) {
      this.inner.gap(length);
      return;
    }
    switch (this.state) {
      case 'body':
      case 'chunk':
        if (length <= this.remaining) this.skip(length, this.state === 'body' ? 'idle' : 'chunk_end');
        else this.lose('body');
        return;
      case 'chunk_size':
      case 'chunk_end':
      case 'trailer':
        this.lose('body');
        return;
      case 'head':
        this.lose('gap_in_header');
        return;
      case 'idle':
        this.lose('gap');
        return;
      case 'until_close':
      case 'tunnel':
      case 'lost':
    }
  }

  get skippable(): number {
    if (this.inner !== null) return this.inner.skippable;
    if (this.state === 'body' || this.state === 'chunk') return this.remaining;
    return this.state === 'until_close' || this.state === 'tunnel' || this.state === 'lost' ? Infinity : 0;
  }

  doubtBody(): void {
    this.isDoubtful = this.state === 'body' && this.isUntouched;
  }

  tunnel(to: StreamSink | null): void {
    this.drop();
    this.inner = to;
    this.state = 'tunnel';
  }

  end(): void {
    this.drop();
    this.state = 'lost';
  }

  private handOver(bytes: Buffer, at: number, atNs: number): boolean {
    if (this.inner === null) return false;
    if (at < bytes.length) this.inner.data(bytes.subarray(at), atNs, false);
    return true;
  }

  private drop(): void {
    this.budget.give(this.kept.length);
    this.kept = nothing;
    this.line = '';
  }

  private lose(cause: LostCause): void {
    this.drop();
    this.state = 'lost';
    this.handlers.lost(cause);
  }

  private enter(body: Body | null): void {
    if (body === null) this.lose('malformed');
    else if (body === 'chunked') this.state = 'chunk_size';
    else if (body === 'tunnel' || body === 'until_close') this.state = body;
    else {
      this.remaining = body === 'none' ? 0 : body;
      this.isUntouched = this.remaining > 0;
      this.isDoubtful = false;
      this.state = this.remaining > 0 ? 'body' : 'idle';
    }
  }

  /** Keeps the beginning of a head for the next piece. */
  private keep(bytes: Buffer, from: number): void {
    const size = bytes.length - from;
    if (this.kept.length + size > headLimit) this.lose('header_too_large');
    else if (!this.budget.take(size)) this.lose('memory');
    else this.kept = Buffer.concat([this.kept, bytes.subarray(from)]);
  }

  /** Consumes bytes of a head from `from`; returns where the rest starts. */
  private takeHead(bytes: Buffer, from: number, atNs: number): number {
    const before = this.kept.length;
    if (before === 0) {
      if (!this.startsLike(bytes, from)) {
        this.lose('malformed');
        return bytes.length;
      }
      const { end, next } = headEnd(bytes, from);
      if (end !== -1) {
        this.enter(
          end - from > headLimit
            ? null
            : this.handlers.head(this, bytes.toString('latin1', from, end), this.firstNs, atNs),
        );
        return next;
      }
      this.keep(bytes, from);
      return bytes.length;
    }
    this.keep(bytes, from);
    if (this.state !== 'head') return bytes.length;
    if (!this.startsLike(this.kept, 0)) {
      this.lose('malformed');
      return bytes.length;
    }
    const { end, next } = headEnd(this.kept, Math.max(0, before - 3));
    if (end === -1) return bytes.length;
    const text = this.kept.toString('latin1', 0, end);
    this.drop();
    this.enter(this.handlers.head(this, text, this.firstNs, atNs));
    return from + next - before;
  }

  /** Adds to `line` up to a line feed. Returns where the rest starts, and leaves `line` undecided without its end. */
  private takeLine(bytes: Buffer, from: number, onLine: (text: string) => void): number {
    const end = bytes.indexOf(lf, from);
    this.line += bytes.toString('latin1', from, end === -1 ? bytes.length : end);
    if (this.line.length > lineLimit) {
      this.lose('body');
      return bytes.length;
    }
    if (end === -1) return bytes.length;
    const text = this.line.endsWith('\r') ? this.line.slice(0, -1) : this.line;
    this.line = '';
    onLine(text);
    return end + 1;
  }

  private startsRequest(bytes: Buffer, at: number): boolean {
    const end = bytes.indexOf(lf, at);
    if (end === -1 || end - at > headLimit || !this.startsLike(bytes, at)) return false;
    return isRequestLine(bytes.toString('latin1', at, end).trimEnd());
  }

  private onChunkSize(text: string): void {
    const size = /^([\da-f]{1,12})[ \t]*(;.*)?$/i.exec(text)?.[1];
    if (size === undefined) return this.lose('body');
    this.remaining = parseInt(size, 16);
    this.state = this.remaining === 0 ? 'trailer' : 'chunk';
  }

  private skip(available: number, after: State): number {
    const taken = Math.min(available, this.remaining);
    this.remaining -= taken;
    if (this.remaining === 0) this.state = after;
    return taken;
  }

  private step(bytes: Buffer, at: number, atNs: number): number {
    switch (this.state) {
      case 'idle': {
        const byte = bytes[at];
        if (byte === cr || byte === lf) return at + 1;
        this.firstNs = atNs;
        this.state = 'head';
        return at;
      }
      case 'head':
        return this.takeHead(bytes, at, atNs);
      case 'body':
        if (this.isDoubtful && this.startsRequest(bytes, at)) {
          this.state = 'idle';
          return at;
        }
        this.isDoubtful = false;
        this.isUntouched = false;
        return at + this.skip(bytes.length - at, 'idle');
      case 'chunk':
        return at + this.skip(bytes.length - at, 'chunk_end');
      case 'chunk_size':
        return this.takeLine(bytes, at, (text) => this.onChunkSize(text));
      case 'chunk_end':
        return this.takeLine(bytes, at, (text) => {
          if (text === '') this.state = 'chunk_size';
          else this.lose('body');
        });
      case 'trailer':
        return this.takeLine(bytes, at, (text) => {
          if (text === '') this.state = 'idle';
        });
      case 'until_close':
      case 'tunnel':
      case 'lost':
        return bytes.length;
    }
  }
}
