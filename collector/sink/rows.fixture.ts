/** Blocks that keep their rows as objects, for tests to look at. */
import type { Block, Schema } from '../../db/native/block.ts';
import { coverageColumns, endpointAttributes, endpointColumns, flowColumns } from '../../model/flow-columns.ts';
import { statusColumns } from '../../model/status-columns.ts';

export type Row = Record<string, unknown>;

/** Values as pushed: bigint for 64-bit columns, address text is left as bytes in latin-1. */
function keepingBlock(schema: Schema, keep: (row: Row) => void): unknown {
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
  const flows = keepingBlock(flowColumns, (row) => kept.flowRows.push(joined(row))) as Block<typeof flowColumns>;
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
