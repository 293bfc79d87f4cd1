/** Query parameters of the API: the schemas OpenAPI shows, and their parsing into what the store is asked. */
import { z } from 'zod';
import type { DropsInput } from '../../db/queries/drops.ts';
import type { ExchangeTopic, ExchangesInput } from '../../db/queries/exchanges.ts';
import type { ConnectionInput } from '../../db/queries/flows.ts';
import type { SeriesInput } from '../../db/queries/series.ts';
import type { ValuesInput } from '../../db/queries/values.ts';
import type { TopInput } from '../../db/queries/top.ts';
import {
  dimensions,
  exchangeOrders,
  exportFormats,
  type ExportFormat,
  groupings,
  savedItemSchema,
  topMeasures,
  type Dimension,
  type Grouping,
} from '../../model/api.ts';
import type { Filter } from '../../model/filter/ast.ts';
import { aliases, fields, isFieldName } from '../../model/filter/fields.ts';
import { filterLimits, parseFilter } from '../../model/filter/parse.ts';
import { nearest } from '../../model/filter/suggest.ts';
import { endpointAttributes, flowColumns, type EndpointAttribute, type FlowColumn } from '../../model/flow-columns.ts';
import type { FlowRow } from '../../model/flow-row.ts';
import { type Result, err, ok } from '../../model/result.ts';
import type { Failure } from '../failure.ts';
import type { Range } from '../../db/queries/range.ts';
import type { FlowsQuery, MapQuery } from '../store.ts';
import type { Threshold } from '../compare-ranges.ts';
import { parseCursor } from './cursor.ts';
import { parseTime } from './time.ts';

const time = 'RFC 3339, milliseconds since 1970-01-01 UTC, `now`, or `now-15m` (ms, s, m, h, d, w)';
const from = z.string().default('now-1h').describe(`start of the range: ${time}`);
const to = z.string().default('now').describe(`end of the range: ${time}`);
const filter = z
  .string()
  .default('')
  .describe(
    `filter language, at most ${filterLimits.characters} characters: ` +
      '`ns:production not (to.port:443 or http.status:5xx)`',
  );

function limit(standard: number, most: number, what: string): z.ZodType<number> {
  return z.coerce.number().int().min(1).max(most).default(standard).describe(`most ${what} in the answer`);
}

export const mapParameters = z.strictObject({
  from,
  to,
  filter,
  grouping: z.enum(groupings).default('workload').describe('what one node of the map is'),
  limit: limit(1500, 5000, 'edges, those with drops apart; nodes are a fifth of it, or 300'),
});

export const seriesParameters = z.strictObject({
  from,
  to,
  filter,
  points: limit(120, 2000, 'buckets'),
  previous: z.enum(['0', '1']).default('0').describe('1: also the period of equal length just before'),
});

export const dropsParameters = z.strictObject({
  from,
  to,
  filter,
  since: z.string().optional().describe(`groups first seen at or after this are new: ${time}`),
  limit: limit(200, 5000, 'groups'),
});

export const topParameters = z.strictObject({
  from,
  to,
  filter,
  by: z
    .string()
    .default('to.workload')
    .describe(`${dimensions.join(', ')}, from.label:KEY or to.label:KEY`),
  measure: z.enum(topMeasures).default('bytes').describe('what the largest have most of; latency: the 95th percentile'),
  limit: limit(20, 1000, 'groups'),
  points: z.coerce.number().int().min(0).max(500).default(0).describe('most buckets in time; 0: only the whole range'),
});

export const valuesParameters = z.strictObject({
  field: z.string({ error: 'missing: give a field of the filter language' }).describe('a field of the filter language'),
  typed: z.string().max(200).default('').describe('letters that a value must hold, in either case'),
  from,
  to,
  limit: limit(20, 200, 'values'),
});

export const exchangesParameters = z.strictObject({
  from,
  to,
  filter,
  order: z.enum(exchangeOrders).default('requests').describe('failing: errors and unanswered; slowest: p95'),
  limit: limit(200, 5000, 'groups'),
});

const flowFormats = ['json', 'hubble'] as const;
type FlowFormat = (typeof flowFormats)[number];

export const flowsParameters = z.strictObject({
  from,
  to,
  filter,
  limit: limit(100, 1000, 'flows'),
  cursor: z.string().optional().describe('`cursor` of the previous answer, for the next, older page'),
  format: z
    .enum(flowFormats)
    .default('json')
    .describe("hubble: lines as Hubble's flow exporter writes them; an answered request is two"),
});

