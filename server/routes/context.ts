/** What every route of the API works with, and how it asks the store on behalf of one request. */
import type { FastifyReply } from 'fastify';
import { type Failure, failureBody, retryAfterSeconds, statusOf } from '../failure.ts';
import type { Feed } from '../live/feed.ts';
import type { RetentionState } from '../../db/retention/retention.ts';
import type { Metrics } from '../metrics.ts';
import type { Store } from '../store.ts';

export interface RouteContext {
  readonly store: Store;
  readonly feed: Feed;
  readonly metrics: Metrics;
  readonly clock: { now(): number };
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
  readonly facts: {
    readonly version: string;
    /** Without user and password. */
    readonly storeUrl: string;
    readonly storeEmbedded: boolean;
    /** What keeps the tables from being there; null when they are. */
    readonly schemaProblem: () => string | null;
    readonly retention: () => RetentionState;
  };
}

/** Aborts when the client goes away or the server stops: what the store still does for it is of no use. */
export function requestSignal(reply: FastifyReply, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return AbortSignal.any([gone.signal, stopping]);
}

export function sendFailure(reply: FastifyReply, failure: Failure): FastifyReply {
  const seconds = retryAfterSeconds(failure.code);
  if (seconds !== null) void reply.header('retry-after', seconds);
  return reply.code(statusOf(failure.code)).header('cache-control', 'no-store').send(failureBody(failure));
}
