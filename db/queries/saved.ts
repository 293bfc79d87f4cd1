/** What people saved for each other: views, filters, known problems. The one thing the server itself writes. */
import { z } from 'zod';
import { savedKinds, savedLimits, type SavedEntry, type SavedItem } from '../../model/api.ts';
import type { StoreClient } from '../client.ts';
import { param, sql } from '../sql.ts';
import { runQuery } from './run.ts';

const savedRow = z.object({
  kind: z.enum(savedKinds),
  id: z.string(),
  text: z.string(),
  place: z.string(),
  changed_ms: z.string(),
});

export const savedSql = sql`
SELECT kind, id, text, place, toUnixTimestamp64Milli(changed) AS changed_ms
FROM saved_items FINAL
WHERE is_removed = 0
ORDER BY changed DESC, id
LIMIT ${param.uint32(savedLimits.items * savedKinds.length)}`;

/** The latest first. */
export async function querySaved(client: StoreClient, signal: AbortSignal): Promise<readonly SavedEntry[]> {
  const { rows } = await runQuery(client, savedSql, savedRow, signal);
  return rows.map(({ changed_ms, ...row }) => ({ ...row, changedMs: Number(changed_ms) }));
}

/** Takes the place of what has the same kind and id; the store says when. Returns when it can be read. */
export async function writeSaved(
  client: StoreClient,
  item: SavedItem,
  isRemoved: boolean,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  await client.insert({
    table: 'saved_items',
    values: [{ ...item, is_removed: isRemoved ? 1 : 0 }],
    columns: ['kind', 'id', 'text', 'place', 'is_removed'],
    format: 'JSONEachRow',
    abort_signal: signal,
    clickhouse_settings: { async_insert: 0 },
  });
}
