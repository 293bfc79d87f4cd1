/** A request and its answer, as the protocol parsers report them. Times are monotonic nanoseconds. */

/** 0 is `a` of the flow key, 1 is `b`. */
export type Side = 0 | 1;

interface Exchanged {
  readonly client: Side;
  /** False: nothing came back in time, or the connection ended first. */
  readonly isAnswered: boolean;
  readonly requestNs: number;
  readonly latencyNs: number;
}

export interface HttpExchange extends Exchanged {
  readonly type: 'HTTP';
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** 0 when unanswered. */
  readonly status: number;
  readonly protocol: string;
  readonly traceId: string;
}

export interface DnsExchange extends Exchanged {
  readonly type: 'DNS';
  readonly name: string;
  readonly queryType: string;
  /** Empty when unanswered. */
  readonly rcode: string;
  readonly answers: readonly string[];
  readonly ttl: number;
}

export type Exchange = HttpExchange | DnsExchange;

/** After this an unanswered request is reported as such. */
export const answerTimeoutNs = 10e9;
