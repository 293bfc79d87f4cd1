/** Puts into rows of flows what the endpoints are that they refer to. */
import { z } from 'zod';
import type { EndpointAttribute } from '../../model/flow-columns.ts';
import type { EndpointFacts, FlowRow, StoredFlow } from '../../model/flow-row.ts';
import type { StoreClient } from '../client.ts';
import { param, sql, type Sql } from '../sql.ts';
import { endpointRowColumns, endpointRowSchema, type EndpointRow } from './flow-row-schema.ts';
import { addRead, runQuery, type Read } from './run.ts';

export function buildEndpoints(ids: readonly string[]): Sql {
  return sql`
SELECT ${endpointRowColumns}
FROM endpoints
WHERE id IN ${param.uint64s(ids.map(BigInt))}
LIMIT 1 BY id
LIMIT ${param.uint32(ids.length)}`;
}

export const podRowSchema = z.object({ id: z.string(), pod: z.string() });

export function buildPods(ids: readonly string[]): Sql {
  return sql`
SELECT id, pod
FROM endpoints
WHERE id IN ${param.uint64s(ids.map(BigInt))} AND pod != ''
LIMIT 1 BY id
LIMIT ${param.uint32(ids.length)}`;
}

/** An endpoint that did not reach the store is shown by its address. */
function unknownEndpoint(ip: string): EndpointFacts {
  return {
    namespace: '',
    pod: '',
    workload: ip.replace(/^::ffff:(?=\d+\.)/, ''),
    workload_kind: 'address',
    service: '',
    labels: [],
    identity: 0,
    names: [],
    process: '',
    unit: '',
    container: '',
  };
}

function attributesOf<E extends 'src' | 'dst'>(
  end: E,
  facts: EndpointFacts,
): { readonly [A in EndpointAttribute as `${E}_${A}`]: EndpointFacts[A] } {
  const { namespace, pod, workload, workload_kind, service, labels, identity, names, process, unit, container } = facts;
  const all = { namespace, pod, workload, workload_kind, service, labels, identity, names, process, unit, container };
  // Exactly the keys of the type: every attribute with the end's prefix.
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [`${end}_${name}`, value])) as ReturnType<
    typeof attributesOf<E>
  >;
}

export function joinEndpoints(flow: StoredFlow, known: ReadonlyMap<string, EndpointRow>): FlowRow {
  return {
    ...flow,
    ...attributesOf('src', known.get(flow.src_endpoint) ?? unknownEndpoint(flow.src_ip)),
    ...attributesOf('dst', known.get(flow.dst_endpoint) ?? unknownEndpoint(flow.dst_ip)),
  };
}

export async function withEndpoints(
  client: StoreClient,
  flows: readonly StoredFlow[],
  read: Read,
  signal: AbortSignal,
): Promise<{ readonly rows: readonly FlowRow[]; readonly read: Read }> {
  const ids = [...new Set(flows.flatMap((flow) => [flow.src_endpoint, flow.dst_endpoint]))];
  if (ids.length === 0) return { rows: [], read };
  const endpoints = await runQuery(client, buildEndpoints(ids), endpointRowSchema, signal);
  const known = new Map(endpoints.rows.map((endpoint) => [endpoint.id, endpoint]));
  return { rows: flows.map((flow) => joinEndpoints(flow, known)), read: addRead(read, endpoints.read) };
}
