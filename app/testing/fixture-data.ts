/**
 * Generated answers of the API for the fixture server and the gallery: the lab's five services, and made-up clusters of
 * any size. Everything follows from a seed; nothing here was ever captured.
 */
import type {
  DropsResponse,
  Evidence,
  Flow,
  Health,
  MapEdge,
  MapNode,
  MapResponse,
  SeriesResponse,
} from '../../model/api.ts';
import { aFlow, aLayer7, anEndpoint } from '../../model/flow.fixture.ts';
import { aNode, anEdge } from './map.fixture.ts';

export type Random = () => number;

/** A linear congruential generator: enough for pictures. */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const evidence: Evidence = {
  rowsRead: 184_220,
  bytesRead: '4812344',
  elapsedMs: 38,
  truncated: false,
  limit: 5_000,
  coverage: { lost: { ring_full: 212 }, packetsSeen: 1_204_332, gaps: [], nodes: ['node-1'] },
};

export interface World {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
}

const outside = (kind: string, name: string): MapNode => aNode({ namespace: '', kind, name });

export function labWorld(toMs: number): World {
  const frontend = aNode({ name: 'frontend', pods: ['frontend-7d8b9c-xq2p9'], addresses: ['10.77.1.2', 'fd77::2'] });
  const api = aNode({ name: 'api', pods: ['api-6f4c8d-lk3m1'], addresses: ['10.77.1.3', 'fd77::3'] });
  const postgres = aNode({ name: 'postgres', kind: 'StatefulSet', pods: ['postgres-0'] });
  const dns = aNode({ name: 'dns', namespace: 'kube-system', pods: ['dns-5b8f9d-7kq2m'] });
  const stripe = outside('name', 'payment.stripe.com');
  const seen = { firstMs: toMs - 290_000, lastMs: toMs - 800 };
  return {
    nodes: [frontend, api, postgres, dns, stripe],
    edges: [
      anEdge({
        ...seen,
        source: frontend.id,
        destination: api.id,
        requests: 18_000,
        errors: 41,
        connections: 40,
        bytesToDestination: '5400000',
        bytesToSource: '28000000',
        packets: 74_000,
        latencyMs: { p50: 3.1, p95: 7.84, p99: 21.2 },
        statuses: [
          { status: '200', count: 17_200 },
          { status: '201', count: 540 },
          { status: '404', count: 219 },
          { status: '500', count: 41 },
        ],
      }),
      anEdge({
        ...seen,
        source: api.id,
        destination: postgres.id,
        protocols: [{ l4: 'TCP', port: 5432, l7: '' }],
        connections: 2,
        bytesToDestination: '2100000',
        bytesToSource: '9800000',
        packets: 36_000,
      }),
      anEdge({
        ...seen,
        source: api.id,
        destination: dns.id,
        protocols: [{ l4: 'UDP', port: 53, l7: 'DNS' }],
        requests: 620,
        connections: 620,
        bytesToDestination: '48000',
        bytesToSource: '91000',
        latencyMs: { p50: 0.31, p95: 0.82, p99: 1.4 },
        statuses: [
          { status: 'NOERROR', count: 571 },
          { status: 'NXDOMAIN', count: 49 },
        ],
      }),
      anEdge({
        ...seen,
        source: api.id,
        destination: stripe.id,
        protocols: [{ l4: 'TCP', port: 443, l7: '' }],
        connections: 52,
        bytesToDestination: '23088',
        bytesToSource: '0',
        packets: 312,
        drops: 312,
        dropReasons: [{ reason: 'NETFILTER_DROP', location: 'nft_do_chain', packets: 312 }],
      }),
    ],
  };
}

const words = [
  'cart',
  'catalog',
  'search',
  'auth',
  'ledger',
  'mail',
  'stock',
  'price',
  'media',
  'audit',
  'geo',
  'feed',
];
const roles = ['api', 'worker', 'gateway', 'cache', 'db', 'indexer', 'scheduler', 'web'];
const kinds = ['Deployment', 'Deployment', 'Deployment', 'StatefulSet', 'DaemonSet'];

