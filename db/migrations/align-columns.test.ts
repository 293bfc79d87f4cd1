import { describe, expect, it } from 'vitest';
import { coverageColumns, type ColumnType } from '../../model/flow-columns.ts';
import { statusColumns } from '../../model/status-columns.ts';
import { typeName } from '../native/type-name.ts';
import { alignment } from './align-columns.ts';

const stored = (columns: typeof coverageColumns | typeof statusColumns): Map<string, string> =>
  new Map(Object.entries<ColumnType>(columns).map(([name, type]) => [name, typeName(type)]));

describe('alignment', () => {
  it('leaves a table alone that is as the model says', () => {
    expect(alignment('coverage', stored(coverageColumns))).toEqual([]);
  });

  it('adds a missing column, narrow integers packed', () => {
    const columns = stored(coverageColumns);
    columns.delete('value');
    columns.delete('counter');
    expect(alignment('coverage', columns)).toEqual([
      'ADD COLUMN IF NOT EXISTS counter LowCardinality(String) CODEC(ZSTD(1))',
      'ADD COLUMN IF NOT EXISTS value UInt64 CODEC(T64, ZSTD(1))',
    ]);
  });

  it('lets an enumeration grow', () => {
    const columns = stored(statusColumns).set('mode', "Enum8('unknown' = 0)");
    expect(alignment('node_status', columns)).toEqual([`MODIFY COLUMN mode ${typeName(statusColumns.mode)}`]);
  });

  it('refuses to change a type, which would rewrite data', () => {
    const columns = stored(coverageColumns).set('value', 'UInt32');
    expect(() => alignment('coverage', columns)).toThrow('coverage.value is UInt32');
  });
});
