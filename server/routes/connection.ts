/** `GET /api/v1/connection`: one connection as each end reported it, side by side. */
import type { FastifyInstance } from 'fastify';
import type { ConnectionInput } from '../../db/queries/flows.ts';
import type { ConnectionEnd, ConnectionResponse, Flow } from '../../model/api.ts';
import { renderFlow } from '../render-flow.ts';
import { parseConnectionQuery } from '../request/parameters.ts';
import { type RouteContext, requestSignal, sendFailure } from './context.ts';
import { evidence } from './evidence.ts';

export function registerConnectionRoute(app: FastifyInstance, context: RouteContext): void {
  app.get('/api/v1/connection', async (request, reply) => {
    const query = parseConnectionQuery(request.query, context.clock.now());
    if (!query.ok) return sendFailure(reply, query.error);
    return answerConnection(query.value, context, requestSignal(reply, context.stopping));
  });
}

async function answerConnection(
  query: ConnectionInput,
  { store, clock }: RouteContext,
  signal: AbortSignal,
): Promise<ConnectionResponse> {
  const startedMs = clock.now();
  const [answer, coverage] = await Promise.all([store.connection(query, signal), store.coverage(query.range, signal)]);
  const flows = answer.rows.map(renderFlow);
  const { read, truncated } = answer;
  return {
    id: query.connectionId,
    range: query.range,
    ends: endsOf(flows),
    flows,
    evidence: evidence({ read, truncated, elapsedMs: clock.now() - startedMs, limit: query.limit, coverage }),
  };
}

/** By node and the end it counted at, in order of their first row. */
function endsOf(flows: readonly Flow[]): ConnectionEnd[] {
  const ends = new Map<string, Flow[]>();
  for (const flow of flows) {
    const key = JSON.stringify([flow.node, flow.reporter]);
    const rows = ends.get(key);
    if (rows === undefined) ends.set(key, [flow]);
    else rows.push(flow);
  }
  return [...ends.values()].flatMap((rows) => {
    const [first] = rows;
    return first === undefined ? [] : [endOf(first, rows)];
  });
}

function isExchange({ kind }: Flow): boolean {
  return kind === 'l7_request' || kind === 'l7_response';
}

function endOf({ node, reporter }: Flow, rows: readonly Flow[]): ConnectionEnd {
  const counters = rows.filter((row) => !isExchange(row) && row.kind !== 'drop');
  const drops = rows.filter(({ kind }) => kind === 'drop');
  const bytes = (of: 'bytesToDst' | 'bytesToSrc'): string =>
    String(counters.reduce((sum, row) => sum + BigInt(row[of]), 0n));
  const sum = (of: readonly Flow[], value: (row: Flow) => number): number =>
    of.reduce((total, row) => total + value(row), 0);
  const times = rows.map(({ time }) => Date.parse(time));
  return {
    node,
    reporter,
    rows: rows.length,
    bytesToDst: bytes('bytesToDst'),
    bytesToSrc: bytes('bytesToSrc'),
    packetsToDst: sum(counters, (row) => row.packetsToDst),
    packetsToSrc: sum(counters, (row) => row.packetsToSrc),
    retransmits: sum(counters, (row) => row.retransmits),
    exchanges: rows.filter(isExchange).length,
    droppedPackets: sum(drops, (row) => row.packetsToDst + row.packetsToSrc),
    firstMs: Math.min(...times),
    lastMs: Math.max(...times),
  };
}
