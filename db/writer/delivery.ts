/**
 * Inserts one batch, again and again with one token, until the store has it. Gives up only what the store cannot read, or
 * what fails by itself while the batches behind it get through. Knows how the store takes rows, and keeps what waits on disk
 * while it does not.
 */
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreClient } from '../client.ts';
import type { Log } from '../log.ts';
import { migrate } from '../migrations/migrate.ts';
import type { UnqueuedBatch } from './batch.ts';
import { failureOf } from './failure.ts';
import type { Pending } from './pending.ts';
import type { Tally } from './tally.ts';

/** `full`: its disk is; `away`: it does not answer, or refuses for another reason that passes. */
export const storeStates = ['ok', 'away', 'full'] as const;
export type StoreState = (typeof storeStates)[number];

export interface DeliveryConfig {
  readonly url: string;
  readonly cluster: string | null;
  readonly maxPauseMs: number;
}

export interface DeliveryDeps {
  readonly client: StoreClient;
  readonly pending: Pending;
  readonly tally: Tally;
  readonly log: Log;
  readonly random: () => number;
  /** Ends every attempt. */
  readonly cut: AbortSignal;
}

export interface Delivery {
  readonly store: StoreState;
  /** Resolves when the schema stands, or the attempts are cut off. */
  prepare(): Promise<void>;
  /** What became of the batch; `cut`: nothing yet. */
  deliver(batch: UnqueuedBatch): Promise<'written' | 'rejected' | 'cut'>;
}

const unclearAttempts = 5;
/** Failures of one batch after which those behind it are tried, and how many of these prove that it alone is at fault. */
const patientAttempts = 8;
const proofs = 3;

export function createDelivery(config: DeliveryConfig, deps: DeliveryDeps): Delivery {
  const { client, pending, tally, log, random, cut } = deps;
  const { url, cluster, maxPauseMs } = config;
  let store: StoreState = 'ok';

  const turnTo = (next: StoreState): void => {
    if (next !== store) log.info({ from: store, to: next, pendingRows: pending.rows }, 'the store is in another state');
    store = next;
    pending.keepOnDisk(next !== 'ok');
  };

  const insert = async (batch: UnqueuedBatch): Promise<void> => {
    await send(client, batch, cluster, cut);
    tally.written(batch);
    turnTo('ok');
  };

  const pause = async (attempt: number): Promise<void> => {
    const delay = Math.min(maxPauseMs, 100 * 2 ** Math.min(attempt, 10)) * (0.5 + random() / 2);
    await sleep(delay, undefined, { signal: cut }).catch(() => undefined);
  };

  const prepare = async (): Promise<void> => {
    for (let attempt = 0; !cut.aborted; attempt += 1) {
      try {
        await migrate(url, { log }, { cluster });
        return;
      } catch (error) {
        tally.retried();
        turnTo(failureOf(error) === 'full' ? 'full' : 'away');
        if (worthALine(attempt)) log.warn({ err: error, attempt }, 'cannot prepare the store yet, trying again');
        await pause(attempt);
      }
    }
  };

  /** Whether the batch behind the one that fails gets through. */
  const passes = async (): Promise<boolean> => {
    const behind = await pending.take();
    if (behind === undefined) return false;
    try {
      await insert(behind);
      await pending.done(behind);
      return true;
    } catch (error) {
      tally.retried();
      log.debug({ err: error }, 'the batch behind fails as well');
      pending.putBack(behind);
      return false;
    }
  };

  return {
    get store() {
      return store;
    },
    prepare,
    async deliver(batch) {
      let passed = 0;
      for (let attempt = 0; !cut.aborted; attempt += 1) {
        try {
          await insert(batch);
          return 'written';
        } catch (error) {
          if (isAborted(cut)) break;
          const failure = failureOf(error);
          const { table, rows } = batch;
          const facts = { err: error, table, rows, attempt };
          if (failure === 'batch' || passed >= proofs || (failure === 'unclear' && attempt + 1 >= unclearAttempts)) {
            tally.lost('rejected', batch);
            log.error(facts, 'the store refused a batch, skipping it');
            return 'rejected';
          }
          tally.retried();
          turnTo(failure === 'full' ? 'full' : 'away');
          if (worthALine(attempt)) log.warn(facts, 'insert failed, trying again');
          if (failure === 'schema') {
            await prepare();
            tally.endpointsGone();
          }
          if (attempt >= patientAttempts && (await passes())) passed += 1;
          await pause(attempt);
        }
      }
      return 'cut';
    },
  };
}

async function send(
  client: StoreClient,
  batch: UnqueuedBatch,
  cluster: string | null,
  cut: AbortSignal,
): Promise<void> {
  const { stream } = await client.exec({
    query: `INSERT INTO ${batch.table} FORMAT Native`,
    values: Readable.from([batch.body]),
    abort_signal: cut,
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
}

/** Asked again: it changes while an attempt is awaited. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/** The first failures, then ever fewer. */
function worthALine(attempt: number): boolean {
  return attempt < 3 || attempt % 20 === 0;
}
