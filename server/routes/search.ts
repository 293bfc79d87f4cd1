/** `GET /api/v1/map` and `GET /api/v1/flows`: parse, ask, render. */
import type { FastifyInstance } from 'fastify';
import { exportLines } from '../../hubble/flow-json.ts';
import type { FlowsResponse, MapResponse } from '../../model/api.ts';
import { printFilter } from '../../model/filter/print.ts';
import { renderFlow } from '../render-flow.ts';
import { cursorHeader, printCursor } from '../request/cursor.ts';
import { parseFlowsQuery, parseMapQuery } from '../request/parameters.ts';
import type { FlowsQuery, MapQuery } from '../store.ts';
import { evidence } from './evidence.ts';
import { type RouteContext, requestSignal, sendFailure } from './context.ts';

const linesType = 'application/x-ndjson';

export function registerSearchRoutes(app: FastifyInstance, context: RouteContext): void {
  const { clock, stopping } = context;
  app.get('/api/v1/map', async (request, reply) => {
    const query = parseMapQuery(request.query, clock.now());
    if (!query.ok) return sendFailure(reply, query.error);
    return answerMap(query.value, context, requestSignal(reply, stopping));
  });
  app.get('/api/v1/flows', async (request, reply) => {
    const parsed = parseFlowsQuery(request.query, clock.now());
    if (!parsed.ok) return sendFailure(reply, parsed.error);
    const { query, format } = parsed.value;
    const signal = requestSignal(reply, stopping);
    if (format === 'json') return answerFlows(query, context, signal);
    const { lines, cursor } = await answerHubble(query, context, signal);
    if (cursor !== null) void reply.header(cursorHeader, cursor);
    return reply.type(linesType).send(lines);
  });
}

async function answerMap(query: MapQuery, context: RouteContext, signal: AbortSignal): Promise<MapResponse> {
  const startedMs = context.clock.now();
  const [answer, coverage] = await Promise.all([
    context.store.map(query, signal),
    context.store.coverage(query.range, signal),
  ]);
  const elapsedMs = context.clock.now() - startedMs;
  return {
    range: query.range,
    grouping: query.grouping,
    filter: printFilter(query.filter),
    nodes: [...answer.nodes],
    edges: [...answer.edges],
    budget: answer.budget,
    evidence: evidence({ ...answer, elapsedMs, limit: query.limit, coverage }),
  };
}

async function answerFlows(query: FlowsQuery, context: RouteContext, signal: AbortSignal): Promise<FlowsResponse> {
  const startedMs = context.clock.now();
  const [answer, coverage] = await Promise.all([
    context.store.flows(query, signal),
    context.store.coverage(query.range, signal),
  ]);
  const elapsedMs = context.clock.now() - startedMs;
  const truncated = answer.next !== null;
  return {
    range: query.range,
    filter: printFilter(query.filter),
    flows: answer.rows.map(renderFlow),
    cursor: answer.next === null ? null : printCursor(answer.next),
    evidence: evidence({ read: answer.read, truncated, elapsedMs, limit: query.limit, coverage }),
  };
}

/** Hubble's export has no place for a cursor or for evidence: the one goes into a header, the other is left out. */
async function answerHubble(
  query: FlowsQuery,
  { store }: RouteContext,
  signal: AbortSignal,
): Promise<{ lines: string; cursor: string | null }> {
  const { rows, next } = await store.flows(query, signal);
  const lines = exportLines(rows.map(renderFlow)).map((line) => `${line}\n`);
  return { lines: lines.join(''), cursor: next === null ? null : printCursor(next) };
}