export const diffParameters = z.strictObject({
  from,
  to,
  before: z
    .string()
    .optional()
    .describe(`start of the range to compare with, of the same length: ${time}; the one just before`),
  filter,
  grouping: z.enum(groupings).default('workload').describe('what an edge is between'),
  factor: z.coerce
    .number()
    .min(1.01)
    .max(1000)
    .default(2)
    .describe('a rate that grew or shrank this many times has changed'),
  least: z.coerce.number().int().min(1).default(10).describe('fewer events, or thousands of bytes, are no change'),
  limit: limit(500, 5000, 'changes of edges, and of drops'),
});

export const exportParameters = z.strictObject({
  from,
  to,
  filter,
  format: z
    .enum(exportFormats)
    .default('csv')
    .describe("hubble: lines as Hubble's flow exporter writes them; parquet and arrow: one file, in no order"),
  columns: z
    .string()
    .optional()
    .describe('columns, joined by commas, in the order wanted; all of them without it; not for hubble'),
});

export const connectionParameters = z.strictObject({
  id: z.string({ error: 'missing: give the connectionId of a flow' }).describe('`connectionId` of a flow'),
  from,
  to,
  limit: limit(1000, 10_000, 'flows'),
});

export const liveParameters = z.strictObject({
  filter,
  flows: z.enum(['0', '1']).default('1').describe('0: ticks only'),
});

export const savedParameters = savedItemSchema.pick({ kind: true, id: true });

export const noParameters = z.strictObject({});

/** Longer ranges are refused, not cut. */
const longestRangeMs = 92 * 86_400_000;

function bad(parameter: string, message: string): Result<never, Failure> {
  return err({ code: 'bad_parameter', message: `${parameter}: ${message}`, parameter });
}

/** Fits `schema`, or names the first parameter that does not. */
export function parseParameters<T extends z.ZodObject>(schema: T, query: unknown): Result<z.output<T>, Failure> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const name = issue.keys[0] ?? '';
    const known = Object.keys(schema.shape);
    const near = nearest(name, known);
    const hint =
      near !== null ? `did you mean "${near}"?` : known.length > 0 ? `there is ${known.join(', ')}` : 'there is none';
    return err({ code: 'unknown_parameter', message: `there is no parameter "${name}": ${hint}`, parameter: name });
  }
  const parameter = String(issue?.path[0] ?? '');
  const given = typeof query === 'object' && query !== null ? Object.entries(query) : [];
  const isTwice = given.some(([name, value]) => name === parameter && Array.isArray(value));
  return bad(parameter, isTwice ? 'given more than once' : (issue?.message ?? 'not understood'));
}

function parseRange(input: { from: string; to: string }, nowMs: number): Result<Range, Failure> {
  const fromMs = parseTime(input.from, nowMs);
  if (!fromMs.ok) return bad('from', fromMs.error);
  const toMs = parseTime(input.to, nowMs);
  if (!toMs.ok) return bad('to', toMs.error);
  if (fromMs.value >= toMs.value) return bad('from', 'the range is empty: from must lie before to');
  if (toMs.value - fromMs.value > longestRangeMs) {
    const message = `the range is longer than ${longestRangeMs / 86_400_000} days: ask for a shorter one`;
    return err({ code: 'range_too_long', message, parameter: 'from' });
  }
  return ok(inWholeMinutes({ fromMs: fromMs.value, toMs: toMs.value }, input, nowMs));
}

const minuteMs = 60_000;

/**
 * Times relative to now become whole minutes when the range is long enough for nobody to tell: rollups answer it then
 * without a look at flows.
 */
function inWholeMinutes(range: Range, input: { from: string; to: string }, nowMs: number): Range {
  const { fromMs, toMs } = range;
  const isOpen = toMs === nowMs;
  if (toMs - fromMs < 15 * minuteMs) return { fromMs, toMs, isOpen };
  const whole = (ms: number, text: string): number => (/^now-/.test(text) ? Math.floor(ms / minuteMs) * minuteMs : ms);
  return { fromMs: whole(fromMs, input.from), toMs: whole(toMs, input.to), isOpen };
}

function parseFilterParameter(text: string): Result<Filter, Failure> {
  const parsed = parseFilter(text);
  if (parsed.ok) return parsed;
  const { message, position } = parsed.error;
  return err({ code: 'bad_filter', message, parameter: 'filter', position });
}

