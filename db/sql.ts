/**
 * SQL with server-side parameters only. `sql` joins fragments and parameters; a bare string does not type-check as
 * either. Parameters are named p0, p1 ... in the order of the text, so that a query has one text.
 */
import type { CoverageColumn, EndpointColumn, FlowColumn, StatusColumn, Table } from './tables.ts';
import { tableNames, tables } from './tables.ts';

export interface Param {
  readonly type: string;
  readonly value: string | number | readonly string[] | readonly bigint[];
}

type Piece = string | Param;

export interface Sql {
  readonly pieces: readonly Piece[];
  readonly text: string;
  readonly params: Readonly<Record<string, Param['value']>>;
}

function made(pieces: readonly Piece[]): Sql {
  const params: Record<string, Param['value']> = {};
  let text = '';
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece;
    else {
      const name = `p${Object.keys(params).length}`;
      params[name] = piece.value;
      text += `{${name}:${piece.type}}`;
    }
  }
  return { pieces, text, params };
}

const isSql = (value: Sql | Param): value is Sql => 'pieces' in value;

/** Lines that hold nothing but an empty fragment disappear. */
export function sql(texts: TemplateStringsArray, ...values: readonly (Sql | Param)[]): Sql {
  const pieces = texts.flatMap((text, i): readonly Piece[] => {
    const value = values[i];
    if (value === undefined) return [text];
    return isSql(value) ? [text, ...value.pieces] : [text, value];
  });
  return made(pieces);
}

export const empty: Sql = made([]);

/** Fragments with ` AND `, ` OR ` or a comma between them. */
export function join(
  fragments: readonly Sql[],
  separator: ' AND ' | ' OR ' | ', ' | ',\n  ' | ') OR (' | '\n    UNION ALL',
): Sql {
  return made(fragments.flatMap((fragment, i) => (i === 0 ? fragment.pieces : [separator, ...fragment.pieces])));
}

const integer = (value: number, max: number): number => {
  if (!Number.isInteger(value) || value < 0 || value > max) throw new RangeError(`${value} is no UInt up to ${max}`);
  return value;
};

const nsPerSecond = 1_000_000_000n;

function dateTime64(ns: bigint): Param {
  const text = `${ns / nsPerSecond}.${String(ns % nsPerSecond).padStart(9, '0')}`;
  return { type: "DateTime64(9, 'UTC')", value: text };
}

export const param = {
  string: (value: string): Param => ({ type: 'String', value }),
  strings: (value: readonly string[]): Param => ({ type: 'Array(String)', value }),
  uint8: (value: number): Param => ({ type: 'UInt8', value: integer(value, 0xff) }),
  uint32: (value: number): Param => ({ type: 'UInt32', value: integer(value, 0xffff_ffff) }),
  /** Decimal text, because a UInt64 does not fit a number. */
  uint64: (value: bigint): Param => ({ type: 'UInt64', value: String(BigInt.asUintN(64, value)) }),
  int64: (value: bigint): Param => ({ type: 'Int64', value: String(BigInt.asIntN(64, value)) }),
  uint64s: (value: readonly bigint[]): Param => ({ type: 'Array(UInt64)', value }),
  float64: (value: number): Param => ({ type: 'Float64', value }),
  ipv6: (value: string): Param => ({ type: 'IPv6', value }),
  dateTime64,
  dateTime64Ms: (ms: number): Param => dateTime64(BigInt(Math.floor(ms)) * 1_000_000n),
} as const;

export type Identifier = Table | FlowColumn | EndpointColumn | CoverageColumn | StatusColumn | 'ingested';

const identifiers: ReadonlySet<string> = new Set([
  ...tableNames,
  ...Object.values(tables).flatMap((columns) => Object.keys(columns)),
  'ingested',
]);

/** A table or column of ours, by name. */
export function ident(name: Identifier): Sql {
  if (!identifiers.has(name)) throw new RangeError(`${name} is no table or column`);
  return made([name]);
}
