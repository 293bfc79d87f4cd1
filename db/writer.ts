/**
 * Gathers rows in columns and inserts them as Native blocks over HTTP. A batch is retried until the store has
 * acknowledged it, with one deduplication token, so that it is counted once; while the store is away batches wait on
 * disk, also over a restart. What is given up instead is counted.
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
import type { Batch, BatchFacts } from './writer/batch.ts';
import { failureOf } from './writer/failure.ts';
import { createPending, type LossCause } from './writer/pending.ts';
import type { Spill } from './writer/spill.ts';

export interface WriterConfig {
  /** CLICKHOUSE_URL: http://user:password@host:port/database. */
  readonly url: string;
  /** Rows that end a batch. */
  readonly maxRows?: number;
  /** Age that ends a batch. */
  readonly maxAgeMs?: number;
  /** Encoded bytes that may wait in memory; past half of it `ready` blocks, past it the oldest are dropped. */
  readonly maxPendingBytes?: number;
  /** Where batches wait while the store is away; null: in memory only. */
  readonly spill?: Spill | null;
  /** CLICKHOUSE_CLUSTER: the tables are sharded over this cluster. */
  readonly cluster?: string | null;
  /** The longest pause between two attempts. */
  readonly maxPauseMs?: number;
}

export interface WriterDeps {
  readonly log: Log;
  readonly clock: { now(): number };
  /** Spreads retries; 0 to 1. */
  readonly random?: () => number;
}

export interface WriterStats {
  /** Acknowledged by the store. Rows of `endpoints` and `node_status` count nowhere here: they are appended again. */
  readonly rowsWritten: number;
  /** Given up: too many were pending in memory, or the writer stopped before the store answered. */
  readonly rowsDropped: number;
  /** Refused by the store as unreadable, or incomplete before they were sent. */
  readonly rowsRejected: number;
  /** The oldest of a full spill folder. */
  readonly spillRowsDropped: number;
  /** In files of the spill folder that were torn or could not be read again. */
  readonly spillRowsUnreadable: number;
  readonly batchesWritten: number;
  readonly retries: number;
  /** In memory and on disk. */
  readonly pendingRows: number;
  /** In memory. */
  readonly pendingBytes: number;
  /** What is in the spill folder; null without one. */
  readonly spill: SpillStats | null;
  readonly store: StoreState;
  /** When the store last acknowledged a batch; null before the first. */
  readonly acknowledgedMs: number | null;
}

/** `full`: its disk is; `away`: it does not answer, or refuses for another reason that passes. */
export const storeStates = ['ok', 'away', 'full'] as const;
export type StoreState = (typeof storeStates)[number];

