/** `GET /api/v1/diff`: two ranges, and what is different in the second. */
import type { FastifyInstance } from 'fastify';
import { addRead } from '../../db/queries/run.ts';
import type { DiffResponse } from '../../model/api.ts';
import { printFilter } from '../../model/filter/print.ts';
import { compareDrops, compareEdges, compareNodes } from '../compare-ranges.ts';
import { parseDiffQuery, type DiffRequest } from '../request/parameters.ts';
import { type RouteContext, requestSignal, sendFailure } from './context.ts';
import { evidence } from './evidence.ts';

export function registerDiffRoute(app: FastifyInstance, context: RouteContext): void {
  app.get('/api/v1/diff', async (request, reply) => {
    const query = parseDiffQuery(request.query, context.clock.now());
    if (!query.ok) return sendFailure(reply, query.error);
    return answerDiff(query.value, context, requestSignal(reply, context.stopping));
  });
}

/** Of each range; as many as a map and a list of drops may have. */
const mostCompared = 5000;

async function answerDiff(
  { range, before, filter, grouping, threshold, limit }: DiffRequest,
  { store, clock }: RouteContext,
  signal: AbortSignal,
): Promise<DiffResponse> {
  const startedMs = clock.now();
  const mapOf = { filter, grouping, limit: mostCompared };
  const dropsOf = { filter, limit: mostCompared, sinceMs: null };
  const [edges, edgesBefore, drops, dropsBefore, coverage, coverageBefore] = await Promise.all([
    store.map({ ...mapOf, range }, signal),
    store.map({ ...mapOf, range: before }, signal),
    store.drops({ ...dropsOf, range }, signal),
    store.drops({ ...dropsOf, range: before }, signal),
    store.coverage(range, signal),
    store.coverage(before, signal),
  ]);
  const edgeChanges = compareEdges(
    { range: before, items: edgesBefore.edges, truncated: edgesBefore.truncated },
    { range, items: edges.edges, truncated: edges.truncated },
    threshold,
  );
  const dropChanges = compareDrops(
    { range: before, items: dropsBefore.groups, truncated: dropsBefore.truncated },
    { range, items: drops.groups, truncated: drops.truncated },
    threshold,
  );
  const read = [edges, edgesBefore, drops, dropsBefore].map((answer) => answer.read).reduce(addRead);
  const truncated =
    edgeChanges.changes.length > limit ||
    dropChanges.changes.length > limit ||
    edgeChanges.uncertain + dropChanges.uncertain > 0;
  const { resolution } = edges;
  return {
    range,
    before,
    filter: printFilter(filter),
    grouping,
    edges: edgeChanges.changes.slice(0, limit),
    drops: dropChanges.changes.slice(0, limit),
    nodes: compareNodes(
      { range: before, items: edgesBefore.nodes, truncated: edgesBefore.truncated },
      { range, items: edges.nodes, truncated: edges.truncated },
    ),
    totals: { edges: edgeChanges.changes.length, drops: dropChanges.changes.length },
    uncertain: { edges: edgeChanges.uncertain, drops: dropChanges.uncertain },
    evidence: evidence({ read, truncated, elapsedMs: clock.now() - startedMs, limit, coverage, resolution }),
    coverageBefore,
  };
}
