/**
 * Flows on their way out of the store: the engine writes the format, and what is asked for leaves slice by slice, so that
 * neither side holds more than one. A slice arrives whole or not at all.
 */
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { endpointAttributes, flowColumns, type EndpointAttribute, type FlowColumn } from '../../model/flow-columns.ts';
import type { FlowRow } from '../../model/flow-row.ts';
import type { Filter } from '../../model/filter/ast.ts';
import type { StoreClient } from '../client.ts';
import { filterSql } from '../filter-sql.ts';
import { ident, join, param, sql, type Sql } from '../sql.ts';
import { fixed } from './edge-rows.ts';
import { inRange, type Range } from './range.ts';
import { runQuery, type Read } from './run.ts';

/** What the engine writes; `whole` formats have a head or a foot and cannot be put together from slices. */
export const storeFormats = {
  csv: { name: 'CSV', isWhole: false },
  jsonl: { name: 'JSONEachRow', isWhole: false },
  parquet: { name: 'Parquet', isWhole: true },
  arrow: { name: 'Arrow', isWhole: true },
} as const;
export type StoreFormat = keyof typeof storeFormats;

export type ExportColumn = keyof FlowRow;

export interface ExportInput {
  readonly range: Range;
  readonly filter: Filter;
  readonly format: StoreFormat;
  readonly columns: readonly ExportColumn[];
}

export interface Slice extends Range {
  readonly rows: number;
}

export interface ExportPlan {
  readonly rows: number;
  /** In order, the newest first: without gap or overlap. */
  readonly slices: readonly Slice[];
  readonly read: Read;
}

/** About 25 MB as JSON: as much as either side holds at once. */
const rowsPerSlice = 50_000;
const bucketMs = 300_000;
const mostBuckets = 92 * 288 + 2;

export function buildCounts({ range, filter }: Pick<ExportInput, 'range' | 'filter'>): Sql {
  return sql`
SELECT toString(toUnixTimestamp(toStartOfFiveMinutes(time))) AS bucket, toString(count()) AS rows
FROM flows
WHERE ${inRange(range)} AND ${filterSql(filter)}
GROUP BY bucket
ORDER BY bucket DESC
LIMIT ${param.uint32(mostBuckets)}`;
}

const countSchema = z.object({ bucket: z.coerce.number(), rows: z.coerce.number() });

export async function planExport(
  client: StoreClient,
  input: Pick<ExportInput, 'range' | 'filter'>,
  signal: AbortSignal,
): Promise<ExportPlan> {
  const { rows, read } = await runQuery(client, buildCounts(input), countSchema, signal);
  return { rows: rows.reduce((sum, bucket) => sum + bucket.rows, 0), slices: slicesOf(rows, input.range), read };
}

/** Five minutes are never cut: with more rows than a slice is to have they are one by themselves. */
export function slicesOf(
  counts: readonly { readonly bucket: number; readonly rows: number }[],
  { fromMs, toMs }: Range,
): readonly Slice[] {
  const slices: Slice[] = [];
  let [endMs, rows] = [toMs, 0];
  for (const count of counts) {
    if (rows > 0 && rows + count.rows > rowsPerSlice) {
      const startMs = Math.max(fromMs, count.bucket * 1000 + bucketMs);
      slices.push({ fromMs: startMs, toMs: endMs, rows });
      [endMs, rows] = [startMs, 0];
    }
    rows += count.rows;
  }
  if (rows > 0) slices.push({ fromMs, toMs: endMs, rows });
  return slices;
}

const isAttribute = (name: string): name is EndpointAttribute => Object.hasOwn(endpointAttributes, name);

/** A column of a flow, or an attribute of one of its ends, as text where a format has no type for it. */
function columnSql(name: ExportColumn, format: StoreFormat): Sql {
  const [, end = '', attribute = ''] = /^(src|dst)_(.+)$/.exec(name) ?? [];
  const type = isAttribute(attribute) ? endpointAttributes[attribute] : flowColumns[name as FlowColumn];
  const value = isAttribute(attribute) ? attributeSql(end, attribute) : `f.${ident(name as FlowColumn).text}`;
  const isList = typeof type === 'string' && type.startsWith('Array');
  if (format === 'csv' && isList) return fixed(`toJSONString(${value}) AS ${name}`);
  if (storeFormats[format].isWhole && type === 'IPv6') return fixed(`toString(${value}) AS ${name}`);
  return fixed(`${value} AS ${name}`);
}

/** An endpoint that did not reach the store is told by its address. */
function attributeSql(end: string, attribute: EndpointAttribute): string {
  const known = `${end}.${attribute}`;
  if (attribute === 'workload') {
    return `if(${end}.id = 0, replaceOne(toString(f.${end}_ip), '::ffff:', ''), toString(${known}))`;
  }
  return attribute === 'workload_kind' ? `if(${end}.id = 0, 'address', toString(${known}))` : known;
}

function endpoints(end: 'src' | 'dst', columns: readonly ExportColumn[]): Sql {
  const asked = Object.keys(endpointAttributes).filter((name) => columns.some((column) => column === `${end}_${name}`));
  if (asked.length === 0) return fixed('');
  const texts = asked.map((name) => `any(${name}) AS ${name}`).join(', ');
  return fixed(`
LEFT ANY JOIN (SELECT id, ${texts} FROM endpoints GROUP BY id) AS ${end} ON ${end}.id = f.${end}_endpoint`);
}

export function buildExport({ range, filter, format, columns }: ExportInput, most?: number): Sql {
  // Before the endpoints are joined: to sort what they are as well takes longer than all the rest.
  const order = storeFormats[format].isWhole
    ? sql``
    : sql`
  ORDER BY time DESC, id DESC`;
  const limit =
    most === undefined
      ? sql``
      : sql`
LIMIT ${param.uint32(most)}`;
  return sql`
SELECT ${join(
    columns.map((name) => columnSql(name, format)),
    ', ',
  )}
FROM (
  SELECT *
  FROM flows
  WHERE ${inRange(range)} AND ${filterSql(filter)}${order}
) AS f${endpoints('src', columns)}${endpoints('dst', columns)}${limit}`;
}

/** The bytes of one slice, or of a whole file. An error of the store is thrown before the first byte. */
export async function readExport(
  client: StoreClient,
  input: ExportInput,
  signal: AbortSignal,
  most?: number,
): Promise<Readable> {
  const query = buildExport(input, most);
  const { stream } = await client.exec({
    query: `${query.text}\nFORMAT ${storeFormats[input.format].name}`,
    query_params: query.params,
    abort_signal: signal,
    clickhouse_settings: {
      wait_end_of_query: 1,
      max_execution_time: 3600,
      // The rows come to the joins in their order, in one stream, and leave them so.
      query_plan_remove_redundant_sorting: 0,
      query_plan_join_swap_table: 'false',
      join_algorithm: 'hash',
      output_format_parquet_row_group_size: '100000',
      output_format_arrow_string_as_string: 1,
      output_format_arrow_low_cardinality_as_dictionary: 0,
    },
  });
  return stream;
}
