/** `GET /api/v1/health`: always answers, also while the store does not. */
import type { FastifyInstance } from 'fastify';
import type { Storage } from '../../db/queries/storage.ts';
import type { Health } from '../../model/api.ts';
import { StoreError } from '../failure.ts';
import { type HealthFacts, assessHealth } from '../health.ts';
import { noParameters, parseParameters } from '../request/parameters.ts';
import { type RouteContext, requestSignal, sendFailure } from './context.ts';

/** A store that takes longer to say its version is as good as down to whoever waits. */
const patienceMs = 3000;

export function registerHealthRoute(app: FastifyInstance, context: RouteContext): void {
  app.get('/api/v1/health', async (request, reply) => {
    const query = parseParameters(noParameters, request.query);
    if (!query.ok) return sendFailure(reply, query.error);
    return readHealth(context, requestSignal(reply, context.stopping));
  });
}

async function readHealth(context: RouteContext, request: AbortSignal): Promise<Health> {
  const { store, clock, facts } = context;
  const signal = AbortSignal.any([request, AbortSignal.timeout(patienceMs)]);
  const base = { version: facts.version, nowMs: clock.now() };
  const storeFacts = { url: facts.storeUrl, embedded: facts.storeEmbedded, retention: facts.retention() };
  const silent = (problem: string, version: string | null): HealthFacts => ({
    ...base,
    store: { ...storeFacts, version, problem, storage: null },
    newestFlowMs: null,
    nodes: [],
  });
  let version: string | null = null;
  try {
    version = await store.version(signal);
    const schemaProblem = facts.schemaProblem();
    if (schemaProblem !== null) return assessHealth(silent(schemaProblem, version));
    const [nodes, newestFlowMs, storage] = await Promise.all([
      store.status(signal),
      store.newestFlowMs(signal),
      readStorage(context, signal),
    ]);
    return assessHealth({ ...base, store: { ...storeFacts, version, problem: null, storage }, newestFlowMs, nodes });
  } catch (error) {
    if (!(error instanceof StoreError) || request.aborted) throw error;
    context.metrics.storeErrors.inc({ code: error.code });
    const problem =
      error.code === 'cancelled' ? `the store did not answer within ${patienceMs / 1000} s` : error.message;
    return assessHealth(silent(problem, version));
  }
}

/** Whoever may not read the system tables of a managed server still learns the rest. */
async function readStorage({ store, metrics }: RouteContext, signal: AbortSignal): Promise<Storage | null> {
  try {
    return await store.storage(signal);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code === 'cancelled') throw error;
    metrics.storeErrors.inc({ code: error.code });
    return null;
  }
}
