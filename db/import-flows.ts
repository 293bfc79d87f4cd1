/**
 * Takes flows back: the store reads the file into a table of its own, and from there endpoints and flows go where collectors
 * put them, rollups and all. A flow that is there already is left out, so that to import twice changes nothing.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { ColumnType } from '../model/flow-columns.ts';
import type { StoreClient } from './client.ts';
import { checkedCsv, checkedJson, ImportRefused, type Refusal, type RowChecks } from './import/checked-rows.ts';
import { attributeColumns as attributes, ownColumns as own, stagedColumns as staged } from './import/staged-columns.ts';
import { idsSql } from './migrations/ids-sql.ts';
import { typeName } from './native/type-name.ts';

export const importFormats = {
  csv: 'CSVWithNames',
  jsonl: 'JSONEachRow',
  parquet: 'Parquet',
  arrow: 'Arrow',
} as const;
export type ImportFormat = keyof typeof importFormats;

export interface ImportInput {
  readonly format: ImportFormat;
  readonly body: AsyncIterable<Uint8Array>;
  /** Lines of JSON that are known to be rows are not read a second time. */
  readonly isChecked?: boolean;
  /** Told of each line that cannot be taken; without it the first of them refuses the file. */
  readonly onRefused?: (refusal: Refusal) => void;
  readonly onProgress?: (progress: ImportProgress) => void;
}

export type ImportProgress =
  | { readonly step: 'reading'; readonly rows: number; readonly refused: number }
  | { readonly step: 'moving'; readonly day: number; readonly days: number };

export interface Imported {
  /** Rows that could be taken. */
  readonly read: number;
  /** Those of them that were not there before. */
  readonly added: number;
  /** Lines that could not. */
  readonly refused: number;
  /** Columns that the store has not. */
  readonly leftOut: readonly string[];
}

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

const countSchema = z.tuple([
  z.object({ rows: z.coerce.number(), nameless: z.coerce.number(), addressless: z.coerce.number() }),
]);
const daySchema = z.array(z.object({ day: z.string() }));
const newSchema = z.tuple([z.object({ rows: z.coerce.number() })]);

/** Fails with `ImportRefused` when the file cannot be taken; then nothing of it is. */
export async function importFlows(client: StoreClient, input: ImportInput, signal: AbortSignal): Promise<Imported> {
  const table = `import_${randomBytes(6).toString('hex')}`;
  const { format } = input;
  await client.command({ query: createStaging(table, format), abort_signal: signal });
  try {
    const { refused, leftOut } = await load(client, table, input, signal);
    const rows = await countRows(client, table);
    let added = 0;
    const days = await daysOf(client, table);
    for (const [at, day] of days.entries()) {
      signal.throwIfAborted();
      input.onProgress?.({ step: 'moving', day: at + 1, days: days.length });
      added += await moveDay(client, table, format, day);
    }
    return { read: rows, added, refused, leftOut };
  } finally {
    await client.command({ query: `DROP TABLE IF EXISTS ${table}` });
  }
}

async function countRows(client: StoreClient, table: string): Promise<number> {
  const isWrong = (name: string): string => `(${name} != '' AND toIPv6OrNull(${name}) IS NULL)`;
  const answer = await client.query({
    query: `SELECT count() AS rows, countIf(id = 0 OR time = 0) AS nameless,
  countIf(${['src_ip', 'dst_ip', 'service_ip'].map(isWrong).join(' OR ')}) AS addressless
FROM ${table}`,
    format: 'JSONEachRow',
  });
  const [{ rows, nameless, addressless }] = countSchema.parse(await answer.json());
  if (nameless > 0) {
    throw new ImportRefused(
      `${nameless} rows have no time or no id: export these columns too, flows are told apart by them`,
    );
  }
  if (addressless > 0) throw new ImportRefused(`${addressless} rows have addresses that are none`);
  return rows;
}

interface Loaded {
  readonly refused: number;
  readonly leftOut: readonly string[];
}

async function load(client: StoreClient, table: string, input: ImportInput, signal: AbortSignal): Promise<Loaded> {
  const { format, body } = input;
  const { rows, outcome } = checkedRows(input);
  // A stream that fails would leave the store waiting: it ends, and what ended it is told afterwards.
  const failed: { cause?: unknown } = {};
  const values = Readable.from(untilFailure(rows ?? body, failed), { objectMode: false });
  try {
    const { stream } = await client.exec({
      query: `INSERT INTO ${table} FORMAT ${importFormats[format]}`,
      values,
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
    if ('cause' in failed) throw failed.cause;
    if (signal.aborted || !(cause instanceof Error) || !('code' in cause)) throw cause;
    throw new ImportRefused(`the store cannot read this as ${format}: ${cause.message}`, { cause });
  }
  if ('cause' in failed) throw failed.cause;
  return outcome();
}

async function* untilFailure(body: AsyncIterable<Uint8Array>, failed: { cause?: unknown }): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    failed.cause = cause;
  }
}

/** Of columns that the store has not; a file may have one for each line. */
const mostNames = 100;

/** `rows` is null for what has no lines, or needs no look. */
function checkedRows({ format, body, isChecked, onRefused, onProgress }: ImportInput): {
  readonly rows: AsyncIterable<Uint8Array> | null;
  readonly outcome: () => Loaded;
} {
  const leftOut = new Set<string>();
  let [accepted, refused] = [0, 0];
  let first: Refusal | null = null;
  const tell = (): void => {
    if ((accepted + refused) % 1000 === 0) onProgress?.({ step: 'reading', rows: accepted, refused });
  };
  const checks: RowChecks = {
    accept() {
      accepted += 1;
      tell();
    },
    refuse(refusal) {
      if (onRefused === undefined) throw new ImportRefused(`line ${refusal.line}: ${refusal.why}`);
      first ??= refusal;
      refused += 1;
      onRefused(refusal);
      tell();
    },
    leaveOut(name) {
      if (leftOut.size < mostNames) leftOut.add(name);
    },
  };
  const isLines = isChecked !== true && (format === 'csv' || format === 'jsonl');
  return {
    rows: isLines ? (format === 'csv' ? checkedCsv(body, checks) : checkedJson(body, checks)) : null,
    outcome() {
      if (accepted > 0 || first === null) return { refused, leftOut: [...leftOut] };
      throw new ImportRefused(`none of its ${refused} lines is a flow; line ${first.line}: ${first.why}`);
    },
  };
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
  // Of an exchange that was answered, Hubble's lines hold the request as well.
  const isNew = `(time, id) NOT IN (SELECT time, id FROM flows WHERE toDate(time) = {day:Date})
  AND NOT (kind = 'l7_request' AND (time, id) IN (
    SELECT time, id FROM ${table} WHERE toDate(time) = {day:Date} AND kind = 'l7_response'))`;
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
