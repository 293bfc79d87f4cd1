/**
 * How ClickHouse spells the column types of model/flow-columns.ts. The migrations create columns with these names and
 * Native blocks announce them, so that the server never converts what the collector sends.
 */
import type { ColumnType } from '../../model/flow-columns.ts';

export function typeName(type: ColumnType): string {
  if (typeof type === 'object') {
    const words = type.enum8.map((word, code) => `'${word.replaceAll(/['\\]/g, '\\$&')}' = ${code}`);
    return `Enum8(${words.join(', ')})`;
  }
  return type === 'DateTime64(9)' ? "DateTime64(9, 'UTC')" : type;
}
