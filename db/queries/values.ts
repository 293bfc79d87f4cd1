/** Values of a filter field that really occur, those seen last first, for whoever is typing one. */
import { z } from 'zod';
import type { FieldName } from '../../model/filter/fields.ts';
import { fieldOf, type Field } from '../../model/filter/fields.ts';
import type { StoreClient } from '../client.ts';
import { ident, join, param, sql, type Sql } from '../sql.ts';
import { inRange, type Range } from './range.ts';
import type { Reading } from './readings.ts';
import { runQuery, type Read } from './run.ts';

export interface ValuesInput {
  readonly field: FieldName;
  readonly range: Range;
  /** Letters that a value must hold, in either case; empty: any. */
  readonly typed: string;
  /** Most values wanted. */
  readonly limit: number;
}

export interface ValuesAnswer {
  /** Those that begin with what was typed, then those that hold it; of each the last seen first. */
  readonly values: readonly { readonly value: string; readonly lastMs: number }[];
  readonly truncated: boolean;
  readonly read: Read;
}

/** What a suggestion may cost: of a longer range only its end is looked through. */
const longestMs = 86_400_000;

/** Of an endpoint's attribute there is little to read. */
export function readingsOfValues({ field, range: { fromMs, toMs } }: ValuesInput): readonly Reading[] {
  const { of, column } = { column: '', ...fieldOf(field) };
  const isOfFlows = of === 'flow' || column === 'ip' || column === 'port';
  return isOfFlows ? [{ table: 'flows', ranges: [{ fromMs: Math.max(fromMs, toMs - longestMs), toMs }] }] : [];
}

/** Where the values of a field are; null when they are none that one would type (a quantity) or known without the store. */
function sourceOf(field: Field, { fromMs, toMs }: Range): Sql | null {
  const range = { fromMs: Math.max(fromMs, toMs - longestMs), toMs };
  if (field.of === 'flow') {
    if (field.kind === 'word' || field.kind === 'id') return null;
    const column = field.kind === 'text' ? field.column : field.unit === 'none' ? field.columns[0] : undefined;
    if (column === undefined) return null;
    return sql`
    SELECT toString(${ident(column)}) AS value, max(f.time) AS last
    FROM flows AS f
    WHERE ${inRange(range)}
    GROUP BY value`;
  }
  const { column } = field;
  if (column === 'ip' || column === 'port') {
    const ends = (['src', 'dst'] as const).map(
      (end) => sql`
    SELECT replaceOne(toString(${ident(`${end}_${column}`)}), '::ffff:', '') AS value, max(f.time) AS last
    FROM flows AS f
    WHERE ${inRange(range)}
    GROUP BY value`,
    );
    return join(ends, '\n    UNION ALL');
  }
  const isList = field.kind === 'label' || (field.kind === 'text' && field.list);
  const value = isList ? sql`arrayJoin(${ident(column)})` : ident(column);
  return sql`
    SELECT toString(${value}) AS value, max(seen) AS last
    FROM endpoints
    WHERE seen >= ${param.dateTime64Ms(fromMs)}
    GROUP BY value`;
}

/** Null when the store knows no values of the field. */
export function buildValues({ field, range, typed, limit }: ValuesInput): Sql | null {
  const source = sourceOf(fieldOf(field), range);
  if (source === null) return null;
  const at = sql`positionCaseInsensitive(value, ${param.string(typed)})`;
  return sql`
SELECT value, toUnixTimestamp64Milli(max(last)) AS last_ms
FROM (${source}
)
WHERE value NOT IN ('', '0') AND ${at} > 0
GROUP BY value
ORDER BY ${at} = 1 DESC, last_ms DESC, value
LIMIT ${param.uint32(limit + 1)}`;
}

const rowSchema = z.object({ value: z.string(), last_ms: z.string() });

export async function queryValues(client: StoreClient, input: ValuesInput, signal: AbortSignal): Promise<ValuesAnswer> {
  const query = buildValues(input);
  if (query === null) return { values: [], truncated: false, read: { rows: 0, bytes: '0' } };
  const { rows, read } = await runQuery(client, query, rowSchema, signal);
  return {
    values: rows.slice(0, input.limit).map((row) => ({ value: row.value, lastMs: Number(row.last_ms) })),
    truncated: rows.length > input.limit,
    read,
  };
}
