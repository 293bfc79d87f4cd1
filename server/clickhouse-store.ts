/** The store as db/queries answers it: one client, and every failure in the server's words. */
import type { Readable } from 'node:stream';
import { createStoreClient, type StoreClient } from '../db/client.ts';
import { queryCoverage } from '../db/queries/coverage.ts';
import { queryDrops } from '../db/queries/drops.ts';
import { estimateRows } from '../db/queries/estimate.ts';
import { planExport, readExport } from '../db/queries/export.ts';
import { queryExchanges } from '../db/queries/exchanges.ts';
import { queryConnection, queryFlows } from '../db/queries/flows.ts';
import { queryLive } from '../db/queries/live.ts';
import { queryMap } from '../db/queries/map.ts';
import { queryStoredRows } from '../db/queries/readings.ts';
import { querySaved, writeSaved } from '../db/queries/saved.ts';
import { querySeries } from '../db/queries/series.ts';
import { queryNewestFlowMs, queryStatus, queryVersion } from '../db/queries/status.ts';
import { queryStorage } from '../db/queries/storage.ts';
import { queryTop } from '../db/queries/top.ts';
import { queryValues } from '../db/queries/values.ts';
import { createAdmission } from './admission.ts';
import { type Cost, costs, createStoredRowsSource } from './cost.ts';
import type { Store } from './store.ts';
import { isSchemaMissing, toStoreError } from './store-error.ts';
import type { Turns } from './turns.ts';

export interface ClickHouseStoreDeps {
  readonly schemaMissing: () => void;
  readonly turns: Turns;
  readonly clock: { now(): number };
  readonly log: { warn(facts: object, message: string): void };
}

/** The live feed asks every second: an answer later than this is as good as none. */
const livePatienceMs = 10_000;

export interface ClickHouseStoreConfig {
  readonly url: string;
  /** CLICKHOUSE_CLUSTER; null: one server. */
  readonly cluster: string | null;
  /** Most rows that a question may read; 0: any number. */
  readonly maxRows: number;
}

/** A file of many million rows is whole before its first byte comes. */
const exportPatienceMs = 3_600_000;

/** The list of parts is short; a store that does not tell it soon has other worries. */
const partsPatienceMs = 5000;
const partsKeptMs = 10_000;

/** What reads much pauses, for as long at a time, while the store works on what reads little. */
const givingWay = {
  light: { priority: '1' },
  heavy: { priority: '2', low_priority_query_wait_time_ms: '100' },
} as const;

/** What fails on the way says so in the server's words. */
async function* readOut(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    throw toStoreError(error, signal);
  }
}

export function createClickHouseStore(
  { url, cluster, maxRows }: ClickHouseStoreConfig,
  deps: ClickHouseStoreDeps,
): Store & { close(): Promise<void> } {
  const { turns, clock, log } = deps;
  // Each with connections of its own: nobody waits for one that somebody else's question holds.
  const client = createStoreClient(url, { settings: givingWay.light, maxConnections: 32 });
  const heavy = createStoreClient(url, { settings: givingWay.heavy });
  // How far back a page reaches no estimate foresees: it ends where it has read too much.
  const heavyPages = createStoreClient(url, { settings: { ...givingWay.heavy, max_rows_to_read: String(maxRows) } });
  const asking = { light: client, heavy };
  const exporting = createStoreClient(url, { settings: givingWay.heavy, requestTimeoutMs: exportPatienceMs });
  const source = createStoredRowsSource(partsKeptMs, {
    storedRows: () => queryStoredRows(client, cluster, AbortSignal.timeout(partsPatienceMs)),
    clock,
    log,
  });
  async function ask<T>(signal: AbortSignal, question: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      signal.throwIfAborted();
      return await question(signal);
    } catch (error) {
      if (isSchemaMissing(error)) deps.schemaMissing();
      throw toStoreError(error, signal);
    }
  }

  const admission = createAdmission(
    { maxRows },
    { source, turns, estimate: (query, signal) => ask(signal, (s) => estimateRows(client, query, s)) },
  );

  /** Asks when it is the question's turn, unless it would read too much. */
  async function askInTurn<T>(
    cost: Cost,
    signal: AbortSignal,
    question: (client: StoreClient, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return ask(signal, (s) => admission.admit(cost, s, (weight) => ask(s, () => question(asking[weight], s))));
  }

  return {
    map: (query, signal) => askInTurn(costs.map(query), signal, (c, s) => queryMap(c, query, s)),
    series: (query, signal) => askInTurn(costs.series(query), signal, (c, s) => querySeries(c, query, s)),
    top: (query, signal) => askInTurn(costs.top(query), signal, (c, s) => queryTop(c, query, s)),
    values: (query, signal) => askInTurn(costs.values(query), signal, (c, s) => queryValues(c, query, s)),
    drops: (query, signal) => askInTurn(costs.drops(query), signal, (c, s) => queryDrops(c, query, s)),
    exchanges: (query, signal) => askInTurn(costs.exchanges(query), signal, (c, s) => queryExchanges(c, query, s)),
    flows: (query, signal) =>
      askInTurn(costs.flows(query), signal, (c, s) => queryFlows(c === heavy ? heavyPages : c, query, s)),
    exportPlan: (query, signal) => askInTurn(costs.exportPlan(query), signal, (c, s) => planExport(c, query, s)),
    exportBytes: async (query, signal, most) => {
      // The store has written all of them when the first comes: a slow reader keeps nobody waiting.
      const read = (s: AbortSignal): Promise<Readable> => readExport(exporting, query, s, most);
      const bytes = await ask(signal, (s) => turns.take('export', s, () => read(s)));
      return readOut(bytes, signal);
    },
    connection: (query, signal) => askInTurn(costs.connection(query), signal, (c, s) => queryConnection(c, query, s)),
    coverage: (range, signal) => askInTurn(costs.coverage(range), signal, (c, s) => queryCoverage(c, range, s)),
    live: (since, limit, signal) =>
      ask(signal, (s) => {
        return queryLive(client, since, limit, AbortSignal.any([s, AbortSignal.timeout(livePatienceMs)]));
      }),
    status: (signal) => ask(signal, (s) => queryStatus(client, s)),
    storage: (signal) => ask(signal, (s) => queryStorage(client, cluster, s)),
    saved: (signal) => ask(signal, (s) => querySaved(client, s)),
    save: (item, signal) => ask(signal, (s) => writeSaved(client, item, false, s)),
    unsave: (item, signal) => ask(signal, (s) => writeSaved(client, item, true, s)),
    newestFlowMs: (signal) => ask(signal, (s) => queryNewestFlowMs(client, s)),
    version: (signal) => ask(signal, (s) => queryVersion(client, s)),
    close: async () => {
      await Promise.all([client.close(), heavy.close(), heavyPages.close(), exporting.close()]);
    },
  };
}
