/** Map nodes and edges for tests: valid ones with nothing remarkable but what the test says. */
import type { MapEdge, MapNode } from '../../model/api.ts';

export function aNode(of: Partial<MapNode> = {}): MapNode {
  const node = {
    cluster: 'default',
    namespace: 'production',
    kind: 'Deployment',
    name: 'api',
    addresses: [],
    pods: [],
    ...of,
  };
  return { id: `${node.cluster}/${node.namespace}/${node.kind}/${node.name}`, ...node };
}

export function anEdge(of: Partial<MapEdge> = {}): MapEdge {
  const ends = {
    source: 'default/production/Deployment/frontend',
    destination: 'default/production/Deployment/api',
    ...of,
  };
  return {
    id: `${ends.source}>${ends.destination}`,
    protocols: [{ l4: 'TCP', port: 8080, l7: 'HTTP' }],
    connections: 10,
    bytesToDestination: '1000',
    bytesToSource: '5000',
    packets: 100,
    requests: 0,
    unanswered: 0,
    errors: 0,
    statuses: [],
    latencyMs: null,
    drops: 0,
    dropReasons: [],
    retransmits: 0,
    firstMs: 1_795_000_000_000,
    lastMs: 1_795_000_060_000,
    ...ends,
  };
}
