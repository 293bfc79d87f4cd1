/**
 * The alternative that the store did not take: every row repeats what its two endpoints are. Takes the same rows as the
 * writer and keeps them in a table of its own, so that one run can compare the two.
 */
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { FlowSink } from '../collector/sink/flow-rows.ts';
import type { StoreClient } from '../db/client.ts';
import { createBlock } from '../db/native/block.ts';
import { typeName } from '../db/native/type-name.ts';
import {
  endpointAttributes,
  endpointColumns,
  flowColumns,
  type ColumnType,
  type EndpointAttribute,
} from '../model/flow-columns.ts';

const attributes = Object.keys(endpointAttributes) as EndpointAttribute[];
const ends = ['src', 'dst'] as const;

const wideColumns: Readonly<Record<string, ColumnType>> = {
  ...Object.fromEntries(Object.entries(flowColumns).filter(([name]) => !/_(endpoint|workload_id)$/.test(name))),
  ...Object.fromEntries(
    ends.flatMap((end) => attributes.map((name) => [`${end}_${name}`, endpointAttributes[name]] as const)),
  ),
};

/** As the first release had it. */
export async function createWideTable(client: StoreClient): Promise<void> {
  const columns = Object.entries(wideColumns).map(([name, type]) => {
    const codec =
      name === 'time' || name === 'id'
        ? 'Delta, ZSTD(1)'
        : type === 'UInt32' || type === 'UInt64'
          ? 'T64, ZSTD(1)'
          : 'ZSTD(1)';
    return `${name} ${typeName(type)} CODEC(${codec})`;
  });
  await client.command({
    query: `
CREATE TABLE flows_wide
(
  ${columns.join(',\n  ')},
  ingested DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
  INDEX arrival ingested TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (toStartOfFiveMinutes(time), src_namespace, src_workload, dst_namespace, dst_workload, time)`,
  });
}

interface AnyColumn {
  push(value: unknown): void;
}

export interface WideWriter {
  readonly sink: FlowSink;
  /** Sends full blocks; one may be under way while the next fills, as in the writer. */
  ready(): Promise<void>;
  flush(): Promise<void>;
}

export function createWideWriter(client: StoreClient, batchRows: number): WideWriter {
  const block = createBlock(wideColumns, batchRows);
  const columns = block.columns as Readonly<Record<string, AnyColumn>>;
  const known = new Map<string, Record<string, unknown>>();
  let endpoint: Record<string, unknown> = {};
  let sending: Promise<void> = Promise.resolve();

  const pushEndpoint = (end: 'src' | 'dst') => ({
    pushParts(low: number, high: number): void {
      const facts = known.get(String((BigInt(high) << 32n) | BigInt(low)));
      for (const name of attributes) columns[`${end}_${name}`]?.push(facts?.[name]);
    },
  });
  const flows = {
    columns: {
      ...columns,
      src_endpoint: pushEndpoint('src'),
      dst_endpoint: pushEndpoint('dst'),
      src_workload_id: { pushParts: () => undefined },
      dst_workload_id: { pushParts: () => undefined },
    },
    endRow: () => block.endRow(),
  };
  const endpoints = {
    columns: Object.fromEntries(
      Object.keys(endpointColumns).map((name) => [name, { push: (value: unknown) => void (endpoint[name] = value) }]),
    ),
    endRow(): void {
      known.set(String(endpoint['id']), endpoint);
      endpoint = {};
    },
  };

  const insert = async (body: Uint8Array): Promise<void> => {
    const { stream } = await client.exec({
      query: 'INSERT INTO flows_wide FORMAT Native',
      values: Readable.from([body]),
      clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
    });
    stream.resume();
    await finished(stream);
  };
  const flush = async (): Promise<void> => {
    await sending;
    if (block.rows === 0) return;
    const body = block.encode();
    block.reset();
    sending = insert(body);
  };

  return {
    // They take what createFlowRows pushes; nothing else of a block is asked for.
    sink: {
      flows: () => flows as unknown as ReturnType<FlowSink['flows']>,
      endpoints: () => endpoints as unknown as ReturnType<FlowSink['endpoints']>,
      endpointsEpoch: 0,
    },
    ready: async () => {
      if (block.rows >= batchRows) await flush();
    },
    async flush() {
      await flush();
      await sending;
    },
  };
}
