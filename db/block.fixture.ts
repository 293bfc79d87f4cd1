/** Rows for tests: everything a row needs, with nothing in it but what the test says. */
import { flowColumns, type ColumnType } from '../model/flow-columns.ts';
import { parseAddress } from '../model/filter/cidr.ts';
import type { Block, Schema } from './native/block.ts';

type Value = number | bigint | string | readonly string[];

export type RowOf<S extends Schema> = { readonly [K in keyof S]?: Value };

interface AnyColumn {
  push(value: Value | Uint8Array, offset?: number): void;
}

function put(column: AnyColumn, type: ColumnType, value: Value | undefined): void {
  if (typeof type === 'object') column.push(type.enum8.indexOf(String(value ?? type.enum8[0])));
  else if (type === 'IPv6') column.push(Uint8Array.from(parseAddress(String(value ?? '::')) ?? []), 0);
  else if (type === 'UInt64' || type === 'DateTime64(9)')
    column.push(typeof value === 'bigint' ? value : BigInt(Number(value ?? 0)));
  else if (type.startsWith('UInt')) column.push(Number(value ?? 0));
  else if (type.startsWith('Array')) column.push(typeof value === 'object' ? value : []);
  else column.push(typeof value === 'string' ? value : '');
}

/** Enums by their word, addresses as text, 64-bit integers as number or bigint. */
export function appendRow<S extends Schema>(schema: S, block: Block<S>, row: RowOf<S>): void {
  for (const [name, type] of Object.entries(schema)) {
    // Every column has a push; `put` gives it what its type takes.
    put((block.columns as Readonly<Record<string, AnyColumn>>)[name] as AnyColumn, type, row[name]);
  }
  block.endRow();
}

let nextId = 1n;

/** A minute of TCP from production/frontend to production/api, counted by the source. */
export function appendFlow(block: Block<typeof flowColumns>, row: RowOf<typeof flowColumns> = {}): void {
  nextId += 1n;
  appendRow(flowColumns, block, {
    id: nextId,
    connection_id: 1,
    cluster: 'default',
    node: 'node-1',
    source: 'probe',
    reporter: 'source',
    kind: 'connection_update',
    verdict: 'FORWARDED',
    direction: 'EGRESS',
    is_reply: 'no',
    src_ip: '10.0.0.1',
    src_port: 40_000,
    src_namespace: 'production',
    src_pod: 'frontend-1',
    src_workload: 'frontend',
    src_workload_kind: 'Deployment',
    dst_ip: '10.0.0.2',
    dst_port: 8080,
    dst_namespace: 'production',
    dst_pod: 'api-1',
    dst_workload: 'api',
    dst_workload_kind: 'Deployment',
    protocol: 'TCP',
    ip_version: 4,
    ...row,
  });
}
