/** Rows for tests: everything a row needs, with nothing in it but what the test says. */
import { endpointColumns, flowColumns, type ColumnType, type EndpointAttribute } from '../model/flow-columns.ts';
import { parseAddress } from '../model/filter/cidr.ts';
import type { Block, Schema } from './native/block.ts';
import { endpointId, wideId, workloadId } from './native/endpoint-id.ts';

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

/** A flow with its endpoints, as a reader sees it. */
export type FlowOf = RowOf<typeof flowColumns> & {
  readonly [K in `${'src' | 'dst'}_${EndpointAttribute}`]?: Value;
};

export interface FlowSink {
  flows(): Block<typeof flowColumns>;
  endpoints(): Block<typeof endpointColumns>;
}

/** What each writer has been given already. */
const written = new WeakMap<FlowSink, Set<bigint>>();

/** Appends the endpoint unless this writer has it, and returns what a flow holds of it. */
function appendEnd(sink: FlowSink, end: 'src' | 'dst', cluster: string, row: FlowOf): RowOf<typeof flowColumns> {
  const text = (name: EndpointAttribute): string => String(row[`${end}_${name}`] ?? '');
  const list = (name: 'labels' | 'names'): readonly string[] => {
    const value = row[`${end}_${name}`];
    return typeof value === 'object' ? value : [];
  };
  const facts = {
    namespace: text('namespace'),
    pod: text('pod'),
    workload: text('workload'),
    workloadKind: text('workload_kind'),
    service: text('service'),
    labels: list('labels'),
    identity: Number(row[`${end}_identity`] ?? 0),
    names: list('names'),
    process: text('process'),
    unit: text('unit'),
    container: text('container'),
  };
  const id = wideId(endpointId(cluster, facts));
  const workload = wideId(workloadId(cluster, facts));
  const known = written.get(sink) ?? new Set();
  written.set(sink, known);
  if (!known.has(id)) {
    known.add(id);
    const { workloadKind, ...others } = facts;
    const seen = row.time ?? 0;
    const endpoint = { id, workload_id: workload, seen, cluster, ...others, workload_kind: workloadKind };
    appendRow(endpointColumns, sink.endpoints(), endpoint);
  }
  return { [`${end}_endpoint`]: id, [`${end}_workload_id`]: workload };
}

let nextId = 1n;

/** A minute of TCP from production/frontend to production/api, counted by the source. */
export function appendFlow(sink: FlowSink, of: FlowOf = {}): void {
  nextId += 1n;
  const row: FlowOf = {
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
    ...of,
  };
  const cluster = String(row.cluster);
  const ends = { ...appendEnd(sink, 'src', cluster, row), ...appendEnd(sink, 'dst', cluster, row) };
  appendRow(flowColumns, sink.flows(), { ...row, ...ends });
}
