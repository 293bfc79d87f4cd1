/**
 * A store that holds a week: one hour of made-up traffic goes through the writer, and the store itself repeats it for the
 * hours before, as other rows of other connections, rollups included.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { StoreClient } from '../db/client.ts';
import { migrate } from '../db/migrations/migrate.ts';
import type { Range } from '../db/queries/range.ts';
import { flowColumns } from '../model/flow-columns.ts';
import { insertTraffic, quietLog } from './inserts.ts';

export const hourMs = 3_600_000;
export const weekHours = 168;
const cluster = { workloads: 2000, edges: 6000 };

export interface Week {
  readonly rows: number;
  /** Of the repeating. */
  readonly rowsPerSecond: number;
}

/** Fills the empty store with about so many rows before `toMs`, which is a whole minute, and waits for its merges. */
export async function fillWeek(store: { url: string; client: StoreClient }, rows: number, toMs: number): Promise<Week> {
  const rowsPerHour = Math.round(rows / weekHours);
  const rowsPerSecond = await fillHours(store, { hours: weekHours, rowsPerHour }, toMs);
  await settle(store.client);
  return { rows: rowsPerHour * weekHours, rowsPerSecond };
}

/** Resolves to the rows per second of the repeating. */
export async function fillHours(
  { url, client }: { url: string; client: StoreClient },
  { hours, rowsPerHour }: { readonly hours: number; readonly rowsPerHour: number },
  toMs: number,
): Promise<number> {
  await migrate(url, { log: quietLog });
  const newest = { fromMs: toMs - hourMs, toMs };
  await insertTraffic(url, newest, rowsPerHour, cluster);
  const started = performance.now();
  for (let back = 1; back < hours; back += 1) await repeatHour(client, newest, back);
  return ((hours - 1) * rowsPerHour * 1000) / (performance.now() - started);
}

async function repeatHour(client: StoreClient, { fromMs, toMs }: Range, back: number): Promise<void> {
  const others = Object.keys(flowColumns).filter((name) => !['time', 'id', 'connection_id'].includes(name));
  await client.command({
    query: `
INSERT INTO flows (time, id, connection_id, ${others.join(', ')})
SELECT time - toIntervalHour({back:UInt32}), id + {back:UInt64} * 1000000000000,
  sipHash64(connection_id, {back:UInt32}), ${others.join(', ')}
FROM flows
WHERE time >= fromUnixTimestamp64Milli({fromMs:Int64}) AND time < fromUnixTimestamp64Milli({toMs:Int64})`,
    query_params: { back, fromMs, toMs },
    clickhouse_settings: { max_insert_threads: '2', max_execution_time: 600 },
  });
}

const mergesSchema = z.tuple([z.object({ merges: z.coerce.number() })]);
async function settle(client: StoreClient): Promise<void> {
  for (let quiet = 0; quiet < 3;) {
    const answer = await client.query({ query: 'SELECT count() AS merges FROM system.merges', format: 'JSONEachRow' });
    quiet = mergesSchema.parse(await answer.json())[0].merges === 0 ? quiet + 1 : 0;
    await sleep(500);
  }
}
