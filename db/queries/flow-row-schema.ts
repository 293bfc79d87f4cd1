/** Rows of `flows` and `endpoints` as the store answers them, checked column by column from the lists of columns. */
import { z } from 'zod';
import { endpointAttributes, flowColumns, type ColumnType, type EndpointAttribute } from '../../model/flow-columns.ts';
import type { EndpointFacts, StoredFlow } from '../../model/flow-row.ts';
import { ident, join, type Sql } from '../sql.ts';
import type { FlowColumn } from '../tables.ts';

function valueSchema(type: ColumnType): z.ZodType {
  if (typeof type === 'object') return z.enum(type.enum8);
  if (type === 'UInt8' || type === 'UInt16' || type === 'UInt32') return z.number();
  return type.startsWith('Array') ? z.array(z.string()) : z.string();
}

function shapeOf(columns: Readonly<Record<string, ColumnType>>): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(columns).map(([name, type]) => [name, valueSchema(type)]));
}

/** Built from flowColumns as StoredFlow is, which the compiler cannot see. */
export const storedFlowSchema = z.object(shapeOf(flowColumns)) as unknown as z.ZodType<StoredFlow>;

/** Every column of a flow, for a SELECT. */
export const storedFlowColumns: Sql = join((Object.keys(flowColumns) as FlowColumn[]).map(ident), ', ');

export type EndpointRow = EndpointFacts & { readonly id: string };

export const endpointRowSchema = z.object({
  id: z.string(),
  ...shapeOf(endpointAttributes),
}) as unknown as z.ZodType<EndpointRow>;

export const endpointRowColumns: Sql = join(
  ['id' as const, ...(Object.keys(endpointAttributes) as EndpointAttribute[])].map(ident),
  ', ',
);
