import { z } from 'zod';
import type { StoreClient } from '../client.ts';

/** What a migration may do: in a cluster a command becomes one on every node. */
export type MigrationClient = Pick<StoreClient, 'command' | 'query'>;

/** One step of the schema. It may run again without harm, because a killed process may have run a part of it. */
export interface Migration {
  /** Position in the list, from 1; never reused. */
  readonly version: number;
  readonly name: string;
  run(client: MigrationClient): Promise<void>;
}

export async function runAll(client: MigrationClient, statements: readonly string[]): Promise<void> {
  for (const query of statements) await client.command({ query });
}

const daysSchema = z.array(z.object({ day: z.string() }));

/** Runs `insert`, of `{day:Date}`, for each day of a table: a part at a time, the newest last. */
export async function backfillByDay(
  client: MigrationClient,
  from: { readonly table: string; readonly time: string },
  insert: string,
): Promise<void> {
  const answer = await client.query({
    query: `SELECT DISTINCT toString(toDate(${from.time})) AS day FROM ${from.table} ORDER BY day`,
    format: 'JSONEachRow',
  });
  for (const { day } of daysSchema.parse(await answer.json())) {
    await client.command({ query: insert, query_params: { day } });
  }
}
