/** Blocks that keep their rows as objects, for tests to look at. */
import type { Block, Schema } from '../../db/native/block.ts';
import { sparseFlowColumns } from '../../db/native/flow-block.ts';
import { coverageColumns, endpointAttributes, endpointColumns, flowColumns } from '../../model/flow-columns.ts';
import type { ColumnType } from '../../model/flow-columns.ts';
import { statusColumns } from '../../model/status-columns.ts';

export type Row = Record<string, unknown>;

function defaultOf(type: ColumnType | undefined): unknown {
  if (typeof type === 'object' || type === undefined) return 0;
  if (type.startsWith('Array')) return [];
  if (type === 'UInt64' || type === 'DateTime64(9)') return 0n;
  if (type === 'IPv6') return '\0'.repeat(16);
  return type.startsWith('UInt') ? 0 : '';
}

/** Values as pushed: bigint for 64-bit columns, address text is left as bytes in latin-1. */
function keepingBlock(schema: Schema, keep: (row: Row) => void, sparse: readonly string[] = []): unknown {
  let row: Row = {};
  const columns = Object.fromEntries(
    Object.keys(schema).map((name) => [
      name,
      {
        push(value: unknown, offset = 0) {
          row[name] = value instanceof Uint8Array ? Buffer.from(value).toString('latin1', offset, offset + 16) : value;
        },
        fillTo: () => undefined,
        pushParts: (low: number, high: number) => void (row[name] = (BigInt(high) << 32n) | BigInt(low)),
      },
    ]),
  );
  return {
    columns,
    endRow() {
      for (const name of sparse) if (!(name in row)) row[name] = defaultOf(schema[name]);
      const absent = Object.keys(schema).filter((name) => !(name in row));
      if (absent.length > 0) throw new Error(`row without ${absent.join(', ')}`);
      keep(row);
      row = {};
    },
  };
}

export interface KeptRows {
  /** With what their endpoints are: `src_workload` ... as readers of the store see them. */
  readonly flowRows: Row[];
  readonly endpointRows: Row[];
  readonly coverageRows: Row[];
  readonly statusRows: Row[];
  flows(): Block<typeof flowColumns>;
  endpoints(): Block<typeof endpointColumns>;
  readonly endpointsEpoch: number;
  coverage(): Block<typeof coverageColumns>;
  status(): Block<typeof statusColumns>;
}

export function keepRows(): KeptRows {
  const kept = {
    flowRows: [] as Row[],
    endpointRows: [] as Row[],
    coverageRows: [] as Row[],
    statusRows: [] as Row[],
  };
  const joined = (flow: Row): Row => {
    const ends = (['src', 'dst'] as const).flatMap((end) => {
      const endpoint = kept.endpointRows.find(({ id }) => id === flow[`${end}_endpoint`]);
      if (endpoint === undefined) throw new Error(`a row refers to an endpoint that was not written before it`);
      return Object.keys(endpointAttributes).map((name) => [`${end}_${name}`, endpoint[name]]);
    });
    return { ...flow, ...(Object.fromEntries(ends) as Row) };
  };
  const flows = keepingBlock(flowColumns, (row) => kept.flowRows.push(joined(row)), sparseFlowColumns) as Block<
    typeof flowColumns
  >;
  const endpoints = keepingBlock(endpointColumns, (row) => kept.endpointRows.push(row)) as Block<
    typeof endpointColumns
  >;
  const coverage = keepingBlock(coverageColumns, (row) => kept.coverageRows.push(row)) as Block<typeof coverageColumns>;
  const status = keepingBlock(statusColumns, (row) => kept.statusRows.push(row)) as Block<typeof statusColumns>;
  return {
    ...kept,
    flows: () => flows,
    endpoints: () => endpoints,
    endpointsEpoch: 0,
    coverage: () => coverage,
    status: () => status,
  };
}
