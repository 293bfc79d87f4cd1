/** `GET /api/v1/live`: the feed as an event stream, filtered for this client. */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { evaluateFilter } from '../../model/filter/evaluate.ts';
import { type Stream, createStream } from '../live/stream.ts';
import { type LiveQuery, parseLiveQuery } from '../request/parameters.ts';
import { closedPolicy, securityHeaders } from '../static/content-security.ts';
import { type RouteContext, sendFailure } from './context.ts';

export const livePath = '/api/v1/live';
const maxStreams = 256;
const maxFlowsPerEvent = 500;
/** About as many seconds. */
const maxStalledEvents = 30;

const headers = {
  ...securityHeaders,
  'content-security-policy': closedPolicy,
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Proxies that gather answers would hold the events back.
  'x-accel-buffering': 'no',
};

export function registerLiveRoute(app: FastifyInstance, context: RouteContext): void {
  const streams = new Set<Stream>();
  context.stopping.addEventListener('abort', () => {
    for (const stream of streams) stream.end();
  });
  app.get(livePath, { exposeHeadRoute: false }, (request, reply) => {
    const query = parseLiveQuery(request.query);
    if (!query.ok) return sendFailure(reply, query.error);
    if (streams.size >= maxStreams) {
      return sendFailure(reply, { code: 'too_many_streams', message: `${maxStreams} live streams are open already` });
    }
    reply.hijack();
    openStream(query.value, reply.raw, streams, context);
    return reply;
  });
}

function openStream(query: LiveQuery, response: ServerResponse, streams: Set<Stream>, context: RouteContext): void {
  const { metrics, feed } = context;
  response.writeHead(200, headers);
  // Tells EventSource how long to wait before it connects again, and sends the headers off.
  response.write('retry: 2000\n\n');
  const stream = createStream(
    {
      passes: evaluateFilter(query.filter),
      wantsFlows: query.wantsFlows,
      maxFlows: maxFlowsPerEvent,
      maxStalled: maxStalledEvents,
    },
    response,
  );
  streams.add(stream);
  metrics.liveClients.inc();
  const unsubscribe = feed.subscribe(stream);
  response.on('close', () => {
    unsubscribe();
    streams.delete(stream);
    metrics.liveClients.dec();
    metrics.liveSkipped.inc(stream.skipped);
  });
}
