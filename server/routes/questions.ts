/**
 * Questions about a range that are answered with sums: `GET /api/v1/series`, `GET /api/v1/top` and
 * `GET /api/v1/drops`.
 */
import type { FastifyInstance } from 'fastify';
import type { DropsInput } from '../../db/queries/drops.ts';
import { addRead } from '../../db/queries/run.ts';
import type { TopInput } from '../../db/queries/top.ts';
import type { DropsResponse, SeriesResponse, TopResponse } from '../../model/api.ts';
import { printFilter } from '../../model/filter/print.ts';
import { parseDropsQuery, parseSeriesQuery, parseTopQuery, type SeriesRequest } from '../request/parameters.ts';
import type { Range } from '../../db/queries/range.ts';
import { type RouteContext, requestSignal, sendFailure } from './context.ts';
import { evidence } from './evidence.ts';

export function registerQuestionRoutes(app: FastifyInstance, context: RouteContext): void {
  const { clock, stopping } = context;
  app.get('/api/v1/series', async (request, reply) => {
    const query = parseSeriesQuery(request.query, clock.now());
    if (!query.ok) return sendFailure(reply, query.error);
    return answerSeries(query.value, context, requestSignal(reply, stopping));
  });
  app.get('/api/v1/top', async (request, reply) => {
    const query = parseTopQuery(request.query, clock.now());
    if (!query.ok) return sendFailure(reply, query.error);
    return answerTop(query.value, context, requestSignal(reply, stopping));
  });
  app.get('/api/v1/drops', async (request, reply) => {
    const query = parseDropsQuery(request.query, clock.now());
    if (!query.ok) return sendFailure(reply, query.error);
    return answerDrops(query.value, context, requestSignal(reply, stopping));
  });
}

function before({ fromMs, toMs }: Range): Range {
  return { fromMs: fromMs - (toMs - fromMs), toMs: fromMs };
}

async function answerSeries(
  { query, wantsPrevious }: SeriesRequest,
  { store, clock }: RouteContext,
  signal: AbortSignal,
): Promise<SeriesResponse> {
  const startedMs = clock.now();
  const [answer, earlier, coverage] = await Promise.all([
    store.series(query, signal),
    wantsPrevious ? store.series({ ...query, range: before(query.range) }, signal) : null,
    store.coverage(query.range, signal),
  ]);
  const read = earlier === null ? answer.read : addRead(answer.read, earlier.read);
  const facts = { read, truncated: false, limit: query.points, resolution: answer.resolution, coverage };
  return {
    range: query.range,
    filter: printFilter(query.filter),
    stepMs: answer.stepMs,
    points: [...answer.points],
    previous: earlier === null ? null : [...earlier.points],
    evidence: evidence({ ...facts, elapsedMs: clock.now() - startedMs }),
  };
}

async function answerDrops(
  query: DropsInput,
  { store, clock }: RouteContext,
  signal: AbortSignal,
): Promise<DropsResponse> {
  const startedMs = clock.now();
  const [answer, coverage] = await Promise.all([store.drops(query, signal), store.coverage(query.range, signal)]);
  return {
    range: query.range,
    filter: printFilter(query.filter),
    groups: [...answer.groups],
    totals: answer.totals,
    trendStepMs: answer.stepMs,
    evidence: evidence({ ...answer, elapsedMs: clock.now() - startedMs, limit: query.limit, coverage }),
  };
}

async function answerTop(query: TopInput, { store, clock }: RouteContext, signal: AbortSignal): Promise<TopResponse> {
  const startedMs = clock.now();
  const [answer, coverage] = await Promise.all([store.top(query, signal), store.coverage(query.range, signal)]);
  const { groups, total, stepMs } = answer;
  // Percentiles do not add up.
  const hasShares = query.measure !== 'latency' && total.value > 0;
  const listed = (points: readonly number[] | null): number[] | null => (points === null ? null : [...points]);
  return {
    range: query.range,
    filter: printFilter(query.filter),
    by: query.by,
    measure: query.measure,
    stepMs,
    groups: groups.map(({ key, value, points }) => ({
      key: [...key],
      value,
      points: listed(points),
      share: hasShares ? value / total.value : null,
    })),
    total: { ...total, points: listed(total.points) },
    evidence: evidence({ ...answer, elapsedMs: clock.now() - startedMs, limit: query.limit, coverage }),
  };
}
