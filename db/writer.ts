/**
 * Gathers rows in columns and inserts them as Native blocks over HTTP. A batch is retried until the store has
 * acknowledged it, with one deduplication token, so that it is counted once; while the store is away batches wait on
 * disk, also over a restart. What is given up instead is counted.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createStoreClient } from './client.ts';
import type { Log } from './log.ts';
import { createBlock, type Block } from './native/block.ts';
import { createFlowBlock } from './native/flow-block.ts';
import { tables, type Table } from './tables.ts';
import type { UnqueuedBatch } from './writer/batch.ts';
import { createDelivery, type StoreState } from './writer/delivery.ts';
import { createPending } from './writer/pending.ts';
import type { Spill } from './writer/spill.ts';
import { createTally, lossesOf, rowsOf, type Counts } from './writer/tally.ts';

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

export interface WriterStats extends Counts {
  /** In memory and on disk. */
  readonly pendingRows: number;
  /** In memory. */
  readonly pendingBytes: number;
  /** What is in the spill folder; null without one. */
  readonly spill: SpillStats | null;
  readonly store: StoreState;
}

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

/** Losses come by the batch. */
const warnEveryMs = 10_000;
const stopWithinMs = 3000;
/** With a spill folder nothing is lost by leaving earlier. */
const stopWithSpillMs = 1200;
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
  const tally = createTally(spill?.torn.rows ?? 0, clock);
  const cut = new AbortController();
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
  let status: UnqueuedBatch | null = null;

  let warnedMs = -Infinity;
  const pending = createPending(
    { maxBytes: maxPendingBytes, spill },
    {
      log,
      onRoom: () => release(),
      onLost(cause, batch) {
        tally.lost(cause, batch);
        if (clock.now() - warnedMs < warnEveryMs) return;
        warnedMs = clock.now();
        log.warn({ cause, ...lossesOf(tally.counts) }, 'rows are lost on their way to the store');
      },
    },
  );
  const delivery = createDelivery(
    { url, cluster, maxPauseMs },
    { client, pending, tally, log, random, cut: cut.signal },
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
      tally.lost('rejected', { table, rows });
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
    await delivery.prepare();
    while (!cut.signal.aborted) {
      if (status !== null) {
        const newest = status;
        status = null;
        await delivery.deliver(newest);
        continue;
      }
      isWoken = false;
      const batch = await pending.take();
      if (batch !== undefined) {
        if ((await delivery.deliver(batch)) !== 'cut') await pending.done(batch);
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
    const withinMs = spill === null ? stopWithinMs : delivery.store === 'ok' ? stopWithSpillMs : 0;
    const deadline = setTimeout(() => cut.abort(), withinMs);
    // A migration that hangs cannot be cut off; the process does not wait for it.
    await Promise.race([sending, sleep(withinMs + 200, undefined, { ref: false })]);
    clearTimeout(deadline);
    cut.abort();
    const left = await pending.leave();
    for (const batch of left) tally.lost('stopped', batch);
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
      return tally.endpointsEpoch;
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
      return { ...tally.counts, pendingRows, pendingBytes, spill: kept, store: delivery.store };
    },
  };
}
