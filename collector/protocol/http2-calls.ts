/**
 * The requests of one HTTP/2 connection by their streams. An HTTP exchange is reported when the head of its response is
 * there, and its latency ends with that. A gRPC call is reported when its trailers are there, for only they tell how it
 * went, and its latency is that of the whole call.
 */
import type { Counters } from '../counters.ts';
import { answerTimeoutNs, type HttpExchange, type Side } from './exchange.ts';
import { grpcStatusName, isGrpc } from './grpc-status.ts';
import { traceIdOf } from './http-head.ts';

/** The fields of a header block that matter here; absent ones are empty. */
export interface Fields {
  method: string;
  path: string;
  host: string;
  status: string;
  contentType: string;
  grpcStatus: string;
  traceparent: string;
}

export interface Call {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly traceId: string;
  readonly isGrpc: boolean;
  readonly firstNs: number;
  readonly lastNs: number;
}

interface Stream extends Call {
  /** 0 until the head of the response is there. */
  status: number;
  isAnswered: boolean;
  isGrpcAnswer: boolean;
  answeredNs: number;
}

export interface CallsDeps {
  readonly counters: Counters;
  onExchange(exchange: HttpExchange): void;
}

export interface Calls {
  readonly outstanding: number;
  open(stream: number, call: Call): void;
  /** A block of fields from the server: the head, or the trailers. */
  answer(stream: number, fields: Fields, isLast: boolean, atNs: number): void;
  /** The server sent the last bytes of a body. */
  finish(stream: number, atNs: number): void;
  reset(stream: number, error: string, atNs: number): void;
  /** The server will not answer streams above `last`. */
  refuseAbove(last: number, error: string): void;
  sweep(nowNs: number): void;
  end(): void;
}

const streamsLimit = 4096;

export function callOf(fields: Fields, firstNs: number, lastNs: number): Call {
  return {
    method: fields.method,
    host: fields.host,
    path: fields.path,
    traceId: traceIdOf(fields.traceparent),
    isGrpc: isGrpc(fields.contentType),
    firstNs,
    lastNs,
  };
}

export function createCalls(client: Side, deps: CallsDeps): Calls {
  const streams = new Map<number, Stream>();

  const report = (id: number, stream: Stream, atNs: number, grpcStatus: string, error: string): void => {
    streams.delete(id);
    deps.onExchange({
      type: stream.isGrpc || stream.isGrpcAnswer || grpcStatus !== '' ? 'GRPC' : 'HTTP',
      client,
      isAnswered: stream.isAnswered,
      requestNs: stream.firstNs,
      latencyNs: stream.isAnswered ? Math.max(0, atNs - stream.lastNs) : 0,
      method: stream.method,
      host: stream.host,
      path: stream.path,
      status: stream.status,
      protocol: 'HTTP/2',
      traceId: stream.traceId,
      grpcStatus,
      error,
    });
  };

  return {
    get outstanding() {
      return streams.size;
    },
    open(id, { method, host, path, traceId, isGrpc: isCall, firstNs, lastNs }) {
      // Trailers of a request that is known already.
      if (streams.has(id)) return;
      if (streams.size >= streamsLimit) deps.counters.add('http2_gave_up_stream_limit', 1);
      else {
        const call = { method, host, path, traceId, isGrpc: isCall, firstNs, lastNs };
        streams.set(id, { ...call, status: 0, isAnswered: false, isGrpcAnswer: false, answeredNs: 0 });
      }
    },
    answer(id, fields, isLast, atNs) {
      const stream = streams.get(id);
      if (stream === undefined) {
        if (fields.status !== '') deps.counters.add('http2_orphan_responses', 1);
        return;
      }
      const status = /^[1-9]\d\d$/.test(fields.status) ? Number(fields.status) : 0;
      // An interim response: the real one follows.
      if (status >= 100 && status < 200) return;
      if (!stream.isAnswered) {
        stream.isAnswered = true;
        stream.status = status;
        stream.isGrpcAnswer = isGrpc(fields.contentType);
        stream.answeredNs = atNs;
      }
      const grpcStatus = grpcStatusName(fields.grpcStatus);
      if (isLast || grpcStatus !== '' || !(stream.isGrpc || stream.isGrpcAnswer)) {
        report(id, stream, atNs, grpcStatus, '');
      }
    },
    finish(id, atNs) {
      const stream = streams.get(id);
      if (stream !== undefined) report(id, stream, atNs, '', '');
    },
    reset(id, error, atNs) {
      const stream = streams.get(id);
      if (stream !== undefined) report(id, stream, atNs, '', error);
    },
    refuseAbove(last, error) {
      for (const [id, stream] of streams) if (id > last) report(id, stream, 0, '', error);
    },
    sweep(nowNs) {
      for (const [id, stream] of streams) {
        // A call may last as long as it likes.
        if (!stream.isGrpc && nowNs - stream.lastNs > answerTimeoutNs) report(id, stream, stream.answeredNs, '', '');
      }
    },
    end() {
      for (const [id, stream] of streams) report(id, stream, stream.answeredNs, '', '');
    },
  };
}
