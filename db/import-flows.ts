/**
 * Takes exported flows back: the store reads the file into a table of its own, and from there endpoints and flows go where
 * collectors put them, rollups and all. A flow that is there already is left out, so that to import twice changes nothing.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { endpointAttributes, flowColumns, type ColumnType } from '../model/flow-columns.ts';
import type { StoreClient } from './client.ts';
import { idsSql } from './migrations/ids-sql.ts';
import { typeName } from './native/type-name.ts';

export const importFormats = {
  csv: 'CSVWithNames',
  jsonl: 'JSONEachRow',
  parquet: 'Parquet',
  arrow: 'Arrow',
} as const;
export type ImportFormat = keyof typeof importFormats;

export interface Imported {
  /** Rows the file had. */
  readonly read: number;
  /** Those that were not there before. */
  readonly added: number;
}

/** The file is not what it should be; the message says where. */
export class ImportRefused extends Error {}

const references = /^(src|dst)_(endpoint|workload_id)$/;
const own = Object.entries<ColumnType>(flowColumns).filter(([name]) => !references.test(name));
const attributes = Object.entries<ColumnType>(endpointAttributes);
/** What a file may have: a flow's own columns, and what its ends were. */
const staged: readonly (readonly [string, ColumnType])[] = [
  ...own,
  ...['src', 'dst'].flatMap((end) => attributes.map(([name, type]) => [`${end}_${name}`, type] as const)),
];

/** As they are in files: addresses as text, lists in csv as JSON. */
function stagedType(type: ColumnType, format: ImportFormat): string {
  if (type === 'IPv6') return 'String';
  if (format === 'csv' && typeof type === 'string' && type.startsWith('Array')) return 'String';
  return typeName(type).replace(/LowCardinality\((\w+)\)/g, '$1');
}

function createStaging(table: string, format: ImportFormat): string {
  const columns = staged.map(([name, type]) => `${name} ${stagedType(type, format)}`);
  return `CREATE TABLE ${table} (${columns.join(', ')}) ENGINE = MergeTree ORDER BY time`;
}

/** A staged column as the tables have it. */
function columnSql(name: string, type: ColumnType, format: ImportFormat): string {
  if (type === 'IPv6') return `toIPv6(if(${name} = '', '::', ${name})) AS ${name}`;
  if (format === 'csv' && typeof type === 'string' && type.startsWith('Array')) {
    return `JSONExtract(if(${name} = '', '[]', ${name}), 'Array(String)') AS ${name}`;
  }
  return name;
}

function stagedRows(table: string, format: ImportFormat): string {
  return `SELECT ${staged.map(([name, type]) => columnSql(name, type, format)).join(', ')} FROM ${table}`;
}

const countSchema = z.tuple([z.object({ rows: z.coerce.number(), nameless: z.coerce.number() })]);
const daySchema = z.array(z.object({ day: z.string() }));
const newSchema = z.tuple([z.object({ rows: z.coerce.number() })]);

export async function importFlows(
  client: StoreClient,
  { format, body }: { readonly format: ImportFormat; readonly body: Readable },
  signal: AbortSignal,
): Promise<Imported> {
  const table = `import_${randomBytes(6).toString('hex')}`;
  await client.command({ query: createStaging(table, format), abort_signal: signal });
  try {
    await load(client, table, format, body, signal);
    const answer = await client.query({
      query: `SELECT count() AS rows, countIf(id = 0 OR time = 0) AS nameless FROM ${table}`,
      format: 'JSONEachRow',
    });
    const [{ rows, nameless }] = countSchema.parse(await answer.json());
    if (nameless > 0) {
      throw new ImportRefused(
        `${nameless} rows have no time or no id: export these columns too, flows are told apart by them`,
      );
    }
    let added = 0;
    for (const day of await daysOf(client, table)) {
      signal.throwIfAborted();
      added += await moveDay(client, table, format, day);
    }
    return { read: rows, added };
  } finally {
    await client.command({ query: `DROP TABLE IF EXISTS ${table}` });
  }
}

async function load(
  client: StoreClient,
  table: string,
  format: ImportFormat,
  body: Readable,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { stream } = await client.exec({
      query: `INSERT INTO ${table} FORMAT ${importFormats[format]}`,
      values: body,
      abort_signal: signal,
      clickhouse_settings: {
        date_time_input_format: 'best_effort',
        input_format_skip_unknown_fields: 1,
        input_format_parquet_allow_missing_columns: 1,
        input_format_arrow_allow_missing_columns: 1,
      },
    });
    stream.resume();
  } catch (cause) {
    if (signal.aborted || !(cause instanceof Error) || !('code' in cause)) throw cause;
    throw new ImportRefused(`the store cannot read this as ${format}: ${cause.message}`, { cause });
  }
}

async function daysOf(client: StoreClient, table: string): Promise<readonly string[]> {
  const answer = await client.query({
    query: `SELECT toString(toDate(time)) AS day FROM ${table} GROUP BY day ORDER BY day`,
    format: 'JSONEachRow',
  });
  return daySchema.parse(await answer.json()).map(({ day }) => day);
}

/** Endpoints first: whoever reads a flow finds what it refers to. */
async function moveDay(client: StoreClient, table: string, format: ImportFormat, day: string): Promise<number> {
  const ofDay = `(${stagedRows(table, format)} WHERE toDate(time) = {day:Date})`;
  const params = { query_params: { day } };
  const names = attributes.map(([name]) => name);
  for (const end of ['src', 'dst'] as const) {
    const { endpoint, workload } = idsSql(end);
    await client.command({
      query: `
INSERT INTO endpoints (id, workload_id, seen, cluster, ${names.join(', ')})
SELECT ${endpoint} AS id, ${workload} AS workload_id, max(time), cluster, ${names.map((name) => `${end}_${name}`).join(', ')}
FROM ${ofDay}
GROUP BY ALL`,
      ...params,
    });
  }
  const isNew = '(time, id) NOT IN (SELECT time, id FROM flows WHERE toDate(time) = {day:Date})';
  const answer = await client.query({
    query: `SELECT uniqExact(time, id) AS rows FROM ${table} WHERE toDate(time) = {day:Date} AND ${isNew}`,
    format: 'JSONEachRow',
    ...params,
  });
  const [{ rows }] = newSchema.parse(await answer.json());
  const [from, to] = [idsSql('src'), idsSql('dst')];
  const columns = own.map(([name]) => name).join(', ');
  await client.command({
    query: `
INSERT INTO flows (${columns}, src_endpoint, dst_endpoint, src_workload_id, dst_workload_id)
SELECT ${columns}, ${from.endpoint}, ${to.endpoint}, ${from.workload}, ${to.workload}
FROM ${ofDay}
WHERE ${isNew}
LIMIT 1 BY time, id`,
    ...params,
  });
  return rows;
}
