/**
 * Reads HTTP/2 and gRPC in the clear: from the client's preface, after an upgrade from HTTP/1.1, inside of TLS where its
 * bytes are handed over, or joined in the middle. Bodies are stepped over. Settings need not be followed: a change of the
 * header table's size is announced again in the blocks themselves (RFC 7541, 4.2).
 */
import type { Counters } from '../counters.ts';
import type { Budget } from './budget.ts';
import { otherSide, type HttpExchange, type Side } from './exchange.ts';
import { createFrames, type Frame, type Frames } from './frames.ts';
import { createHpackDecoder, type FieldSink } from './hpack.ts';
import { callOf, createCalls, type Call, type Fields } from './http2-calls.ts';
import { blockOf, createFrameLayout, errorName, frameFlag, frameHeader, frameType } from './http2-frames.ts';
import type { Redaction } from './redaction.ts';
import type { Reader } from './reader.ts';
import type { StreamSink } from './stream.ts';
import { createStreams } from './streams.ts';

export interface Http2Deps {
  readonly counters: Counters;
  readonly budget: Budget;
  readonly redaction: Redaction;
  onExchange(exchange: HttpExchange): void;
}

/** The two directions, for a connection that starts with HTTP/2 and for one that turns to it. */
export interface Http2 {
  readonly requests: StreamSink;
  readonly responses: StreamSink;
  readonly outstanding: number;
  /** The request that asked for the upgrade is answered on the first stream. */
  open(call: Call): void;
  sweep(nowNs: number): void;
  end(): void;
}

const blockLimit = 64 * 1024;
const pathLimit = 4096;
const hostLimit = 255;
const upgradeStream = 1;
const wanted: ReadonlySet<string> = new Set([
  ':method',
  ':path',
  ':authority',
  ':status',
  'host',
  'content-type',
  'grpc-status',
  'traceparent',
]);

interface Collected extends FieldSink {
  readonly fields: Fields;
  clear(): void;
}

function createCollected(redaction: Redaction): Collected {
  const empty: Fields = {
    method: '',
    path: '',
    host: '',
    status: '',
    contentType: '',
    grpcStatus: '',
    traceparent: '',
  };
  const fields = { ...empty };
  return {
    fields,
    clear: () => void Object.assign(fields, empty),
    wants: (name) => wanted.has(name),
    field(name, value) {
      switch (name) {
        case ':method':
          fields.method = value.slice(0, 32);
          break;
        case ':path':
          fields.path = redaction.path(value).slice(0, pathLimit);
          break;
        case ':authority':
          fields.host = redaction.authority(value).slice(0, hostLimit);
          break;
        case 'host':
          if (fields.host === '') fields.host = redaction.authority(value).slice(0, hostLimit);
          break;
        case ':status':
          fields.status = value;
          break;
        case 'content-type':
          fields.contentType = value;
          break;
        case 'grpc-status':
          fields.grpcStatus = value;
          break;
        case 'traceparent':
          fields.traceparent = value;
      }
    },
  };
}

/** A header block as it comes: the frame that starts it and those that continue it. */
interface Block {
  readonly stream: number;
  readonly isLast: boolean;
  readonly isPromise: boolean;
  readonly firstNs: number;
}

type OnBlock = (block: Block, fields: Fields, lastNs: number) => void;
type OnOther = (type: number, frame: Frame) => void;

