/** Measures the way of rows into the store: made and encoded only, into a table that forgets them, and into `flows`. */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { createStoreClient } from '../db/client.ts';
import type { Log } from '../db/log.ts';
import { migrate } from '../db/migrations/migrate.ts';
import { createBlock } from '../db/native/block.ts';
import { createWriter, type Writer } from '../db/writer.ts';
import { createFlowBlock } from '../db/native/flow-block.ts';
import { endpointColumns } from '../model/flow-columns.ts';
import { createTraffic, smallCluster, type ClusterSize } from './generate-flows.ts';
import { createWideTable, createWideWriter, type WideWriter } from './wide-flows.ts';
import type { Range } from '../db/queries/range.ts';

const batchRows = 50_000;
const nullDatabase = 'bench_null';
const fewestRounds = 3;

export interface InsertRates {
  /** Rows per second, one value per round. */
  readonly encoded: readonly number[];
  readonly forgotten: readonly number[];
  /** Into `flows_wide`, where every row repeats what its endpoints are. */
  readonly wide: readonly number[];
  readonly acknowledged: readonly number[];
  /** In `flows`, with the warm-up. */
  readonly rows: number;
}

export interface InsertPlan {
  readonly url: string;
  readonly range: Range;
  /** In all; the rounds share them. */
  readonly rows: number;
  readonly rounds: number;
  /** No further round begins after this, once there were three. */
  readonly withinMs: number;
}

export const quietLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (facts, message) => console.warn(message, facts),
  error: (facts, message) => console.error(message, facts),
};

/** The same schema with a `flows` that takes rows and keeps none: everything of an insert but the storing. */
export async function createNullStore(url: string): Promise<string> {
  const forgetting = new URL(url);
  forgetting.pathname = `/${nullDatabase}`;
  await migrate(forgetting.href, { log: quietLog });
  const client = createStoreClient(forgetting.href);
  await client.command({ query: 'CREATE TABLE forgetting AS flows ENGINE = Null' });
  await client.command({ query: 'DROP TABLE flows' });
  await client.command({ query: 'RENAME TABLE forgetting TO flows' });
  await client.close();
  return forgetting.href;
}

/** Calls `append` for rows spread evenly over the slice of the range, and lets the writer work between batches. */
async function produce(slice: Range, rows: number, append: (timeNs: bigint) => void, after: () => Promise<void>) {
  const stepNs = ((slice.toMs - slice.fromMs) * 1e6) / rows;
  const startNs = BigInt(Math.floor(slice.fromMs)) * 1_000_000n;
  for (let row = 0; row < rows; row += 1) {
    append(startNs + BigInt(Math.floor(row * stepNs)));
    if ((row + 1) % batchRows === 0) await after();
  }
}

async function encodeOnly(slice: Range, rows: number, seed: number): Promise<void> {
  const [block, endpoints] = [createFlowBlock(batchRows), createBlock(endpointColumns, batchRows)];
  const traffic = createTraffic(seed, 1n, { flows: () => block, endpoints: () => endpoints, endpointsEpoch: 0 });
  await produce(
    slice,
    rows,
    (timeNs) => traffic.append(timeNs),
    async () => {
      for (const full of [endpoints, block]) {
        full.encode();
        full.reset();
      }
      await turn();
    },
  );
}

/** Until the store has acknowledged every row. */
async function insert(writer: Writer, slice: Range, rows: number, seed: number, size = smallCluster): Promise<void> {
  const wanted = writer.stats.rowsWritten + rows;
  const traffic = createTraffic(seed, BigInt(seed) << 44n, writer, size);
  await produce(
    slice,
    rows,
    (timeNs) => traffic.append(timeNs),
    async () => {
      await turn();
      await writer.ready();
    },
  );
  // Asking for the block sends a full one.
  writer.flows();
  while (writer.stats.rowsWritten < wanted) {
    const { rowsDropped, rowsRejected } = writer.stats;
    if (rowsDropped + rowsRejected > 0) throw new Error(`${rowsDropped + rowsRejected} rows did not reach the store`);
    await sleep(1);
  }
}

async function insertWide(writer: WideWriter, slice: Range, rows: number, seed: number): Promise<void> {
  const traffic = createTraffic(seed, BigInt(seed) << 44n, writer.sink);
  await produce(
    slice,
    rows,
    (timeNs) => traffic.append(timeNs),
    async () => {
      await turn();
      await writer.ready();
    },
  );
  await writer.flush();
}

async function rate(rows: number, work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (rows * 1000) / (performance.now() - start);
}

function startWriter(url: string): Writer {
  const writer = createWriter({ url, maxRows: batchRows }, { log: quietLog, clock: { now: () => Date.now() } });
  writer.start(new AbortController().signal);
  return writer;
}

/** Rows of a cluster's traffic, spread over the range, until the store has them all. */
export async function insertTraffic(url: string, range: Range, rows: number, size: ClusterSize): Promise<void> {
  const writer = startWriter(url);
  await insert(writer, range, rows, 1, size);
  await writer.stop();
}

export async function measureInserts(plan: InsertPlan): Promise<InsertRates> {
  const { url, range, rounds } = plan;
  await migrate(url, { log: quietLog });
  const writers = { flows: startWriter(url), forgetting: startWriter(await createNullStore(url)) };
  const rows = Math.max(1, Math.round(plan.rows / rounds / batchRows)) * batchRows;
  const sliceMs = (range.toMs - range.fromMs) / rounds;
  const encoded: number[] = [];
  const forgotten: number[] = [];
  const wide: number[] = [];
  const acknowledged: number[] = [];
  const client = createStoreClient(url);
  await createWideTable(client);
  const wideWriter = createWideWriter(client, batchRows);
  const deadline = performance.now() + plan.withinMs;
  try {
    for (const writer of Object.values(writers)) await insert(writer, range, batchRows, 1);
    for (let round = 0; round < rounds; round += 1) {
      if (round >= fewestRounds && performance.now() > deadline) break;
      const fromMs = range.fromMs + round * sliceMs;
      const slice = { fromMs, toMs: fromMs + sliceMs };
      const seed = round + 2;
      encoded.push(await rate(rows, () => encodeOnly(slice, rows, seed)));
      forgotten.push(await rate(rows, () => insert(writers.forgetting, slice, rows, seed)));
      wide.push(await rate(rows, () => insertWide(wideWriter, slice, rows, seed)));
      acknowledged.push(await rate(rows, () => insert(writers.flows, slice, rows, seed)));
    }
    return { encoded, forgotten, wide, acknowledged, rows: writers.flows.stats.rowsWritten };
  } finally {
    await client.close();
    for (const writer of Object.values(writers)) await writer.stop();
  }
}