/** A layered made-up cluster of `count` workloads in namespaces of about a dozen. */
export function madeUpWorld(count: number, toMs: number, random: Random): World {
  const pick = <T>(list: readonly T[], fallback: T): T => list[Math.floor(random() * list.length)] ?? fallback;
  const namespaces = Math.max(2, Math.round(count / 12));
  const nodes = Array.from({ length: count }, (_, index) => {
    const namespace = `${pick(words, 'x')}-${index % namespaces}`;
    const space = `team-${String(index % namespaces).padStart(2, '0')}`;
    return aNode({ namespace: space, kind: pick(kinds, 'Pod'), name: `${namespace}-${pick(roles, 'api')}-${index}` });
  });
  const outsiders = Array.from({ length: Math.min(30, 2 + Math.round(count / 12)) }, (_, index) =>
    index % 3 === 0
      ? outside('address', `203.0.113.${index}`)
      : outside(
          'name',
          `${pick(words, 'x')}${index}.${pick(['stripe.com', 'amazonaws.com', 'example.co.uk', 'github.com'], '')}`,
        ),
  );
  const edges = new Map<string, MapEdge>();
  const connect = (source: MapNode, destination: MapNode): void => {
    const edge = madeUpEdge(source, destination, toMs, random);
    edges.set(edge.id, edge);
  };
  nodes.forEach((node, index) => {
    const calls = 1 + Math.floor(random() ** 2 * 4);
    for (let call = 0; call < calls; call++) {
      // Mostly its own namespace, mostly what comes later: services call downwards.
      const isLocal = random() < 0.65;
      const ahead = index + (isLocal ? namespaces * (1 + Math.floor(random() * 3)) : 1 + Math.floor(random() * count));
      const target = nodes[ahead % count];
      if (target !== undefined && (ahead < count || random() < 0.12)) connect(node, target);
    }
    const target = pick(outsiders, node);
    if (random() < 0.12) connect(node, target);
  });
  const touched = new Set([...edges.values()].flatMap((edge) => [edge.source, edge.destination]));
  return { nodes: [...nodes, ...outsiders].filter((node) => touched.has(node.id)), edges: [...edges.values()] };
}

function madeUpEdge(source: MapNode, destination: MapNode, toMs: number, random: Random): MapEdge {
  const isHttp = random() < 0.6;
  const requests = isHttp ? Math.floor(random() ** 4 * 90_000) : 0;
  const bytes = Math.floor(random() ** 5 * 3e9);
  const isDropped = random() < 0.025;
  const p50 = 0.4 + random() ** 3 * 60;
  return anEdge({
    source: source.id,
    destination: destination.id,
    protocols: [{ l4: 'TCP', port: isHttp ? 8080 : 5432, l7: isHttp ? 'HTTP' : '' }],
    requests: isDropped ? 0 : requests,
    errors: random() < 0.06 ? Math.floor(requests * 0.04) : 0,
    connections: 1 + Math.floor(random() * 400),
    bytesToDestination: isDropped ? '7400' : String(bytes),
    bytesToSource: isDropped ? '0' : String(bytes * 3),
    packets: isDropped ? 90 : Math.ceil(bytes / 700) + 4,
    latencyMs: isHttp && !isDropped ? { p50, p95: p50 * 3.1, p99: p50 * 7.7 } : null,
    drops: isDropped ? 40 + Math.floor(random() * 900) : 0,
    dropReasons: isDropped ? [{ reason: 'NETFILTER_DROP', location: 'nft_do_chain', packets: 90 }] : [],
    firstMs: toMs - 280_000,
    lastMs: toMs - 1_000,
  });
}

/** The same world as namespaces talking to each other. */
export function byNamespace({ nodes, edges }: World): World {
  const groupOf = new Map(
    nodes.map((node) => [
      node.id,
      node.namespace === '' ? node : aNode({ namespace: node.namespace, kind: 'Namespace', name: node.namespace }),
    ]),
  );
  const merged = new Map<string, MapEdge>();
  for (const edge of edges) {
    const source = groupOf.get(edge.source)?.id ?? edge.source;
    const destination = groupOf.get(edge.destination)?.id ?? edge.destination;
    if (source === destination) continue;
    const id = `${source}>${destination}`;
    const known = merged.get(id);
    merged.set(id, {
      ...edge,
      id,
      source,
      destination,
      drops: edge.drops + (known?.drops ?? 0),
      requests: edge.requests + (known?.requests ?? 0),
    });
  }
  return {
    nodes: [...new Map([...groupOf.values()].map((node) => [node.id, node])).values()],
    edges: [...merged.values()],
  };
}

