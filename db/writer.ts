/**
 * Gathers rows in columns and inserts them as Native blocks over HTTP. A batch is retried until the store has
 * acknowledged it, with one deduplication token, so that it is counted once; what is given up instead is counted.
 */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createStoreClient } from './client.ts';
import type { Log } from './log.ts';
import { migrate } from './migrations/migrate.ts';
import { createBlock, type Block } from './native/block.ts';
import { createFlowBlock } from './native/flow-block.ts';
import { tables, type Table } from './tables.ts';
import { createBatchQueue, type Batch } from './writer/batch-queue.ts';
import { failureOf } from './writer/failure.ts';

export interface WriterConfig {
  /** CLICKHOUSE_URL: http://user:password@host:port/database. */
  readonly url: string;
  /** Rows that end a batch. */
  readonly maxRows?: number;
  /** Age that ends a batch. */
  readonly maxAgeMs?: number;
  /** Encoded bytes that may wait for the store; past half of it `ready` blocks, past it the oldest are dropped. */
  readonly maxPendingBytes?: number;
}

export interface WriterDeps {
  readonly log: Log;
  readonly clock: { now(): number };
  /** Spreads retries; 0 to 1. */
  readonly random?: () => number;
}

export interface WriterStats {
  /** Acknowledged by the store. Rows of `endpoints` count nowhere here: a lost one is appended again. */
  readonly rowsWritten: number;
  /** Given up: too many were pending, or the writer stopped before the store answered. */
  readonly rowsDropped: number;
  /** Refused by the store as unreadable, or incomplete before they were sent. */
  readonly rowsRejected: number;
  readonly batchesWritten: number;
  readonly retries: number;
  readonly pendingRows: number;
  readonly pendingBytes: number;
  /** When the store last acknowledged a batch; null before the first. */
  readonly acknowledgedMs: number | null;
}

type Blocks = { readonly [T in Table]: Block<(typeof tables)[T]> };

export interface Writer {
  start(signal: AbortSignal): void;
  /** Sends what is pending, for at most three seconds; logs and counts what was lost. */
  stop(): Promise<void>;
  /**
   * The block that takes rows now. Ask again for every row, or at least after every turn of the event loop: a full or
   * old block is sent and begins anew (see `generation`). Never await between the first push of a row and `endRow`.
   */
  flows(): Blocks['flows'];
  /** A row here reaches the store before the flows that were appended after it. */
  endpoints(): Blocks['endpoints'];
  /** Rises when rows of `endpoints` are known not to be in the store: then they have to be appended again. */
  readonly endpointsEpoch: number;
  coverage(): Blocks['coverage'];
  status(): Blocks['node_status'];
  /** Resolves while there is room for more rows; the reader waits for it and so slows down. */
  ready(): Promise<void>;
  readonly stats: WriterStats;
}

const stopWithinMs = 3000;
const maxDelayMs = 5000;
const unclearAttempts = 5;
/**
 * Coverage and status come every second even when nothing happens, and each insert costs more than its few rows: they
 * wait for so many times `maxAgeMs`. Less than what queries/coverage.ts forgives at the end of a range.
 */
const reportAges = 3;