function createDirection(deps: Http2Deps, onBlock: OnBlock, onOther: OnOther): Frames {
  const { counters, budget } = deps;
  const decoder = createHpackDecoder(budget);
  const collected = createCollected(deps.redaction);
  let open: Block | null = null;
  let parts: Buffer[] = [];
  let partsSize = 0;

  const dropParts = (): void => {
    budget.give(partsSize);
    parts = [];
    partsSize = 0;
    open = null;
  };

  /** The table that the lost block changed no longer tells what later ones mean. */
  const loseBlock = (cause: string): void => {
    dropParts();
    decoder.forget();
    counters.add(`http2_gave_up_${cause}`, 1);
  };

  const finish = (block: Block, bytes: Buffer, from: number, to: number, lastNs: number): void => {
    collected.clear();
    const unknown = decoder.decode(bytes, from, to, collected);
    if (unknown === undefined) {
      counters.add('http2_gave_up_compression', 1);
      return;
    }
    if (unknown > 0) counters.add('http2_unknown_fields', unknown);
    onBlock(block, collected.fields, lastNs);
  };

  const keep = (bytes: Buffer, from: number, to: number): boolean => {
    if (partsSize + to - from > blockLimit || !budget.take(to - from)) return false;
    parts.push(Buffer.from(bytes.subarray(from, to)));
    partsSize += to - from;
    return true;
  };

  const onStart = (frame: Frame, type: number, flags: number): void => {
    const { bytes, start, end } = frame;
    const isPromise = type === frameType.pushPromise;
    const skipped = isPromise ? 4 : (flags & frameFlag.priority) !== 0 ? 5 : 0;
    const place = blockOf(bytes, start, end, skipped);
    if (place === undefined) return loseBlock('malformed');
    const stream = bytes.readUInt32BE(start + 5);
    const block = { stream, isLast: (flags & frameFlag.endStream) !== 0, isPromise, firstNs: frame.firstNs };
    if ((flags & frameFlag.endHeaders) !== 0) return finish(block, bytes, place.from, place.to, frame.lastNs);
    open = block;
    if (!keep(bytes, place.from, place.to)) loseBlock('header_too_large');
  };

  const onContinuation = (frame: Frame, flags: number): void => {
    const block = open;
    if (block === null) return loseBlock('malformed');
    const { bytes, start, end } = frame;
    if (!keep(bytes, start + frameHeader, end)) return loseBlock('header_too_large');
    if ((flags & frameFlag.endHeaders) === 0) return;
    const whole = Buffer.concat(parts);
    dropParts();
    finish(block, whole, 0, whole.length, frame.lastNs);
  };

  const frames = createFrames(
    createFrameLayout(),
    {
      frame(frame) {
        const type = frame.bytes[frame.start + 3] ?? 0;
        const flags = frame.bytes[frame.start + 4] ?? 0;
        const isBlock = type === frameType.headers || type === frameType.pushPromise || type === frameType.continuation;
        if (!isBlock) onOther(type, frame);
        else if (frame.isCut || frame.end - frame.start < frame.size) loseBlock('gap_in_header');
        else if (type === frameType.continuation) onContinuation(frame, flags);
        else onStart(frame, type, flags);
      },
      lost: loseBlock,
    },
    budget,
  );
  return {
    ...frames,
    // A getter does not survive being spread.
    get skippable() {
      return frames.skippable;
    },
    end() {
      dropParts();
      decoder.forget();
      frames.end();
    },
  };
}

export function createHttp2(client: Side, deps: Http2Deps): Http2 {
  const calls = createCalls(client, deps);

  const onRequest: OnBlock = ({ stream, isPromise, firstNs }, fields, lastNs) => {
    if (!isPromise && (stream & 1) === 1) calls.open(stream, callOf(fields, firstNs, lastNs));
  };

  const onResponse: OnBlock = ({ stream, isPromise, isLast, firstNs }, fields) => {
    // What the server pushes was not asked for.
    if (!isPromise && (stream & 1) === 1) calls.answer(stream, fields, isLast, firstNs);
  };

  const onOther = (sender: Side, type: number, { bytes, start, firstNs, isCut }: Frame): void => {
    if (isCut) return;
    const stream = bytes.readUInt32BE(start + 5);
    if (type === frameType.rstStream) calls.reset(stream, errorName(bytes.readUInt32BE(start + frameHeader)), firstNs);
    if (sender === client) return;
    if (type === frameType.goAway) {
      const code = bytes.readUInt32BE(start + frameHeader + 4);
      calls.refuseAbove(bytes.readUInt32BE(start + frameHeader), code === 0 ? 'GOAWAY' : errorName(code));
    } else if (type === frameType.data && ((bytes[start + 4] ?? 0) & frameFlag.endStream) !== 0) {
      calls.finish(stream, firstNs);
    }
  };

  const requests = createDirection(deps, onRequest, (type, frame) => onOther(client, type, frame));
  const responses = createDirection(deps, onResponse, (type, frame) => onOther(otherSide(client), type, frame));
  return {
    requests,
    responses,
    get outstanding() {
      return calls.outstanding;
    },
    open: (call) => calls.open(upgradeStream, call),
    sweep: (nowNs) => calls.sweep(nowNs),
    end() {
      requests.end();
      responses.end();
      calls.end();
    },
  };
}

export function createHttp2Reader(client: Side, deps: Http2Deps): Reader {
  const http2 = createHttp2(client, deps);
  const streams = createStreams(client, http2.requests, http2.responses, deps.budget);
  return {
    // A block that is not copied takes with it what later ones refer to.
    wanted: 'turns',
    get outstanding() {
      return http2.outstanding;
    },
    feed: (segment) => streams.feed(segment),
    sweep(nowNs) {
      streams.sweep(nowNs);
      http2.sweep(nowNs);
    },
    end() {
      streams.end();
      http2.end();
    },
  };
}