export function mapOf(world: World, fromMs: number, toMs: number, grouping: MapResponse['grouping']): MapResponse {
  const shown = grouping === 'namespace' ? byNamespace(world) : world;
  return { range: { fromMs, toMs }, grouping, filter: '', nodes: [...shown.nodes], edges: [...shown.edges], evidence };
}

/** `count` flows, newest first, one every 37 ms back from `newestMs`. */
export function flowsOf(world: World, newestMs: number, count: number, random: Random): Flow[] {
  const nodeOf = new Map(world.nodes.map((node) => [node.id, node]));
  return Array.from({ length: count }, (_, index) => {
    const edge = world.edges[Math.floor(random() * world.edges.length)] ?? anEdge();
    const atMs = newestMs - index * 37;
    return flowOf(edge, nodeOf.get(edge.source) ?? aNode(), nodeOf.get(edge.destination) ?? aNode(), atMs, random);
  });
}

function endOf(node: MapNode, port: number) {
  return anEndpoint({
    node: node.id,
    ip: node.addresses[0] ?? '198.51.100.10',
    port,
    namespace: node.namespace,
    pod: node.pods[0] ?? '',
    workload: node.name,
    workloadKind: node.kind,
    names: node.kind === 'name' ? [node.name] : [],
    labels: node.namespace === '' ? [] : [`app=${node.name}`],
  });
}

function flowOf(edge: MapEdge, source: MapNode, destination: MapNode, atMs: number, random: Random): Flow {
  const protocol = edge.protocols[0] ?? { l4: 'TCP', port: 80, l7: '' };
  const base = {
    id: String(Math.floor(atMs) * 1000 + Math.floor(random() * 1000)),
    connectionId: String(Math.floor(random() * 1e9)),
    time: `${new Date(atMs).toISOString().slice(0, -1)}123456Z`,
    protocol: protocol.l4,
    from: endOf(source, 32_768 + Math.floor(random() * 28_000)),
    to: endOf(destination, protocol.port),
    interface: 'palomar-api',
  };
  if (edge.drops > 0) {
    return aFlow({
      ...base,
      kind: 'drop',
      verdict: 'DROPPED',
      dropReason: 'NETFILTER_DROP',
      dropLocation: 'nft_do_chain',
      packetsToDst: 1,
      bytesToDst: '74',
      tcpFlags: ['SYN'],
      summary: 'TCP Flags: SYN',
    });
  }
  if (protocol.l7 === 'HTTP') {
    const status = random() < 0.03 ? 500 : random() < 0.05 ? 404 : 200;
    const latencyNs = String(Math.floor(1e6 + random() * 9e6));
    const path = `/api/v1/orders/${Math.floor(random() * 900)}`;
    return aFlow({
      ...base,
      kind: 'l7_response',
      l7: aLayer7({
        latencyNs,
        http: { method: 'GET', host: destination.name, path, status, protocol: 'HTTP/1.1' },
      }),
      summary: `HTTP/1.1 ${status} ${Math.round(Number(latencyNs) / 1e6)}ms (GET http://${destination.name}${path})`,
    });
  }
  return aFlow({
    ...base,
    packetsToDst: 12,
    packetsToSrc: 14,
    bytesToDst: '1840',
    bytesToSrc: '9210',
    srttUs: 220,
    tcpFlags: ['ACK', 'PSH'],
    summary: 'TCP Flags: ACK, PSH',
  });
}

