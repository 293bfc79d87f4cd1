/**
 * Pairs the requests and responses of one HTTP/1.x connection, in order. A request is reported once: when its response's
 * head is complete, or when it stayed unanswered for too long.
 */
import type { Counters } from '../counters.ts';
import type { Budget } from './budget.ts';
import { startsLikeRequest, startsLikeResponse } from './detect.ts';
import { answerTimeoutNs, type HttpExchange, type Side } from './exchange.ts';
import { parseRequestHead, parseResponseHead, type RequestHead, type ResponseHead } from './http-head.ts';
import { createMessages, type Body, type LostCause } from './http-messages.ts';
import { createHttp2, type Http2 } from './http2-reader.ts';
import type { Redaction } from './redaction.ts';
import type { Reader } from './reader.ts';
import { createStreams } from './streams.ts';

/** Requests of one connection that may wait for their responses. */
const outstandingLimit = 4096;

interface Outstanding {
  readonly head: RequestHead;
  readonly firstNs: number;
  readonly lastNs: number;
  isReported: boolean;
}

export interface HttpReaderDeps {
  readonly counters: Counters;
  readonly budget: Budget;
  readonly redaction: Redaction;
  onExchange(exchange: HttpExchange): void;
}

export function createHttpReader(client: Side, deps: HttpReaderDeps): Reader {
  const { counters, budget } = deps;
  const queue: Outstanding[] = [];
  let http2: Http2 | null = null;
  /** The connection became something else; nothing more will be read. */
  let isTunnel = false;
  /** Messages were lost since the last pair: order alone does not tell which request a response answers. */
  let isDoubtful = false;

  const report = (request: Outstanding, status: number, latencyNs: number): void => {
    request.isReported = true;
    const { method, host, path, protocol, traceId } = request.head;
    deps.onExchange({
      type: 'HTTP',
      client,
      isAnswered: status !== 0,
      requestNs: request.firstNs,
      latencyNs,
      method,
      host,
      path,
      status,
      protocol,
      traceId,
      grpcStatus: '',
      error: '',
    });
  };

  const giveUp = (request: Outstanding): void => {
    if (!request.isReported) report(request, 0, 0);
  };

  const lost = (cause: LostCause): void => {
    if (cause === 'body') {
      counters.add('http_bodies_skipped', 1);
      return;
    }
    counters.add(`http_gave_up_${cause}`, 1);
    isDoubtful = true;
  };

  const answered = (): Outstanding | undefined => {
    if (isDoubtful) {
      // Without pipelining the response is to the latest request; those before it lost theirs.
      isDoubtful = false;
      for (const request of queue.splice(0, queue.length - 1)) giveUp(request);
    }
    return queue.shift();
  };

  const tunnel = (): Body => {
    isTunnel = true;
    requests.tunnel(null);
    return 'tunnel';
  };

  /** The request that asked for the upgrade is answered in HTTP/2. */
  const becomeHttp2 = (request: Outstanding | undefined): Body => {
    const upgraded = createHttp2(client, deps);
    http2 = upgraded;
    requests.tunnel(upgraded.requests);
    responses.tunnel(upgraded.responses);
    if (request !== undefined && !request.isReported) {
      upgraded.open({ ...request.head, isGrpc: false, firstNs: request.firstNs, lastNs: request.lastNs });
    }
    return 'tunnel';
  };

  const responseBody = (head: ResponseHead, method: string): Body => {
    if (head.status === 101 || (method === 'CONNECT' && head.status < 300)) return tunnel();
    if (method === 'HEAD' || head.status === 204 || head.status === 304) return 0;
    return head.body === 'none' ? 'until_close' : head.body;
  };

  const requests = createMessages(
    startsLikeRequest,
    {
      head(text, firstNs, lastNs) {
        const head = parseRequestHead(text, deps.redaction);
        if (head === undefined) return null;
        if (queue.length >= outstandingLimit) {
          counters.add('http_gave_up_pipeline_limit', 1);
          isDoubtful = true;
        } else queue.push({ head, firstNs, lastNs, isReported: false });
        return head.body;
      },
      lost,
    },
    budget,
  );

  const responses = createMessages(
    startsLikeResponse,
    {
      head(text, firstNs) {
        const head = parseResponseHead(text);
        if (head === undefined) return null;
        // An interim response: the real one follows.
        if (head.status < 200 && head.status !== 101) return 0;
        const request = answered();
        if (head.status === 101 && head.upgrade === 'h2c') return becomeHttp2(request);
        if (request === undefined) counters.add('http_orphan_responses', 1);
        else if (request.isReported) counters.add('http_late_responses', 1);
        else report(request, head.status, Math.max(0, firstNs - request.lastNs));
        // Answered before its body was sent, which may now never come.
        if (queue.length === 0) requests.doubtBody();
        return responseBody(head, request?.head.method ?? '');
      },
      lost,
    },
    budget,
  );

  const streams = createStreams(client, requests, responses, budget);
  return {
    get wanted() {
      if (http2 !== null) return 'turns';
      return isTunnel ? 'none' : 'all';
    },
    get outstanding() {
      return queue.length + (http2?.outstanding ?? 0);
    },
    feed: (segment) => streams.feed(segment),
    sweep(nowNs) {
      streams.sweep(nowNs);
      http2?.sweep(nowNs);
      for (const waiting of queue) if (nowNs - waiting.lastNs > answerTimeoutNs) giveUp(waiting);
    },
    end() {
      streams.end();
      http2?.end();
      requests.end();
      responses.end();
      for (const waiting of queue.splice(0)) giveUp(waiting);
    },
  };
}
