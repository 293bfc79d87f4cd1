/**
 * `GET /api/v1/export`: every flow of a range as one transfer, and `GET /api/v1/export/plan`: how much that would be. The
 * store writes the format and the bytes pass through, slice by slice and no faster than the client takes them; a client that goes
 * away ends the reading, and a store that fails breaks the transfer off, so that no part is taken for the whole.
 */
import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { storeFormats, type ExportPlan, type Slice } from '../../db/queries/export.ts';
import type { Range } from '../../db/queries/range.ts';
import { exportLines } from '../../hubble/flow-json.ts';
import { csvLine } from '../../model/csv.ts';
import type { ExportPlanResponse } from '../../model/api.ts';
import { printFilter } from '../../model/filter/print.ts';
import { renderFlow } from '../render-flow.ts';
import { parseExportQuery, type ExportRequest } from '../request/parameters.ts';
import type { FlowCursor, Store } from '../store.ts';
import { type RouteContext, requestSignal, sendFailure } from './context.ts';
import { evidence } from './evidence.ts';

const types = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/x-ndjson',
  hubble: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.file',
} as const;

/** Behind the last byte: of all bytes before it. A transfer that was broken off has none. */
export const digestTrailer = 'x-palomar-sha256';
/** As many as there were when the transfer began. */
export const rowsHeader = 'x-palomar-rows';

export function registerExportRoute(app: FastifyInstance, context: RouteContext): void {
  const { store, clock, stopping } = context;
  app.get('/api/v1/export', async (request, reply) => {
    const query = parseExportQuery(request.query, clock.now());
    if (!query.ok) return sendFailure(reply, query.error);
    const signal = requestSignal(reply, stopping);
    const plan = await store.exportPlan(query.value, signal);
    // The first bytes are asked for before the headers go out: what fails at once fails with a sentence.
    const chunks = bytesOf(query.value, plan, store, signal);
    const first = await chunks.next();
    const hash = createHash('sha256');
    void reply
      .header('content-disposition', `attachment; filename="flows.${query.value.format}"`)
      .header(rowsHeader, plan.rows);
    addDigest(reply, hash);
    return reply
      .type(types[query.value.format])
      .send(Readable.from(hashed(first, chunks, hash), { objectMode: false }));
  });
  app.get('/api/v1/export/plan', async (request, reply) => {
    const query = parseExportQuery(request.query, clock.now());
    if (!query.ok) return sendFailure(reply, query.error);
    return answerPlan(query.value, context, requestSignal(reply, stopping));
  });
}

function addDigest(reply: FastifyReply, hash: Hash): void {
  reply.trailer(digestTrailer, (_reply, _payload, done) => {
    done(null, hash.digest('hex'));
  });
}

async function* hashed(
  first: IteratorResult<Uint8Array>,
  others: AsyncGenerator<Uint8Array>,
  hash: Hash,
): AsyncGenerator<Uint8Array> {
  if (first.done === true) return;
  hash.update(first.value);
  yield first.value;
  for await (const chunk of others) {
    hash.update(chunk);
    yield chunk;
  }
}

async function* bytesOf(
  request: ExportRequest,
  plan: ExportPlan,
  store: Store,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { format, columns } = request;
  if (format === 'hubble') {
    yield* hubbleLines(request, store, signal);
    return;
  }
  if (format === 'csv') yield Buffer.from(`${csvLine(columns)}\n`);
  const ranges = storeFormats[format].isWhole ? [request.range] : plan.slices;
  const read = (range: Range | undefined): Promise<AsyncIterable<Uint8Array>> | null => {
    return range === undefined ? null : store.exportBytes({ ...request, format, range }, signal);
  };
  // The store writes the next slice while this one goes out.
  let coming = read(ranges[0]);
  for (let at = 1; coming !== null; at += 1) {
    const slice = await coming;
    coming = read(ranges[at]);
    // It fails where it is awaited, unless this one fails first.
    coming?.catch(() => undefined);
    yield* slice;
  }
}

const pageRows = 5000;

async function* hubbleLines(
  { range, filter }: ExportRequest,
  store: Store,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let before: FlowCursor | null = null;
  do {
    const page: Awaited<ReturnType<Store['flows']>> = await store.flows(
      { range, filter, limit: pageRows, before },
      signal,
    );
    const lines = exportLines(page.rows.map(renderFlow)).map((line) => `${line}\n`);
    if (lines.length > 0) yield Buffer.from(lines.join(''));
    before = page.next;
  } while (before !== null);
}

/** What so many rows weigh tells what all do. */
const sampleRows = 1000;

async function answerPlan(
  request: ExportRequest,
  { store, clock }: RouteContext,
  signal: AbortSignal,
): Promise<ExportPlanResponse> {
  const startedMs = clock.now();
  const { range, filter, format, columns } = request;
  const [plan, coverage] = await Promise.all([store.exportPlan(request, signal), store.coverage(range, signal)]);
  const { rows, slices } = plan;
  const newest = slices[0];
  const read = { read: plan.read, truncated: false, limit: rows, coverage };
  return {
    range,
    filter: printFilter(filter),
    format,
    columns: format === 'hubble' ? [] : [...columns],
    rows,
    bytes: newest === undefined ? 0 : await bytesEstimate(request, rows, newest, store, signal),
    slices: format !== 'hubble' && storeFormats[format].isWhole ? [] : slices.map((slice) => ({ ...slice })),
    evidence: evidence({ ...read, elapsedMs: clock.now() - startedMs }),
  };
}

async function bytesEstimate(
  request: ExportRequest,
  rows: number,
  newest: Slice,
  store: Store,
  signal: AbortSignal,
): Promise<number> {
  const { format } = request;
  const sampled = Math.min(sampleRows, newest.rows);
  let bytes = 0;
  if (format === 'hubble') {
    const { rows: page } = await store.flows({ ...request, limit: sampled, before: null }, signal);
    bytes = exportLines(page.map(renderFlow)).reduce((sum, line) => sum + line.length + 1, 0);
  } else {
    const sample = await store.exportBytes({ ...request, format, range: newest }, signal, sampled);
    for await (const chunk of sample) bytes += chunk.length;
  }
  return Math.round((bytes / sampled) * rows);
}