interface Search {
  readonly range: Range;
  readonly filter: Filter;
}

function parseSearch(input: { from: string; to: string; filter: string }, nowMs: number): Result<Search, Failure> {
  const range = parseRange(input, nowMs);
  if (!range.ok) return range;
  const parsed = parseFilterParameter(input.filter);
  return parsed.ok ? ok({ range: range.value, filter: parsed.value }) : parsed;
}

export function parseMapQuery(query: unknown, nowMs: number): Result<MapQuery, Failure> {
  const input = parseParameters(mapParameters, query);
  if (!input.ok) return input;
  const search = parseSearch(input.value, nowMs);
  if (!search.ok) return search;
  return ok({ ...search.value, grouping: input.value.grouping, limit: input.value.limit });
}

export interface SeriesRequest {
  readonly query: SeriesInput;
  readonly wantsPrevious: boolean;
}

export function parseSeriesQuery(query: unknown, nowMs: number): Result<SeriesRequest, Failure> {
  const input = parseParameters(seriesParameters, query);
  if (!input.ok) return input;
  const search = parseSearch(input.value, nowMs);
  if (!search.ok) return search;
  return ok({ query: { ...search.value, points: input.value.points }, wantsPrevious: input.value.previous === '1' });
}

export function parseDropsQuery(query: unknown, nowMs: number): Result<DropsInput, Failure> {
  const input = parseParameters(dropsParameters, query);
  if (!input.ok) return input;
  const search = parseSearch(input.value, nowMs);
  if (!search.ok) return search;
  const { since, limit: most } = input.value;
  if (since === undefined) return ok({ ...search.value, limit: most, sinceMs: null });
  const sinceMs = parseTime(since, nowMs);
  return sinceMs.ok ? ok({ ...search.value, limit: most, sinceMs: sinceMs.value }) : bad('since', sinceMs.error);
}

function isLabel(text: string): text is `${'from' | 'to'}.label:${string}` {
  return /^(from|to)\.label:./s.test(text);
}

function parseDimension(text: string): Result<Dimension, Failure> {
  const found = isLabel(text) ? text : dimensions.find((one) => one === text);
  if (found !== undefined) return ok(found);
  const near = nearest(text, dimensions);
  const hint = near === null ? `there is ${dimensions.join(', ')}` : `did you mean "${near}"?`;
  return bad('by', `nothing is broken down by "${text}": ${hint}`);
}

export function parseTopQuery(query: unknown, nowMs: number): Result<TopInput, Failure> {
  const input = parseParameters(topParameters, query);
  if (!input.ok) return input;
  const search = parseSearch(input.value, nowMs);
  if (!search.ok) return search;
  const by = parseDimension(input.value.by);
  if (!by.ok) return by;
  const { measure, limit: most, points } = input.value;
  return ok({ ...search.value, by: by.value, measure, limit: most, points });
}

export function parseValuesQuery(query: unknown, nowMs: number): Result<ValuesInput, Failure> {
  const input = parseParameters(valuesParameters, query);
  if (!input.ok) return input;
  const { field: text, typed, limit: most } = input.value;
  const bare = text.replace(/^(from|to)\./, '');
  const field = isFieldName(bare) ? bare : aliases[bare];
  if (field === undefined) {
    const near = nearest(bare, Object.keys(fields));
    return bad('field', `there is no field "${text}"${near === null ? '' : `: did you mean "${near}"?`}`);
  }
  const range = parseRange(input.value, nowMs);
  return range.ok ? ok({ field, typed, range: range.value, limit: most }) : range;
}

/** Read from flows alone, which a longer range has too many of. */
const longestCommandsMs = 86_400_000;

export function parseExchangesQuery(
  topic: ExchangeTopic,
  query: unknown,
  nowMs: number,
): Result<ExchangesInput, Failure> {
  const input = parseParameters(exchangesParameters, query);
  if (!input.ok) return input;
  const search = parseSearch(input.value, nowMs);
  if (!search.ok) return search;
  const { fromMs, toMs } = search.value.range;
  if (topic === 'commands' && toMs - fromMs > longestCommandsMs) {
    const message = 'commands are read from flows, a day of them at most: ask for a shorter range';
    return err({ code: 'range_too_long', message, parameter: 'from' });
  }
  return ok({ ...search.value, topic, order: input.value.order, limit: input.value.limit });
}

