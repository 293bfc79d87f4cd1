/** One row of `flows` as the store answers it in JSON: 64-bit integers and times are strings, enums their words. */
import type { ColumnType, FlowColumn, flowColumns } from './flow-columns.ts';

type RowValue<T extends ColumnType> = T extends 'UInt8' | 'UInt16' | 'UInt32'
  ? number
  : T extends `Array(${string})`
    ? readonly string[]
    : T extends { readonly enum8: readonly (infer W)[] }
      ? W
      : string;

/** `time` is RFC 3339 in UTC with nanoseconds, addresses are IPv6 text with IPv4 as ::ffff:a.b.c.d. */
export type FlowRow = { readonly [C in FlowColumn]: RowValue<(typeof flowColumns)[C]> };
