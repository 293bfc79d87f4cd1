/** A row of `flows` as the store answers it, checked column by column from the one list of columns. */
import { z } from 'zod';
import { flowColumns, type ColumnType } from '../../model/flow-columns.ts';
import type { FlowRow } from '../../model/flow-row.ts';
import { ident, join, type Sql } from '../sql.ts';
import type { FlowColumn } from '../tables.ts';

function valueSchema(type: ColumnType): z.ZodType {
  if (typeof type === 'object') return z.enum(type.enum8);
  if (type === 'UInt8' || type === 'UInt16' || type === 'UInt32') return z.number();
  return type.startsWith('Array') ? z.array(z.string()) : z.string();
}

const shape = Object.fromEntries(Object.entries(flowColumns).map(([name, type]) => [name, valueSchema(type)]));

/** Built from flowColumns as FlowRow is, which the compiler cannot see. */
export const flowRowSchema = z.object(shape) as unknown as z.ZodType<FlowRow>;

/** Every column of a flow, for a SELECT. */
export const flowRowColumns: Sql = join((Object.keys(flowColumns) as FlowColumn[]).map(ident), ', ');
