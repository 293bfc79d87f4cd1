/** Values of filter fields that the answers on the page already hold: completing them asks nobody. */
import type { QueryClient } from '@tanstack/react-query';

import type { Flow, MapNode } from '../../../model/api.ts';
import type { FieldName } from '../../../model/filter/fields.ts';

export function nodesOnPage(client: QueryClient): readonly MapNode[] {
  const nodes = client.getQueriesData({ queryKey: ['map'] }).flatMap(([, data]) => (isMap(data) ? data.nodes : []));
  return [...new Map(nodes.map((node) => [node.id, node])).values()];
}

export function valuesOnPage(client: QueryClient): (field: FieldName) => readonly string[] {
  return (field) => {
    const nodes = nodesOnPage(client);
    const flows = client
      .getQueriesData<{ pages: readonly unknown[] }>({ queryKey: ['flows'] })
      .flatMap(([, data]) => data?.pages ?? [])
      .flatMap((page) => (isFlows(page) ? page.flows : []));
    const values = [...nodes.flatMap((node) => ofNode(node, field)), ...flows.flatMap((flow) => ofFlow(flow, field))];
    return [...new Set(values)].filter((value) => value !== '').sort();
  };
}

// Answers were checked whole when they came; here a look at their shape is enough.
const isMap = (data: unknown): data is { nodes: readonly MapNode[] } =>
  typeof data === 'object' && data !== null && 'nodes' in data && Array.isArray(data.nodes);
const isFlows = (data: unknown): data is { flows: readonly Flow[] } =>
  typeof data === 'object' && data !== null && 'flows' in data && Array.isArray(data.flows);

function ofNode(node: MapNode, field: FieldName): readonly string[] {
  switch (field) {
    case 'ns':
      return [node.namespace];
    case 'cluster':
      return [node.cluster];
    case 'workload':
      return [node.name];
    case 'kind':
      return [node.kind];
    case 'pod':
      return node.pods;
    case 'ip':
      return node.addresses;
    case 'name':
      return node.kind === 'name' ? [node.name] : [];
    default:
      return [];
  }
}

function ofFlow(flow: Flow, field: FieldName): readonly string[] {
  const ends = [flow.from, flow.to];
  switch (field) {
    case 'pod':
      return ends.map((end) => end.pod);
    case 'service':
      return ends.map((end) => end.service);
    case 'process':
      return ends.map((end) => end.process);
    case 'unit':
      return ends.map((end) => end.unit);
    case 'label':
      return ends.flatMap((end) => end.labels);
    case 'port':
      return ends.filter((end) => end.port > 0 && end.port < 32_768).map((end) => String(end.port));
    case 'reason':
      return [flow.dropReason];
    case 'location':
      return [flow.dropLocation];
    case 'node':
      return [flow.node];
    case 'interface':
      return [flow.interface];
    case 'error':
      return [flow.socketError];
    case 'http.host':
      return [flow.l7?.http?.host ?? ''];
    case 'http.path':
      return [flow.l7?.http?.path ?? ''];
    case 'http.method':
      return [flow.l7?.http?.method ?? ''];
    case 'dns.name':
      return [flow.l7?.dns?.name ?? ''];
    case 'l7.command':
      return [flow.l7?.command ?? ''];
    case 'l7.resource':
      return [flow.l7?.resource ?? ''];
    case 'grpc.status':
      return [flow.l7?.grpcStatus ?? ''];
    default:
      return [];
  }
}