/** Every drop of the world as a group, spread over the last third of 60 buckets. */
export function dropsOf(world: World, fromMs: number, toMs: number): DropsResponse {
  const nodes = new Map(world.nodes.map((node) => [node.id, node]));
  const groups = world.edges.flatMap((edge) => {
    const source = nodes.get(edge.source);
    const destination = nodes.get(edge.destination);
    if (source === undefined || destination === undefined) return [];
    return edge.dropReasons.map(({ reason, location, packets }) => ({
      reason,
      location,
      protocol: edge.protocols[0]?.l4 ?? 'TCP',
      port: edge.protocols[0]?.port ?? 0,
      source: referenceOf(source),
      destination: referenceOf(destination),
      packets,
      bytes: String(packets * 60),
      firstMs: edge.firstMs,
      lastMs: edge.lastMs,
      isNew: null,
      trend: Array.from({ length: 60 }, (_, step) =>
        step < 40 ? 0 : Math.floor(((step - 39) * packets) / 20) - Math.floor(((step - 40) * packets) / 20),
      ),
    }));
  });
  const packets = groups.reduce((sum, group) => sum + group.packets, 0);
  const totals = { groups: groups.length, packets };
  return { range: { fromMs, toMs }, filter: '', groups, totals, trendStepMs: (toMs - fromMs) / 60, evidence };
}

const referenceOf = ({ id, cluster, namespace, kind, name }: MapNode): DropsResponse['groups'][number]['source'] => ({
  id,
  cluster,
  namespace,
  kind,
  name,
});

/** A wave of traffic in 90 steps, with drops from two thirds on where the world has any. */
export function seriesOf(world: World, fromMs: number, toMs: number): SeriesResponse {
  const steps = 90;
  const stepMs = Math.round((toMs - fromMs) / steps);
  const drops = world.edges.reduce((sum, edge) => sum + edge.drops, 0);
  const packets = world.edges.reduce((sum, edge) => sum + edge.packets, 0);
  const points = Array.from({ length: steps }, (_, step) => ({
    fromMs: fromMs + step * stepMs,
    connections: 10,
    failedConnections: 0,
    bytesToDestination: '1000',
    bytesToSource: '5000',
    packets: Math.round((packets / steps) * (1.2 + Math.sin(step / 7))),
    retransmits: 0,
    resets: 0,
    zeroWindows: 0,
    requests: 0,
    unanswered: 0,
    errors: 0,
    drops: step > 60 ? Math.ceil(drops / 30) : 0,
    latencyMs: null,
  }));
  return { range: { fromMs, toMs }, filter: '', stepMs, points, previous: null, evidence };
}

/** The same ends, but the connection did not come about. */
export function asFailedConnect(flow: Flow, index: number): Flow {
  const connectResult = (['REFUSED', 'NO_ANSWER', 'UNREACHABLE', 'LOCAL_ERROR'] as const)[index % 4] ?? 'REFUSED';
  const socketError = {
    REFUSED: 'ECONNREFUSED',
    NO_ANSWER: 'ETIMEDOUT',
    UNREACHABLE: 'EHOSTUNREACH',
    LOCAL_ERROR: 'ENETUNREACH',
  };
  const l7 = null;
  return {
    ...flow,
    l7,
    kind: 'connection_end',
    verdict: 'ERROR',
    connectResult,
    socketError: socketError[connectResult],
  };
}

export function healthOf(state: 'live' | 'recording' | 'off' | 'first-run', nowMs: number): Health {
  const isOff = state === 'off';
  const missing = isOff
    ? [
        'CAP_BPF: this user may not load BPF programs; `sudo npm start` or `sudo setcap cap_bpf,cap_net_admin,cap_perfmon+ep bpf/build/palomar-probe`',
        'kernel BTF: /sys/kernel/btf/vmlinux is not there; boot a kernel built with `CONFIG_DEBUG_INFO_BTF=y`',
      ]
    : [];
  return {
    status: isOff ? 'degraded' : 'ok',
    version: '0.1.0',
    nowMs,
    newestFlowMs: state === 'first-run' ? null : nowMs - 900,
    store: { state: 'ok', detail: '', url: 'http://127.0.0.1:8123', version: '25.8.2', embedded: true },
    capture: {
      state: isOff ? 'off' : 'ok',
      detail: isOff ? 'The probe was not started: privileges are missing.' : '',
      mode: state === 'first-run' ? 'live' : state,
      interfaces: ['eth0', 'palomar-fe', 'palomar-api', 'palomar-db', 'palomar-dns'].map((name) => ({
        name,
        state: 'attached',
        netns: 'host',
        error: '',
      })),
      missing,
    },
  };
}
