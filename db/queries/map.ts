/** The service map: nodes and edges of a time range under a filter. */
import type { MapEdge, MapNode } from '../../model/api.ts';
import type { StoreClient } from '../client.ts';
import { assembleMap, budgetOf, chooseEdges, type Budget } from './assemble-map.ts';
import { buildPods, podRowSchema } from './endpoints.ts';
import {
  buildEdges,
  buildEnds,
  buildOutcomes,
  buildWorkloads,
  edgeRowSchema,
  endsRowSchema,
  mostEdges,
  outcomeRowSchema,
  piecesOfMap,
  workloadRowSchema,
  type MapInput,
} from './map-sql.ts';
import { resolutionOf, type Resolution } from './resolution.ts';
import { addRead, runQuery, type Read, type Rows } from './run.ts';

export interface MapAnswer {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  /** More edges or nodes were there than the limits allow; those with drops and the busiest are kept. */
  readonly truncated: boolean;
  readonly budget: Budget;
  readonly resolution: Resolution;
  readonly read: Read;
}

const defaultNodes = 300;
const nothing: Rows<never> = { rows: [], read: { rows: 0, bytes: '0' } };

export async function queryMap(client: StoreClient, input: MapInput, signal: AbortSignal): Promise<MapAnswer> {
  const wanted = { ...input, limit: Math.min(input.limit, mostEdges) };
  const found = await runQuery(client, buildEdges(wanted), edgeRowSchema, signal);
  const chosen = chooseEdges(found.rows, Math.max(defaultNodes, Math.ceil(wanted.limit / 5)));
  const pairs = chosen.map(({ pair }) => pair);
  const ids = [...new Set(chosen.flatMap(({ from_key, to_key }) => [from_key, to_key]))].filter((key) =>
    /^\d+$/.test(key),
  );
  const [outcomes, ends, workloads] = await Promise.all([
    pairs.length === 0 ? nothing : runQuery(client, buildOutcomes(wanted, pairs), outcomeRowSchema, signal),
    pairs.length === 0 ? nothing : runQuery(client, buildEnds(wanted, pairs), endsRowSchema, signal),
    ids.length === 0 ? nothing : runQuery(client, buildWorkloads(ids), workloadRowSchema, signal),
  ]);
  const { nodes, edges } = assembleMap(chosen, outcomes.rows, ends.rows, workloads.rows);
  const pods = await queryPods(client, [...new Set(nodes.flatMap(({ endpoints }) => endpoints))], signal);
  return {
    nodes: nodes.map(({ endpoints, ...node }) => ({ ...node, pods: podsOf(endpoints, pods.names) })),
    edges,
    truncated: edges.length < Number(found.rows[0]?.totals[0] ?? 0),
    budget: budgetOf(found.rows, chosen),
    resolution: resolutionOf(piecesOfMap(wanted)),
    read: [outcomes.read, ends.read, workloads.read, pods.read].reduce(addRead, found.read),
  };
}

async function queryPods(
  client: StoreClient,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly names: ReadonlyMap<string, string>; readonly read: Read }> {
  if (ids.length === 0) return { names: new Map(), read: nothing.read };
  const { rows, read } = await runQuery(client, buildPods(ids), podRowSchema, signal);
  return { names: new Map(rows.map(({ id, pod }) => [id, pod])), read };
}

function podsOf(endpoints: readonly string[], names: ReadonlyMap<string, string>): string[] {
  const pods = endpoints.map((id) => names.get(id) ?? '').filter((pod) => pod !== '');
  return [...new Set(pods)].sort();
}
