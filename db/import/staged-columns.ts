/** The columns that a file of flows may have, and whether a value is one that its column can hold. */
import { parseAddress } from '../../model/filter/cidr.ts';
import { endpointAttributes, flowColumns, type ColumnType } from '../../model/flow-columns.ts';

export type StagedColumn = readonly [name: string, type: ColumnType];

const references = /^(src|dst)_(endpoint|workload_id)$/;
export const ownColumns: readonly StagedColumn[] = Object.entries<ColumnType>(flowColumns).filter(
  ([name]) => !references.test(name),
);
export const attributeColumns: readonly StagedColumn[] = Object.entries<ColumnType>(endpointAttributes);

/** A flow's own columns, and what its ends were. */
export const stagedColumns: readonly StagedColumn[] = [
  ...ownColumns,
  ...['src', 'dst'].flatMap((end) => attributeColumns.map(([name, type]) => [`${end}_${name}`, type] as const)),
];
const types: ReadonlyMap<string, ColumnType> = new Map(stagedColumns);

export const isStagedColumn = (name: string): boolean => types.has(name);

export function isListColumn(name: string): boolean {
  const type = types.get(name);
  return typeof type === 'string' && type.startsWith('Array');
}

/** By these flows are told apart: a row without them cannot be taken. */
export const requiredColumns = ['time', 'id'] as const;
export const missing = (name: string): string => `it has no ${name}: flows are told apart by time and id, export both`;

const largest: Readonly<Record<string, number>> = { UInt8: 0xff, UInt16: 0xffff, UInt32: 0xffff_ffff };
const mostWide = (1n << 64n) - 1n;
const isoTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?$/;
/** What a DateTime64(9) holds; 0 is no time. */
const latestMs = 9_223_372_036_000;

/** What is wrong with the value, null when nothing is. An absent value is the column's default. */
export function problemOf(name: string, value: unknown): string | null {
  const type = types.get(name);
  if (type === undefined || value === null || value === undefined) return null;
  const wanted = problemOfType(type, value);
  return wanted === null ? null : `${name}: ${shown(value)} is ${wanted}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function problemOfType(type: ColumnType, value: unknown): string | null {
  if (typeof type === 'object')
    return isWord(type.enum8, value) ? null : `none of ${type.enum8.filter(Boolean).join(', ')}`;
  switch (type) {
    case 'UInt8':
    case 'UInt16':
    case 'UInt32':
      return isWhole(value, BigInt(largest[type] ?? 0)) ? null : `no whole number from 0 to ${largest[type] ?? 0}`;
    case 'UInt64':
      return isWhole(value, mostWide) ? null : `no whole number from 0 to ${mostWide}`;
    case 'DateTime64(9)':
      return isTime(value) ? null : 'no time such as 2026-11-23T12:00:00.5Z that the store can hold';
    case 'IPv6':
      return typeof value === 'string' && (value === '' || parseAddress(value) !== null) ? null : 'no address';
    case 'String':
    case 'LowCardinality(String)':
      return typeof value === 'string' || typeof value === 'number' ? null : 'no text';
    case 'Array(String)':
    case 'Array(LowCardinality(String))':
      return Array.isArray(value) && value.every((item) => typeof item === 'string') ? null : 'no list of texts';
  }
}

function isWord(words: readonly string[], value: unknown): boolean {
  return typeof value === 'number' ? words[value] !== undefined : words.some((word) => word === value);
}

function isWhole(value: unknown, most: bigint): boolean {
  if (typeof value === 'string') return /^\d{1,20}$/.test(value) && BigInt(value) <= most;
  // Past 2^53 a number has lost digits here, but not on its way to the store.
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= Number(most);
}

function isTime(value: unknown): boolean {
  if (typeof value !== 'string' || !isoTime.test(value)) return false;
  const ms = Date.parse(`${value.slice(0, 19).replace(' ', 'T')}Z`);
  return ms > 0 && ms < latestMs;
}
