/** Runs one statement in the way its kind needs: rows from a file, a stream, a document in memory or in a file. */
import { createReadStream } from 'node:fs';
import type { Engine, Query } from './engine.ts';
import { goesThroughFile, isStreamable, mediaType } from './formats.ts';
import type { StoreRequest } from './request.ts';
import { quote, type Setup } from './session-setup.ts';
import type { Spool } from './spool.ts';

export interface Answer {
  readonly format: string;
  readonly mediaType: string;
  /** JSON of X-ClickHouse-Summary. */
  readonly summary: string;
  /** Null when there is nothing to send. */
  readonly body: AsyncIterable<Uint8Array> | null;
}

interface Figures {
  readonly rows: number;
  readonly bytes: number;
  readonly elapsedSeconds: number;
}

type Send = (answer: Answer) => Promise<void>;

/** `send` gets the answer when the status is certain to be 200, and is awaited while the answer's source is open. */
export async function answer(
  deps: { readonly engine: Engine; readonly spool: Spool },
  request: StoreRequest,
  setup: Setup,
  signal: AbortSignal,
  send: Send,
): Promise<void> {
  const { engine, spool } = deps;
  const { statement, text } = request;
  const { prelude } = setup;

  if (statement.kind === 'insert') {
    await spool.withBody(request.data, signal, async (path, bytes) => {
      if (bytes === 0) {
        await send({ ...plain('Null'), summary: summary('insert', nothing), body: null });
        return;
      }
      const from = `FROM INFILE ${quote(path)} COMPRESSION 'none'`;
      const insert = `${statement.head} ${from} ${statement.settings} FORMAT ${statement.format}`;
      const { rowsRead, elapsed } = await engine.run({ prelude, text: insert, format: 'Null' }, signal);
      const figures = { rows: rowsRead, bytes, elapsedSeconds: elapsed };
      await send({ ...plain('Null'), summary: summary('insert', figures), body: null });
    });
    return;
  }

  const format = statement.format ?? setup.defaultFormat;
  const query: Query = { prelude, text, format };
  // What is to be complete before it is sent is not held in memory, if it may be large.
  const isAwaited = setup.waitsForEnd && isStreamable(format);
  if (statement.kind === 'select' && (isAwaited || goesThroughFile(format))) {
    await spool.withFile(async (path) => {
      const head = text.slice(0, statement.formatAt);
      const tail = statement.format === null ? ` FORMAT ${format}` : text.slice(statement.formatAt);
      const result = await engine.run({ ...query, text: `${head} INTO OUTFILE ${quote(path)} ${tail}` }, signal);
      await send({ ...plain(format), summary: readSummary(result), body: createReadStream(path) });
    });
    return;
  }
  if (statement.kind === 'select' && isStreamable(format) && !statement.hasTotals) {
    const rows = engine.stream(query, signal);
    // Most failures come before the first row, when the status can still tell them.
    const first = await rows.next();
    const body = first.done === true ? none() : continued(first.value, rows);
    await send({ ...plain(format), summary: summary('read', nothing), body });
    return;
  }
  const result = await engine.run(query, signal);
  await send({ ...plain(format), summary: readSummary(result), body: once(result.bytes()) });
}

const nothing: Figures = { rows: 0, bytes: 0, elapsedSeconds: 0 };

const plain = (format: string): { format: string; mediaType: string } => ({ format, mediaType: mediaType(format) });

function readSummary(result: { rowsRead: number; bytesRead: number; elapsed: number }): string {
  return summary('read', { rows: result.rowsRead, bytes: result.bytesRead, elapsedSeconds: result.elapsed });
}

function summary(kind: 'read' | 'insert', figures: Figures): string {
  const written = kind === 'insert' ? figures : nothing;
  return JSON.stringify({
    read_rows: String(figures.rows),
    read_bytes: String(figures.bytes),
    written_rows: String(written.rows),
    written_bytes: String(written.bytes),
    total_rows_to_read: '0',
    result_rows: String(written.rows),
    result_bytes: String(written.bytes),
    elapsed_ns: String(Math.round(figures.elapsedSeconds * 1e9)),
  });
}

async function* continued(first: Uint8Array, rest: AsyncGenerator<Uint8Array, void>): AsyncGenerator<Uint8Array, void> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return();
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- the shape of a body, with nothing to wait for
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  if (bytes.length > 0) yield bytes;
}

// eslint-disable-next-line @typescript-eslint/require-await -- as above
async function* none(): AsyncGenerator<Uint8Array, void> {
  yield* [];
}
