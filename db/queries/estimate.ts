/** How many rows a query would read, as the store reckons from its indexes, without reading them. */
import { z } from 'zod';
import type { StoreClient } from '../client.ts';
import { sql, type Sql } from '../sql.ts';
import { runQuery } from './run.ts';

const estimateRow = z.object({ rows: z.coerce.number() });

export async function estimateRows(client: StoreClient, query: Sql, signal: AbortSignal): Promise<number> {
  const { rows } = await runQuery(client, sql`EXPLAIN ESTIMATE ${query}`, estimateRow, signal);
  return rows.reduce((sum, table) => sum + table.rows, 0);
}
