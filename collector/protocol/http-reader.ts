/**
 * Pairs the requests and responses of one HTTP/1.x connection, in order. A request is reported once: when its response's
 * head is complete, or when it stayed unanswered for too long.
 */
import type { Counters } from '../counters.ts';
import type { Budget } from './budget.ts';
import { startsLikeRequest, startsLikeResponse } from './detect.ts';
import { answerTimeoutNs, type HttpExchange, type Side } from './exchange.ts';
import { parseRequestHead, parseResponseHead, type RequestHead, type ResponseHead } from './http-head.ts';
import { createMessages, type Body, type LostCause, type MessageHandlers, type Messages } from './http-messages.ts';
import { createHttp2, type Http2 } from './http2-reader.ts';
import type { Redaction } from './redaction.ts';
import type { Reader, Segment, Wanted } from './reader.ts';
import { createStreams, type Streams } from './streams.ts';

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
  return new HttpReader(client, deps);
}

/** A class, because closures for each of many thousand connections cost memory that a prototype does not. */
class HttpReader implements Reader, MessageHandlers {
  private readonly client: Side;
  private readonly deps: HttpReaderDeps;
  private readonly requests: Messages;
  private readonly responses: Messages;
  private readonly streams: Streams;
  private readonly queue: Outstanding[] = [];
  private http2: Http2 | null = null;
  /** The connection became something else; nothing more will be read. */
  private isTunnel = false;
  /** Messages were lost since the last pair: order alone does not tell which request a response answers. */
  private isDoubtful = false;

  constructor(client: Side, deps: HttpReaderDeps) {
    this.client = client;
    this.deps = deps;
    this.requests = createMessages(startsLikeRequest, this, deps.budget);
    this.responses = createMessages(startsLikeResponse, this, deps.budget);
    this.streams = createStreams(client, this.requests, this.responses, deps.budget);
  }

  get wanted(): Wanted {
    if (this.http2 !== null) return 'turns';
    return this.isTunnel ? 'none' : 'all';
  }

  get outstanding(): number {
    return this.queue.length + (this.http2?.outstanding ?? 0);
  }

  feed(segment: Segment): void {
    this.streams.feed(segment);
  }

  sweep(nowNs: number): void {
    this.streams.sweep(nowNs);
    this.http2?.sweep(nowNs);
    for (const waiting of this.queue) if (nowNs - waiting.lastNs > answerTimeoutNs) this.giveUp(waiting);
  }

  end(): void {
    this.streams.end();
    this.http2?.end();
    this.requests.end();
    this.responses.end();
    for (const waiting of this.queue.splice(0)) this.giveUp(waiting);
  }

  head(of: Messages, text: string, firstNs: number, lastNs: number): Body | null {
    return of === this.requests ? this.onRequest(text, firstNs, lastNs) : this.onResponse(text, firstNs);
  }

  lost(cause: LostCause): void {
    if (cause === 'body') {
      this.deps.counters.add('http_bodies_skipped', 1);
      return;
    }
    this.deps.counters.add(`http_gave_up_${cause}`, 1);
    this.isDoubtful = true;
  }

  private onRequest(text: string, firstNs: number, lastNs: number): Body | null {
    const head = parseRequestHead(text, this.deps.redaction);
    if (head === undefined) return null;
    if (this.queue.length >= outstandingLimit) {
      this.deps.counters.add('http_gave_up_pipeline_limit', 1);
      this.isDoubtful = true;
    } else this.queue.push({ head, firstNs, lastNs, isReported: false });
    return head.body;
  }

  private onResponse(text: string, firstNs: number): Body | null {
    const { counters } = this.deps;
    const head = parseResponseHead(text);
    if (head === undefined) return null;
    // An interim response: the real one follows.
    if (head.status < 200 && head.status !== 101) return 0;
    const request = this.answered();
    if (head.status === 101 && head.upgrade === 'h2c') return this.becomeHttp2(request);
    if (request === undefined) counters.add('http_orphan_responses', 1);
    else if (request.isReported) counters.add('http_late_responses', 1);
    else this.report(request, head.status, Math.max(0, firstNs - request.lastNs));
    // Answered before its body was sent, which may now never come.
    if (this.queue.length === 0) this.requests.doubtBody();
    return this.responseBody(head, request?.head.method ?? '');
  }

  private report(request: Outstanding, status: number, latencyNs: number): void {
    request.isReported = true;
    const { method, host, path, protocol, traceId } = request.head;
    this.deps.onExchange({
      type: 'HTTP',
      client: this.client,
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
  }

  private giveUp(request: Outstanding): void {
    if (!request.isReported) this.report(request, 0, 0);
  }

  private answered(): Outstanding | undefined {
    if (this.isDoubtful) {
      // Without pipelining the response is to the latest request; those before it lost theirs.
      this.isDoubtful = false;
      for (const request of this.queue.splice(0, this.queue.length - 1)) this.giveUp(request);
    }
    return this.queue.shift();
  }

  private tunnel(): Body {
    this.isTunnel = true;
    this.requests.tunnel(null);
    return 'tunnel';
  }

  /** The request that asked for the upgrade is answered in HTTP/2. */
  private becomeHttp2(request: Outstanding | undefined): Body {
    const upgraded = createHttp2(this.client, this.deps);
    this.http2 = upgraded;
    this.requests.tunnel(upgraded.requests);
    this.responses.tunnel(upgraded.responses);
    if (request !== undefined && !request.isReported) {
      upgraded.open({ ...request.head, isGrpc: false, firstNs: request.firstNs, lastNs: request.lastNs });
    }
    return 'tunnel';
  }

  private responseBody(head: ResponseHead, method: string): Body {
    if (head.status === 101 || (method === 'CONNECT' && head.status < 300)) return this.tunnel();
    if (method === 'HEAD' || head.status === 204 || head.status === 304) return 0;
    return head.body === 'none' ? 'until_close' : head.body;
  }
}