export function createWriter(config: WriterConfig, deps: WriterDeps): Writer {
  const { log, clock, random = Math.random } = deps;
  const { url, maxRows = 10_000, maxAgeMs = 1000, maxPendingBytes = 64 * 2 ** 20 } = config;
  const client = createStoreClient(url);
  const queue = createBatchQueue(maxPendingBytes);
  const blocks: Blocks = {
    flows: createFlowBlock(maxRows),
    endpoints: createBlock(tables.endpoints, 1024),
    coverage: createBlock(tables.coverage, 64),
    node_status: createBlock(tables.node_status, 4),
  };
  const counts = { rowsWritten: 0, rowsDropped: 0, rowsRejected: 0, batchesWritten: 0, retries: 0 };
  let acknowledgedMs: number | null = null;
  let endpointsEpoch = 0;

  const cut = new AbortController();
  const isCut = (): boolean => cut.signal.aborted;
  let isStopping = false;
  let sending: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let wake: () => void = () => undefined;
  let waiting: (() => void)[] = [];

  const rowsOf = ({ table, rows }: Pick<Batch, 'table' | 'rows'>): number => (table === 'endpoints' ? 0 : rows);
  const countLost = (counter: 'rowsDropped' | 'rowsRejected', batch: Pick<Batch, 'table' | 'rows'>): void => {
    counts[counter] += rowsOf(batch);
    if (batch.table === 'endpoints') endpointsEpoch += 1;
  };
  const seal = (table: Table): void => {
    const block = blocks[table];
    const { rows } = block;
    if (rows === 0) return;
    try {
      const batch: Batch = { table, rows, body: block.encode(), token: randomUUID() };
      const dropped = queue.push(batch);
      for (const lost of dropped) countLost('rowsDropped', lost);
      if (dropped.length > 0) {
        log.warn(
          { rows: dropped.reduce((sum, lost) => sum + lost.rows, 0), pendingBytes: queue.bytes },
          'the store is too slow: dropped the oldest pending rows',
        );
      }
      wake();
    } catch (error) {
      countLost('rowsRejected', { table, rows });
      log.error({ err: error, table, rows }, 'rejected an incomplete batch');
    } finally {
      block.reset();
    }
  };
  /** Endpoints go first: no flow is stored before what it refers to. */
  const sealFlows = (): void => {
    seal('endpoints');
    seal('flows');
  };
  /** Ages since reports were last sent; the first go at once. */
  let ages = reportAges;
  const sealReports = (): void => {
    if (blocks.coverage.rows + blocks.node_status.rows > 0) ages = 0;
    seal('coverage');
    seal('node_status');
  };
  const sealAged = (): void => {
    ages += 1;
    sealFlows();
    if (ages >= reportAges) sealReports();
  };

  const insert = async (batch: Batch): Promise<void> => {
    const { stream } = await client.exec({
      query: `INSERT INTO ${batch.table} FORMAT Native`,
      values: Readable.from([batch.body]),
      abort_signal: cut.signal,
      clickhouse_settings: {
        insert_deduplicate: 1,
        insert_deduplication_token: batch.token,
        // A retry after a failure between flows and their rollups must not count twice in either.
        deduplicate_blocks_in_dependent_materialized_views: 1,
        async_insert: 0,
        wait_end_of_query: 1,
      },
    });
    // An insert answers nothing; reading to the end frees the socket and surfaces a late failure.
    stream.resume();
    await finished(stream);
  };

  const pause = async (attempt: number): Promise<void> => {
    const delay = Math.min(maxDelayMs, 100 * 2 ** Math.min(attempt, 10)) * (0.5 + random() / 2);
    await sleep(delay, undefined, { signal: cut.signal }).catch(() => undefined);
  };

  /** Until the schema stands, or the writer is cut off. */
  const prepare = async (): Promise<void> => {
    for (let attempt = 0; !isCut(); attempt += 1) {
      try {
        await migrate(url, { log });
        return;
      } catch (error) {
        counts.retries += 1;
        if (worthALine(attempt)) log.warn({ err: error, attempt }, 'cannot prepare the store yet, trying again');
        await pause(attempt);
      }
    }
  };

  const deliver = async (batch: Batch): Promise<void> => {
    for (let attempt = 0; !isCut(); attempt += 1) {
      try {
        await insert(batch);
        counts.rowsWritten += rowsOf(batch);
        if (batch.table !== 'endpoints') counts.batchesWritten += 1;
        acknowledgedMs = clock.now();
        return;
      } catch (error) {
        if (isCut()) break;
        const failure = failureOf(error);
        const facts = { err: error, table: batch.table, rows: batch.rows, attempt };
        if (failure === 'batch' || (failure === 'unclear' && attempt + 1 >= unclearAttempts)) {
          countLost('rowsRejected', batch);
          log.error(facts, 'the store refused a batch, skipping it');
          return;
        }
        counts.retries += 1;
        if (worthALine(attempt)) log.warn(facts, 'insert failed, trying again');
        if (failure === 'schema') {
          await prepare();
          // The tables were gone, and with them every endpoint.
          endpointsEpoch += 1;
        }
        await pause(attempt);
      }
    }
    countLost('rowsDropped', batch);
  };

  /**
   * Half of the room is kept for who was told to go on: one frame, or one scan of a full table of connections, may
   * bring several batches before it asks again.
   */
  const hasRoom = (): boolean => queue.bytes < maxPendingBytes / 2 || isStopping;

  const release = (): void => {
    if (!hasRoom()) return;
    const released = waiting;
    waiting = [];
    for (const resume of released) resume();
  };

  const send = async (): Promise<void> => {
    await prepare();
    for (;;) {
      const batch = queue.take();
      if (batch !== undefined) {
        await deliver(batch);
        queue.done();
        release();
      } else if (isStopping) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  };

  const stop = async (): Promise<void> => {
    if (isStopping) {
      await sending;
      return;
    }
    if (timer !== null) clearInterval(timer);
    sealFlows();
    sealReports();
    isStopping = true;
    wake();
    release();
    const droppedBefore = counts.rowsDropped;
    const deadline = setTimeout(() => cut.abort(), stopWithinMs);
    // A migration that hangs cannot be cut off; the process does not wait for it.
    await Promise.race([sending, sleep(stopWithinMs + 200, undefined, { ref: false })]);
    clearTimeout(deadline);
    await client.close();
    const lost = counts.rowsDropped - droppedBefore + queue.rows;
    if (lost > 0) log.error({ rows: lost }, 'stopped before the store had taken everything: these rows are lost');
  };

  const current = <T extends Table>(table: T): Blocks[T] => {
    if (blocks[table].rows >= maxRows) {
      if (table === 'flows') sealFlows();
      else seal(table);
    }
    return blocks[table];
  };

  return {
    start(signal) {
      if (sending !== null) throw new Error('the writer is already running');
      sending = send();
      // While batches wait, the next one had better grow: small ones cost the store most.
      timer = setInterval(() => {
        if (queue.rows === 0) sealAged();
      }, maxAgeMs);
      if (signal.aborted) void stop();
      signal.addEventListener('abort', () => void stop(), { once: true });
    },
    stop,
    flows: () => current('flows'),
    endpoints: () => current('endpoints'),
    get endpointsEpoch() {
      return endpointsEpoch;
    },
    coverage: () => current('coverage'),
    status: () => current('node_status'),
    ready: () =>
      hasRoom()
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.push(resolve);
          }),
    get stats() {
      return { ...counts, pendingRows: queue.rows, pendingBytes: queue.bytes, acknowledgedMs };
    },
  };
}

/** The first failures, then ever fewer. */
function worthALine(attempt: number): boolean {
  return attempt < 3 || attempt % 20 === 0;
}
