/**
 * `GET /api/v1/export`: every flow of a range as a stream, newest first. It is read page by page and no faster than the
 * client takes it; a client that goes away ends the reading, and a store that fails breaks the transfer off, so that
 * no part is taken for the whole.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { exportLines } from '../../hubble/flow-json.ts';
import { csvLine } from '../../model/csv.ts';
import type { FlowRow } from '../../model/flow-row.ts';
import { renderFlow } from '../render-flow.ts';
import { parseExportQuery, type ExportRequest } from '../request/parameters.ts';
import type { FlowCursor, Store } from '../store.ts';
import { type RouteContext, requestSignal, sendFailure } from './context.ts';

const types = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/x-ndjson',
  hubble: 'application/x-ndjson',
} as const;

export function registerExportRoute(app: FastifyInstance, { store, clock, stopping }: RouteContext): void {
  app.get('/api/v1/export', async (request, reply) => {
    const query = parseExportQuery(request.query, clock.now());
    if (!query.ok) return sendFailure(reply, query.error);
    const signal = requestSignal(reply, stopping);
    // The first page is asked for before the headers go out: what fails at once fails with a sentence.
    const pages = pagesOf(query.value, store, signal);
    const first = await pages.next();
    const body = Readable.from(textOf(first, pages, query.value), { objectMode: false });
    void reply.header('content-disposition', `attachment; filename="flows.${query.value.format}"`);
    return reply.type(types[query.value.format]).send(body);
  });
}

const pageRows = 5000;

type Page = readonly FlowRow[];

async function* pagesOf({ range, filter }: ExportRequest, store: Store, signal: AbortSignal): AsyncGenerator<Page> {
  let before: FlowCursor | null = null;
  do {
    const page: Awaited<ReturnType<Store['flows']>> = await store.flows(
      { range, filter, limit: pageRows, before },
      signal,
    );
    yield page.rows;
    before = page.next;
  } while (before !== null);
}

async function* textOf(
  first: IteratorResult<Page>,
  others: AsyncGenerator<Page>,
  request: ExportRequest,
): AsyncGenerator<string> {
  if (request.format === 'csv') yield `${csvLine(request.columns)}\n`;
  if (first.done === true) return;
  const text = linesOf(first.value, request);
  if (text !== '') yield text;
  for await (const page of others) yield linesOf(page, request);
}

function linesOf(rows: Page, { format, columns }: ExportRequest): string {
  const lines =
    format === 'hubble' ? exportLines(rows.map(renderFlow)) : rows.map((row) => lineOf(row, format, columns));
  return lines.map((line) => `${line}\n`).join('');
}

function lineOf(row: FlowRow, format: 'csv' | 'jsonl', columns: ExportRequest['columns']): string {
  if (format === 'jsonl') return JSON.stringify(Object.fromEntries(columns.map((name) => [name, row[name]])));
  return csvLine(
    columns.map((name) => {
      const value = row[name];
      return typeof value === 'object' ? JSON.stringify(value) : value;
    }),
  );
}
