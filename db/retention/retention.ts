/**
 * Lets what is too old go, and the oldest flows when the disk fills: at the start, and every minute from then on. It
 * decides nothing about rows that the settings do not name, and every partition that it drops is counted and logged.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClickHouseError } from '@clickhouse/client';
import { createStoreClient, type StoreClient } from '../client.ts';
import { localTable, onCluster } from '../cluster.ts';
import type { Log } from '../log.ts';
import { queryFlowStorage } from '../queries/storage.ts';
import { applyAges, tableAges, TablesMissing, type Ages, type TableAge } from './ages.ts';
import { partitionsToDrop } from './disk-share.ts';

export interface RetentionConfig {
  readonly url: string;
  readonly cluster: string | null;
  readonly ages: Ages;
  /** Of what the tables take and what is free on their disk; 0: no bound. */
  readonly diskPercent: number;
  readonly everyMs?: number;
}

export interface RetentionDeps {
  readonly log: Log;
  readonly clock: { now(): number };
}

export interface RetentionState {
  readonly ages: readonly TableAge[];
  readonly diskPercent: number;
  /** For want of room, since this process started. */
  readonly dropped: {
    readonly partitions: number;
    readonly rows: number;
    readonly bytes: number;
    readonly lastMs: number | null;
  };
  /** Why the settings are not applied at the moment; null when they are. */
  readonly problem: string | null;
}

export interface Retention {
  start(signal: AbortSignal): void;
  stop(): Promise<void>;
  /** Applies the settings once, now. Throws what the store says. */
  apply(signal: AbortSignal): Promise<void>;
  readonly state: () => RetentionState;
}

const everyMinuteMs = 60_000;
/** Until the tables are there, and after a failure. */
const soonMs = 5000;

export function createRetention(config: RetentionConfig, deps: RetentionDeps): Retention {
  const { url, cluster, ages, diskPercent, everyMs = everyMinuteMs } = config;
  const { log, clock } = deps;
  const stopping = new AbortController();
  const dropped = { partitions: 0, rows: 0, bytes: 0, lastMs: null as number | null };
  let problem: string | null = 'not applied yet';
  let running: Promise<void> | null = null;

  const dropOldest = async (client: StoreClient, signal: AbortSignal): Promise<void> => {
    const storage = await queryFlowStorage(client, cluster, signal);
    for (const { id, rows, bytes } of partitionsToDrop(storage, diskPercent)) {
      const table = localTable('flows', cluster);
      await client.command({
        query: `ALTER TABLE ${table}${onCluster(cluster)} DROP PARTITION ID {partition:String}`,
        query_params: { partition: id },
      });
      dropped.partitions += 1;
      dropped.rows += rows;
      dropped.bytes += bytes;
      dropped.lastMs = clock.now();
      log.warn(
        { partition: id, rows, bytes, diskPercent, disk: storage.disk },
        'dropped the oldest day of flows: the disk fills',
      );
    }
  };

  const apply = async (signal: AbortSignal): Promise<void> => {
    const client = createStoreClient(url);
    try {
      for (const { table, days } of await applyAges(client, ages, cluster)) {
        log.info({ table, days }, 'changed how long a table is kept');
      }
      await dropOldest(client, signal);
      problem = null;
    } catch (error) {
      problem = problemOf(error);
      throw error;
    } finally {
      await client.close();
    }
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    let said: string | null = null;
    while (!signal.aborted) {
      try {
        await apply(signal);
        said = null;
      } catch (error) {
        // A store that is away is told of by others already.
        if (problem !== said && !(error instanceof TablesMissing))
          log.warn({ err: error }, 'cannot apply the retention, trying again');
        said = problem;
      }
      const pauseMs = problem === null ? everyMs : Math.min(soonMs, everyMs);
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  };

  return {
    start(parent) {
      running ??= run(AbortSignal.any([parent, stopping.signal]));
    },
    async stop() {
      stopping.abort();
      await running;
    },
    apply,
    state: () => ({ ages: tableAges(ages), diskPercent, dropped: { ...dropped }, problem }),
  };
}

/** Fit to be shown; what the store said goes to the log. */
function problemOf(error: unknown): string {
  if (error instanceof TablesMissing) return error.message;
  if (error instanceof ClickHouseError)
    return `the store refuses it (its error ${error.code}, ${error.type ?? 'unknown'})`;
  return 'the store does not answer';
}