export interface FlowsRequest {
  readonly query: FlowsQuery;
  readonly format: FlowFormat;
}

export function parseFlowsQuery(query: unknown, nowMs: number): Result<FlowsRequest, Failure> {
  const input = parseParameters(flowsParameters, query);
  if (!input.ok) return input;
  const search = parseSearch(input.value, nowMs);
  if (!search.ok) return search;
  const { cursor, limit: most, format } = input.value;
  const before = cursor === undefined ? null : parseCursor(cursor);
  if (cursor !== undefined && before === null) return bad('cursor', 'not one that an answer gave');
  return ok({ query: { ...search.value, limit: most, before }, format });
}

export interface DiffRequest {
  readonly range: Range;
  readonly before: Range;
  readonly filter: Filter;
  readonly grouping: Grouping;
  readonly threshold: Threshold;
  readonly limit: number;
}

export function parseDiffQuery(query: unknown, nowMs: number): Result<DiffRequest, Failure> {
  const input = parseParameters(diffParameters, query);
  if (!input.ok) return input;
  const search = parseSearch(input.value, nowMs);
  if (!search.ok) return search;
  const { before: text, grouping, factor, least, limit: most } = input.value;
  const { fromMs, toMs } = search.value.range;
  const lengthMs = toMs - fromMs;
  const before = text === undefined ? ok(fromMs - lengthMs) : parseTime(text, nowMs);
  if (!before.ok) return bad('before', before.error);
  const range = { fromMs: before.value, toMs: before.value + lengthMs };
  return ok({ ...search.value, before: range, grouping, threshold: { factor, least }, limit: most });
}

const ends = Object.keys(endpointAttributes) as EndpointAttribute[];

/** A row has what its endpoints were in place of the references to them. */
const isShown = (name: FlowColumn): name is FlowColumn & keyof FlowRow =>
  !/^(src|dst)_(endpoint|workload_id)$/.test(name);

/** Every column of a flow, those of its endpoints behind its own. */
const exportColumns: readonly (keyof FlowRow)[] = [
  ...(Object.keys(flowColumns) as FlowColumn[]).filter(isShown),
  ...ends.map((name) => `src_${name}` as const),
  ...ends.map((name) => `dst_${name}` as const),
];

export interface ExportRequest {
  readonly range: Range;
  readonly filter: Filter;
  readonly format: ExportFormat;
  readonly columns: readonly (keyof FlowRow)[];
}

export function parseExportQuery(query: unknown, nowMs: number): Result<ExportRequest, Failure> {
  const input = parseParameters(exportParameters, query);
  if (!input.ok) return input;
  const search = parseSearch(input.value, nowMs);
  if (!search.ok) return search;
  const { format, columns: text } = input.value;
  if (text === undefined) return ok({ ...search.value, format, columns: exportColumns });
  if (format === 'hubble') return bad('columns', 'the lines of format=hubble have their own: leave it out');
  const columns: (keyof FlowRow)[] = [];
  for (const name of text.split(',')) {
    const column = exportColumns.find((one) => one === name);
    if (column === undefined) {
      const near = nearest(name, exportColumns);
      return bad('columns', `there is no column "${name}"${near === null ? '' : `: did you mean "${near}"?`}`);
    }
    columns.push(column);
  }
  return ok({ ...search.value, format, columns });
}

const isUint64 = (text: string): boolean => /^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n;

export function parseConnectionQuery(query: unknown, nowMs: number): Result<ConnectionInput, Failure> {
  const input = parseParameters(connectionParameters, query);
  if (!input.ok) return input;
  const { id, limit: most } = input.value;
  if (!isUint64(id)) return bad('id', 'no connection id: it is a whole number below 2^64, as connectionId of a flow');
  const range = parseRange(input.value, nowMs);
  return range.ok ? ok({ range: range.value, connectionId: String(BigInt(id)), limit: most }) : range;
}

export interface LiveQuery {
  readonly filter: Filter;
  readonly wantsFlows: boolean;
}

export function parseLiveQuery(query: unknown): Result<LiveQuery, Failure> {
  const input = parseParameters(liveParameters, query);
  if (!input.ok) return input;
  const parsed = parseFilterParameter(input.value.filter);
  return parsed.ok ? ok({ filter: parsed.value, wantsFlows: input.value.flows === '1' }) : parsed;
}
