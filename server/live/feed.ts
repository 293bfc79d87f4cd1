/**
 * Reads the rows that arrive in the store once for all live clients, only while there are any. An outage of the store is
 * told to them and ends by itself; what arrived meanwhile is read when it is back, up to the limit.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FlowRow } from '../../model/flow-row.ts';
import type { Flow } from '../../model/api.ts';
import { renderFlow } from '../render-flow.ts';
import type { LiveMark, Store } from '../store.ts';

export interface FeedConfig {
  readonly pollMs: number;
  /** Most rows read at once; the rest is counted as skipped. */
  readonly maxRows: number;
}

export interface FeedDeps {
  readonly store: Store;
  readonly clock: { now(): number };
  readonly log: { warn(facts: object, message: string): void; info(facts: object, message: string): void };
}

export interface Batch {
  readonly nowMs: number;
  readonly newestFlowMs: number | null;
  /** Rows that arrived, the skipped ones too. */
  readonly rows: number;
  readonly skipped: number;
  /** Oldest first; rendered when first asked for. */
  flows(): readonly Flow[];
}

export interface FeedClient {
  take(batch: Batch): void;
  problem(message: string): void;
}

export interface Feed {
  start(signal: AbortSignal): void;
  stop(): Promise<void>;
  /** Returns the function that ends it. */
  subscribe(client: FeedClient): () => void;
}

export function createFeed(config: FeedConfig, deps: FeedDeps): Feed {
  const { store, clock, log } = deps;
  const clients = new Set<FeedClient>();
  const stopping = new AbortController();
  let mark: LiveMark | null = null;
  let newestFlowMs: number | null = null;
  let isDown = false;
  let wake: (() => void) | null = null;
  let running: Promise<void> = Promise.resolve();

  async function poll(signal: AbortSignal): Promise<Batch> {
    newestFlowMs ??= await store.newestFlowMs(signal);
    const answer = await store.live(mark, config.maxRows, signal);
    mark = answer.mark;
    newestFlowMs = newest(newestFlowMs, answer.rows);
    return createBatch(answer.rows, answer.skipped, { nowMs: clock.now(), newestFlowMs });
  }

  async function pollAndTell(signal: AbortSignal): Promise<void> {
    try {
      const batch = await poll(signal);
      if (isDown) log.info({}, 'live feed reads the store again');
      isDown = false;
      for (const client of clients) client.take(batch);
    } catch (error) {
      if (signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      if (!isDown) log.warn({ err: error }, 'live feed cannot read the store');
      isDown = true;
      for (const client of clients) client.problem(message);
    }
  }

  async function waitForClients(signal: AbortSignal): Promise<void> {
    mark = null;
    newestFlowMs = null;
    await new Promise<void>((resolve) => {
      wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    wake = null;
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (clients.size === 0) await waitForClients(signal);
      const startedMs = clock.now();
      await pollAndTell(signal);
      const restMs = Math.max(50, config.pollMs - (clock.now() - startedMs));
      await sleep(restMs, undefined, { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  return {
    start(signal) {
      running = run(AbortSignal.any([signal, stopping.signal]));
    },
    async stop() {
      stopping.abort();
      await running;
    },
    subscribe(client) {
      clients.add(client);
      wake?.();
      return () => clients.delete(client);
    },
  };
}

function newest(known: number | null, rows: readonly FlowRow[]): number | null {
  return rows.reduce<number | null>((latest, row) => {
    const ms = Date.parse(row.time);
    return latest === null || ms > latest ? ms : latest;
  }, known);
}

function createBatch(
  rows: readonly FlowRow[],
  skipped: number,
  facts: { readonly nowMs: number; readonly newestFlowMs: number | null },
): Batch {
  let rendered: readonly Flow[] | null = null;
  return {
    ...facts,
    rows: rows.length + skipped,
    skipped,
    flows: () => (rendered ??= rows.map(renderFlow)),
  };
}
