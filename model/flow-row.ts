/** One flow as queries answer it in JSON: 64-bit integers and times are strings, enums their words. */
import type { ColumnType, endpointAttributes, FlowColumn, flowColumns } from './flow-columns.ts';

type RowValue<T extends ColumnType> = T extends 'UInt8' | 'UInt16' | 'UInt32'
  ? number
  : T extends `Array(${string})`
    ? readonly string[]
    : T extends { readonly enum8: readonly (infer W)[] }
      ? W
      : string;

/** A row of `flows`. `time` is RFC 3339 in UTC with nanoseconds, addresses are IPv6 text, IPv4 as ::ffff:a.b.c.d. */
export type StoredFlow = { readonly [C in FlowColumn]: RowValue<(typeof flowColumns)[C]> };

type Attributes = typeof endpointAttributes;
export type EndpointFacts = { readonly [A in keyof Attributes]: RowValue<Attributes[A]> };
type EndpointOf<P extends string> = { readonly [A in keyof Attributes as `${P}_${A}`]: EndpointFacts[A] };

type Reference = `${'src' | 'dst'}_${'endpoint' | 'workload_id'}`;

/** The row with what its two endpoints were in place of the references to them. */
export type FlowRow = Omit<StoredFlow, Reference> & EndpointOf<'src'> & EndpointOf<'dst'>;
