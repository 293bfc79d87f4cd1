/** A request and its answer, as the protocol parsers report them. Times are monotonic nanoseconds. */

/** 0 is `a` of the flow key, 1 is `b`. */
export type Side = 0 | 1;

export function otherSide(side: Side): Side {
  return side === 0 ? 1 : 0;
}

interface Exchanged {
  readonly client: Side;
  /** False: nothing came back in time, or the connection ended first. */
  readonly isAnswered: boolean;
  readonly requestNs: number;
  readonly latencyNs: number;
}

export interface HttpExchange extends Exchanged {
  readonly type: 'HTTP' | 'GRPC';
  readonly method: string;
  readonly host: string;
  /** Empty when it was compressed with what came before we joined. */
  readonly path: string;
  /** 0 when unanswered. */
  readonly status: number;
  readonly protocol: string;
  readonly traceId: string;
  /** Name of the status in a gRPC call's trailers; empty when there was none. */
  readonly grpcStatus: string;
  /** Name of the code with which a stream was reset; empty when it was not. */
  readonly error: string;
}

export interface DnsExchange extends Exchanged {
  readonly type: 'DNS';
  readonly name: string;
  readonly queryType: string;
  /** Empty when unanswered. */
  readonly rcode: string;
  readonly answers: readonly string[];
  /** Names that the name asked for is an alias of, in their order. */
  readonly aliases: readonly string[];
  readonly ttl: number;
  /** `TRUNCATED` when the server left records out, so that the client asks again over TCP. */
  readonly error: string;
}

/** A command to a database or broker. Nothing of its values is kept. */
export interface CommandExchange extends Exchanged {
  readonly type: 'POSTGRESQL' | 'MYSQL' | 'REDIS' | 'MONGODB' | 'KAFKA';
  readonly command: string;
  /** Table, database, collection or topic; empty when the bytes do not tell. */
  readonly resource: string;
  /** As the server names it; empty when there was none. */
  readonly error: string;
}

export type Exchange = HttpExchange | DnsExchange | CommandExchange;

/** After this an unanswered request is reported as such. */
export const answerTimeoutNs = 10e9;
