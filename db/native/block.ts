/**
 * A block of rows in columns, encoded as ClickHouse's Native format (revision 0: what HTTP speaks). Callers push one
 * value into every column and then call `endRow`; nothing here knows what the columns mean.
 */
import type { ColumnType } from '../../model/flow-columns.ts';
import { varUintSize, writeVarUint } from './bytes.ts';
import {
  createAddressColumn,
  createDictionary,
  createListColumn,
  createNumberColumn,
  createStringColumn,
  createWideColumn,
  type AddressColumn,
  type CodedColumn,
  type ColumnBuilder,
  type ListColumn,
  type NumberColumn,
  type StringColumn,
  type WideColumn,
} from './columns.ts';
import { typeName } from './type-name.ts';

export type Schema = Readonly<Record<string, ColumnType>>;

/** The builder that a column type gets. */
type ColumnOf<T extends ColumnType> = T extends 'UInt8' | 'UInt16' | 'UInt32' | { readonly enum8: unknown }
  ? NumberColumn
  : T extends 'UInt64' | 'DateTime64(9)'
    ? WideColumn
    : T extends 'IPv6'
      ? AddressColumn
      : T extends 'String'
        ? StringColumn
        : T extends 'LowCardinality(String)'
          ? CodedColumn
          : ListColumn;

export interface Block<S extends Schema> {
  readonly columns: { readonly [K in keyof S]: ColumnOf<S[K]> };
  readonly rows: number;
  /** Rises with every `reset`: dictionary codes taken under another generation mean nothing any more. */
  readonly generation: number;
  /** Call after every column got its value. */
  endRow(): void;
  /** One Native block. Throws, naming the column, when a column has not one value per row. */
  encode(): Uint8Array;
  /** Forgets rows and dictionary codes, keeps the memory. */
  reset(): void;
}

function createColumn(type: ColumnType, capacity: number): ColumnBuilder {
  if (typeof type === 'object') return createNumberColumn((length) => new Uint8Array(length), capacity);
  switch (type) {
    case 'UInt8':
      return createNumberColumn((length) => new Uint8Array(length), capacity);
    case 'UInt16':
      return createNumberColumn((length) => new Uint16Array(length), capacity);
    case 'UInt32':
      return createNumberColumn((length) => new Uint32Array(length), capacity);
    case 'UInt64':
    case 'DateTime64(9)':
      return createWideColumn(capacity);
    case 'IPv6':
      return createAddressColumn(capacity);
    case 'String':
      return createStringColumn(capacity);
    case 'LowCardinality(String)':
      return createDictionary(capacity);
    case 'Array(String)':
      return createListColumn(createStringColumn(capacity), capacity);
    case 'Array(LowCardinality(String))':
      return createListColumn(createDictionary(capacity), capacity);
  }
}

/**
 * `capacity` is the number of rows to reserve memory for; columns grow past it on demand. A row may leave out the `sparse`
 * columns: who has a value for one calls `fillTo(block.rows)` before its push, and what is left out is the default.
 */
export function createBlock<S extends Schema>(
  schema: S,
  capacity: number,
  sparse: ReadonlySet<string> = new Set(),
): Block<S> {
  const room = Math.max(1, capacity);
  const columns = Object.entries(schema).map(([name, type]) => {
    const header = Buffer.concat([lengthPrefixed(name), lengthPrefixed(typeName(type))]);
    return { name, header, builder: createColumn(type, room), isSparse: sparse.has(name) };
  });
  let rows = 0;
  let generation = 0;

  const encode = (): Uint8Array => {
    let size = varUintSize(columns.length) + varUintSize(rows);
    for (const { name, header, builder, isSparse } of columns) {
      if (isSparse) builder.fillTo(rows);
      if (builder.length !== rows) {
        throw new Error(`column ${name} has ${builder.length} values in a block of ${rows} rows`);
      }
      size += header.length + builder.size();
    }
    const out = new Uint8Array(size);
    let position = writeVarUint(out, writeVarUint(out, 0, columns.length), rows);
    for (const { header, builder } of columns) {
      out.set(header, position);
      position = builder.write(out, position + header.length);
    }
    return out;
  };

  return {
    // createColumn follows ColumnOf case by case; the compiler cannot relate the two.
    columns: Object.fromEntries(columns.map(({ name, builder }) => [name, builder])) as unknown as Block<S>['columns'],
    get rows() {
      return rows;
    },
    get generation() {
      return generation;
    },
    endRow() {
      rows += 1;
    },
    encode,
    reset() {
      rows = 0;
      generation += 1;
      for (const { builder } of columns) builder.reset();
    },
  };
}

function lengthPrefixed(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const out = new Uint8Array(varUintSize(bytes.length) + bytes.length);
  out.set(bytes, writeVarUint(out, 0, bytes.length));
  return out;
}