export interface SpillStats {
  readonly rows: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** Why the disk takes nothing at the moment; null when it does. */
  readonly problem: string | null;
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
/** With a spill folder nothing is lost by leaving earlier. */
const stopWithSpillMs = 1200;
const unclearAttempts = 5;
/** Failures of one batch after which those behind it are tried, and how many of these prove that it alone is at fault. */
const patientAttempts = 8;
const proofs = 3;
/**
 * Coverage and status come every second even when nothing happens, and each insert costs more than its few rows: they
 * wait for so many times `maxAgeMs`. Less than what queries/coverage.ts forgives at the end of a range.
 */
const reportAges = 3;
/** Rows that end a batch are so many times more while others wait on disk: fewer, larger inserts are behind sooner. */
const backlogFactor = 5;
/** While batches wait, each is to be worth its insert; but what is not in a batch yet is lost when we are killed. */
const backlogAges = 5;

export function createWriter(config: WriterConfig, deps: WriterDeps): Writer {
  const { log, clock, random = Math.random } = deps;
  const { url, maxRows = 10_000, maxAgeMs = 1000, maxPendingBytes = 64 * 2 ** 20, maxPauseMs = 5000 } = config;
  const { spill = null, cluster = null } = config;
  const client = createStoreClient(url);
  const blocks: Blocks = {
    flows: createFlowBlock(maxRows),
    endpoints: createBlock(tables.endpoints, 1024),
    coverage: createBlock(tables.coverage, 64),
    node_status: createBlock(tables.node_status, 4),
  };
  const counts = {
    rowsWritten: 0,
    rowsDropped: 0,
    rowsRejected: 0,
    spillRowsDropped: 0,
    spillRowsUnreadable: spill?.torn.rows ?? 0,
    batchesWritten: 0,
    retries: 0,
  };
  let acknowledgedMs: number | null = null;
  let endpointsEpoch = 0;
  let store: StoreState = 'ok';

  const cut = new AbortController();
  const isCut = (): boolean => cut.signal.aborted;
  let isStopping = false;
  let sending: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let resume: () => void = () => undefined;
  let isWoken = false;
  const hasNews = (): boolean => isWoken;
  const wake = (): void => {
    isWoken = true;
    resume();
  };
  let waiting: (() => void)[] = [];
  /** How the node stands now: the newest goes ahead of everything, and takes the place of one that was not sent. */
  let status: Omit<Batch, 'sequence'> | null = null;

  const rowsOf = ({ table, rows }: BatchFacts): number => (table === 'endpoints' || table === 'node_status' ? 0 : rows);
  type Loss = 'rowsDropped' | 'rowsRejected' | 'spillRowsDropped' | 'spillRowsUnreadable';
  const countLost = (counter: Loss, batch: BatchFacts): void => {
    counts[counter] += rowsOf(batch);
    if (batch.table === 'endpoints') endpointsEpoch += 1;
  };
  const lossOf = {
    memory_full: 'rowsDropped',
    spill_full: 'spillRowsDropped',
    spill_unreadable: 'spillRowsUnreadable',
  } as const satisfies Record<LossCause, Loss>;
  let warnedMs = -Infinity;
  const pending = createPending(
    { maxBytes: maxPendingBytes, spill },
    {
      log,
      onRoom: () => release(),
      onLost(cause, batch) {
        countLost(lossOf[cause], batch);
        if (clock.now() - warnedMs < warnEveryMs) return;
        warnedMs = clock.now();
        log.warn({ cause, ...lossesOf(counts) }, 'rows are lost on their way to the store');
      },
    },
  );
  const seal = (table: Table): void => {
    const block = blocks[table];
    const { rows } = block;
    if (rows === 0) return;
    try {
      const batch = { table, rows, body: block.encode(), token: randomUUID() };
      if (table === 'node_status') status = batch;
      else pending.push(batch);
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
  let backlogAge = 0;
  const sealAged = (): void => {
    ages += 1;
    backlogAge = pending.isEmpty ? 0 : backlogAge + 1;
    if (ages >= reportAges) seal('node_status');
    // While batches wait, the next one had better grow: small ones cost the store most.
    if (!pending.isEmpty && (spill === null || backlogAge % backlogAges !== 0)) return;
    sealFlows();
    if (ages >= reportAges) sealReports();
  };

  const insert = async (batch: Omit<Batch, 'sequence'>): Promise<void> => {
    const { stream } = await client.exec({
      query: `INSERT INTO ${batch.table} FORMAT Native`,
      values: Readable.from([batch.body]),
      abort_signal: cut.signal,
      clickhouse_settings: {
        insert_deduplicate: 1,
        insert_deduplication_token: batch.token,
        // A retry after a failure between flows and their rollups must not count twice in either.
        deduplicate_blocks_in_dependent_materialized_views: 1,
        // Clocks that are far off, or an import, must not make a batch unacceptable for its many days.
        throw_on_max_partitions_per_insert_block: 0,
        async_insert: 0,
        wait_end_of_query: 1,
        // Acknowledged by the shards, not by a queue in front of them that would forget the token.
        ...(cluster === null ? {} : { distributed_foreground_insert: 1 }),
      },
    });
    // An insert answers nothing; reading to the end frees the socket and surfaces a late failure.
    stream.resume();
    await finished(stream);
  };

  const pause = async (attempt: number): Promise<void> => {
    const delay = Math.min(maxPauseMs, 100 * 2 ** Math.min(attempt, 10)) * (0.5 + random() / 2);
    await sleep(delay, undefined, { signal: cut.signal }).catch(() => undefined);
  };

  const turnTo = (next: StoreState): void => {
    if (next !== store) log.info({ from: store, to: next, pendingRows: pending.rows }, 'the store is in another state');
    store = next;
    pending.keepOnDisk(next !== 'ok');
  };

  /** Until the schema stands, or the writer is cut off. */
  const prepare = async (): Promise<void> => {
    for (let attempt = 0; !isCut(); attempt += 1) {
      try {
        await migrate(url, { log }, { cluster });
        return;
      } catch (error) {
        counts.retries += 1;
        turnTo(failureOf(error) === 'full' ? 'full' : 'away');
        if (worthALine(attempt)) log.warn({ err: error, attempt }, 'cannot prepare the store yet, trying again');
        await pause(attempt);
      }
    }
  };

  const countWritten = (batch: BatchFacts): void => {
    counts.rowsWritten += rowsOf(batch);
    if (batch.table !== 'endpoints') counts.batchesWritten += 1;
    acknowledgedMs = clock.now();
    turnTo('ok');
  };

  /** Whether the batch behind the one that fails gets through. */
  const passes = async (): Promise<boolean> => {
    const behind = await pending.take();
    if (behind === undefined) return false;
    try {
      await insert(behind);
      countWritten(behind);
      await pending.done(behind);
      return true;
    } catch (error) {
      counts.retries += 1;
      log.debug({ err: error }, 'the batch behind fails as well');
      pending.putBack(behind);
      return false;
    }
  };

  /** What became of a batch: `cut` when the writer stopped before the store answered. */
  const deliver = async (batch: Omit<Batch, 'sequence'>): Promise<'written' | 'rejected' | 'cut'> => {
    let passed = 0;
    for (let attempt = 0; !isCut(); attempt += 1) {
      try {
        await insert(batch);
        countWritten(batch);
        return 'written';
      } catch (error) {
        if (isCut()) break;
        const failure = failureOf(error);
        const { table, rows } = batch;
        const facts = { err: error, table, rows, attempt };
        if (failure === 'batch' || passed >= proofs || (failure === 'unclear' && attempt + 1 >= unclearAttempts)) {
          countLost('rowsRejected', batch);
          log.error(facts, 'the store refused a batch, skipping it');
          return 'rejected';
        }
        counts.retries += 1;
        turnTo(failure === 'full' ? 'full' : 'away');
        if (worthALine(attempt)) log.warn(facts, 'insert failed, trying again');
        if (failure === 'schema') {
          await prepare();
          // The tables were gone, and with them every endpoint.
          endpointsEpoch += 1;
        }
        if (attempt >= patientAttempts && (await passes())) passed += 1;
        await pause(attempt);
      }
    }
    return 'cut';
  };

  /**
   * Half of the room is kept for who was told to go on: one frame, or one scan of a full table of connections, may
   * bring several batches before it asks again.
   */
  const hasRoom = (): boolean => pending.memoryBytes < maxPendingBytes / 2 || isStopping;

  const release = (): void => {
    if (!hasRoom()) return;
    const released = waiting;
    waiting = [];
    for (const goOn of released) goOn();
  };

  const send = async (): Promise<void> => {
    await prepare();
    while (!isCut()) {
      if (status !== null) {
        const newest = status;
        status = null;
        await deliver(newest);
        continue;
      }
      isWoken = false;
      const batch = await pending.take();
      if (batch !== undefined) {
        if ((await deliver(batch)) !== 'cut') await pending.done(batch);
      } else if (isStopping) {
        return;
      } else if (!hasNews()) {
        await new Promise<void>((resolve) => {
          resume = resolve;
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
    // On disk first: whoever ends us sooner than we would is to lose nothing.
    pending.keepOnDisk(true);
    wake();
    release();
    const withinMs = spill === null ? stopWithinMs : store === 'ok' ? stopWithSpillMs : 0;
    const deadline = setTimeout(() => cut.abort(), withinMs);
    // A migration that hangs cannot be cut off; the process does not wait for it.
    await Promise.race([sending, sleep(withinMs + 200, undefined, { ref: false })]);
    clearTimeout(deadline);
    cut.abort();
    const left = await pending.leave();
    for (const batch of left) countLost('rowsDropped', batch);
    await client.close();
    spill?.close();
    const rows = left.reduce((sum, batch) => sum + rowsOf(batch), 0);
    if (rows > 0) log.error({ rows }, 'stopped before the store had taken everything: these rows are lost');
    if (spill !== null && spill.rows > 0) {
      log.info({ rows: spill.rows, directory: spill.directory }, 'left on disk for the next start');
    }
  };

  const current = <T extends Table>(table: T): Blocks[T] => {
    const fullRows = spill === null || spill.files === 0 ? maxRows : maxRows * backlogFactor;
    if (blocks[table].rows >= fullRows) {
      if (table === 'flows') sealFlows();
      else seal(table);
    }
    return blocks[table];
  };

  return {
    start(signal) {
      if (sending !== null) throw new Error('the writer is already running');
      if (spill !== null && spill.torn.files > 0) {
        log.error(
          { ...spill.torn, directory: spill.directory },
          'files of the spill folder were torn: their rows are lost',
        );
      }
      sending = send();
      timer = setInterval(sealAged, maxAgeMs);
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
      const { rows: pendingRows, memoryBytes: pendingBytes, spillProblem: problem } = pending;
      const kept = spill === null ? null : { rows: spill.rows, bytes: spill.bytes, maxBytes: spill.maxBytes, problem };
      return { ...counts, pendingRows, pendingBytes, acknowledgedMs, spill: kept, store };
    },
  };
}

/** Losses come by the batch, seconds apart at worst. */
const warnEveryMs = 10_000;

export type WriterLosses = Pick<
  WriterStats,
  'rowsDropped' | 'rowsRejected' | 'spillRowsDropped' | 'spillRowsUnreadable'
>;

/** Every way in which rows do not get to the store. */
export function lossesOf(stats: WriterLosses): WriterLosses {
  const { rowsDropped, rowsRejected, spillRowsDropped, spillRowsUnreadable } = stats;
  return { rowsDropped, rowsRejected, spillRowsDropped, spillRowsUnreadable };
}

/** The first failures, then ever fewer. */
function worthALine(attempt: number): boolean {
  return attempt < 3 || attempt % 20 === 0;
}
