/** Blocks that keep their rows as objects, for tests to look at. */
import type { Block, Schema } from '../../db/native/block.ts';
import { coverageColumns, flowColumns } from '../../model/flow-columns.ts';
import { statusColumns } from '../../model/status-columns.ts';

export type Row = Record<string, unknown>;

/** Values as pushed: bigint for 64-bit columns, address text is left as bytes in latin-1. */
function keepingBlock(schema: Schema, kept: Row[]): unknown {
  let row: Row = {};
  const columns = Object.fromEntries(
    Object.keys(schema).map((name) => [
      name,
      {
        push(value: unknown, offset = 0) {
          row[name] = value instanceof Uint8Array ? Buffer.from(value).toString('latin1', offset, offset + 16) : value;
        },
        pushParts: (low: number, high: number) => void (row[name] = (BigInt(high) << 32n) | BigInt(low)),
      },
    ]),
  );
  return {
    columns,
    endRow() {
      const absent = Object.keys(schema).filter((name) => !(name in row));
      if (absent.length > 0) throw new Error(`row without ${absent.join(', ')}`);
      kept.push(row);
      row = {};
    },
  };
}

export interface KeptRows {
  readonly flowRows: Row[];
  readonly coverageRows: Row[];
  readonly statusRows: Row[];
  flows(): Block<typeof flowColumns>;
  coverage(): Block<typeof coverageColumns>;
  status(): Block<typeof statusColumns>;
}

export function keepRows(): KeptRows {
  const kept = { flowRows: [] as Row[], coverageRows: [] as Row[], statusRows: [] as Row[] };
  const flows = keepingBlock(flowColumns, kept.flowRows) as Block<typeof flowColumns>;
  const coverage = keepingBlock(coverageColumns, kept.coverageRows) as Block<typeof coverageColumns>;
  const status = keepingBlock(statusColumns, kept.statusRows) as Block<typeof statusColumns>;
  return { ...kept, flows: () => flows, coverage: () => coverage, status: () => status };
}
