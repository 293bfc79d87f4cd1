/**
 * Brings the columns of a table to what the model lists: adds missing ones and lets enumerations grow. A column whose
 * type differs otherwise is an error, because changing it would rewrite data.
 */
import { z } from 'zod';
import type { ColumnType } from '../../model/flow-columns.ts';

import type { MigrationClient } from './migration.ts';
import { typeName } from '../native/type-name.ts';
import { tableNames, tables, type Table } from '../tables.ts';

const storedSchema = z.array(z.object({ name: z.string(), type: z.string() }));

/** Integers that mostly stay small lose their high bytes before compression. */
function codec(type: ColumnType): string {
  return type === 'UInt32' || type === 'UInt64' ? 'CODEC(T64, ZSTD(1))' : 'CODEC(ZSTD(1))';
}

/** The clauses of one ALTER TABLE; empty when the table is as the model says. */
export function alignment(table: Table, stored: ReadonlyMap<string, string>): string[] {
  return Object.entries<ColumnType>(tables[table]).flatMap(([name, type]) => {
    const wanted = typeName(type);
    const present = stored.get(name);
    if (present === undefined) return [`ADD COLUMN IF NOT EXISTS ${name} ${wanted} ${codec(type)}`];
    if (present === wanted) return [];
    if (typeof type === 'object') return [`MODIFY COLUMN ${name} ${wanted}`];
    throw new Error(`column ${table}.${name} is ${present} in the store, but this version needs ${wanted}`);
  });
}

/** Types by name; empty when there is no such table. */
export async function storedColumns(client: MigrationClient, table: string): Promise<ReadonlyMap<string, string>> {
  const answer = await client.query({
    query: 'SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}',
    query_params: { table },
    format: 'JSONEachRow',
  });
  return new Map(storedSchema.parse(await answer.json()).map(({ name, type }) => [name, type]));
}

async function alignments(client: MigrationClient): Promise<readonly (readonly [Table, string[]])[]> {
  const found: (readonly [Table, string[]])[] = [];
  for (const table of tableNames) {
    const clauses = alignment(table, await storedColumns(client, table));
    if (clauses.length > 0) found.push([table, clauses]);
  }
  return found;
}

export async function areColumnsAligned(client: MigrationClient): Promise<boolean> {
  return (await alignments(client)).length === 0;
}

export async function alignColumns(client: MigrationClient): Promise<void> {
  for (const [table, clauses] of await alignments(client)) {
    await client.command({ query: `ALTER TABLE ${table}\n  ${clauses.join(',\n  ')}` });
  }
}
