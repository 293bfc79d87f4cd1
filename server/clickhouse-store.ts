/** The store as db/queries answers it: one client, and every failure in the server's words. */
import { createStoreClient } from '../db/client.ts';
import { queryCoverage } from '../db/queries/coverage.ts';
import { queryDrops } from '../db/queries/drops.ts';
import { planExport, readExport } from '../db/queries/export.ts';
import { queryExchanges } from '../db/queries/exchanges.ts';
import { queryConnection, queryFlows } from '../db/queries/flows.ts';
import { queryLive } from '../db/queries/live.ts';
import { queryMap } from '../db/queries/map.ts';
import { querySaved, writeSaved } from '../db/queries/saved.ts';
import { querySeries } from '../db/queries/series.ts';
import { queryNewestFlowMs, queryStatus, queryVersion } from '../db/queries/status.ts';
import { queryStorage } from '../db/queries/storage.ts';
import { queryTop } from '../db/queries/top.ts';
import { queryValues } from '../db/queries/values.ts';
import type { Store } from './store.ts';
import { isSchemaMissing, toStoreError } from './store-error.ts';

export interface ClickHouseStoreDeps {
  readonly schemaMissing: () => void;
}

/** The live feed asks every second: an answer later than this is as good as none. */
const livePatienceMs = 10_000;

export interface ClickHouseStoreConfig {
  readonly url: string;
  /** CLICKHOUSE_CLUSTER; null: one server. */
  readonly cluster: string | null;
}

/** A file of many million rows is whole before its first byte comes. */
const exportPatienceMs = 3_600_000;

/** What fails on the way says so in the server's words. */
async function* readOut(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    throw toStoreError(error, signal);
  }
}

export function createClickHouseStore(
  { url, cluster }: ClickHouseStoreConfig,
  deps: ClickHouseStoreDeps,
): Store & { close(): Promise<void> } {
  const client = createStoreClient(url);
  const exporting = createStoreClient(url, { requestTimeoutMs: exportPatienceMs });

  async function ask<T>(signal: AbortSignal, question: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      signal.throwIfAborted();
      return await question(signal);
    } catch (error) {
      if (isSchemaMissing(error)) deps.schemaMissing();
      throw toStoreError(error, signal);
    }
  }

  return {
    map: (query, signal) => ask(signal, (s) => queryMap(client, query, s)),
    series: (query, signal) => ask(signal, (s) => querySeries(client, query, s)),
    top: (query, signal) => ask(signal, (s) => queryTop(client, query, s)),
    values: (query, signal) => ask(signal, (s) => queryValues(client, query, s)),
    drops: (query, signal) => ask(signal, (s) => queryDrops(client, query, s)),
    exchanges: (query, signal) => ask(signal, (s) => queryExchanges(client, query, s)),
    flows: (query, signal) => ask(signal, (s) => queryFlows(client, query, s)),
    exportPlan: (query, signal) => ask(signal, (s) => planExport(client, query, s)),
    exportBytes: async (query, signal, most) => {
      const bytes = await ask(signal, (s) => readExport(exporting, query, s, most));
      return readOut(bytes, signal);
    },
    connection: (query, signal) => ask(signal, (s) => queryConnection(client, query, s)),
    coverage: (range, signal) => ask(signal, (s) => queryCoverage(client, range, s)),
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
      await Promise.all([client.close(), exporting.close()]);
    },
  };
}
