/**
 * Made-up traffic of a cluster: a few hundred workloads, edges of which few carry most, connections, HTTP exchanges, DNS
 * and some drops. Rows are written by the collector's own `createFlowRows`, so that every column is filled as in life.
 */
import { flowKey } from '../collector/decode/wire.ts';
import type { Endpoint } from '../collector/identity/endpoint.ts';
import type { DnsExchange, HttpExchange } from '../collector/protocol/exchange.ts';
import { createFlowRows, noCounts, type FlowRow, type FlowRows, type FlowSink } from '../collector/sink/flow-rows.ts';
import { createRandom, createZipf, pick, type Random } from './random.ts';

interface Pod {
  readonly address: Buffer;
  readonly endpoint: Endpoint;
  readonly rows: FlowRows;
}

interface Edge {
  readonly from: readonly Pod[];
  readonly to: readonly Pod[];
  readonly port: number;
  /** Of a hundred edges one meets a firewall, which takes every tenth row. */
  readonly isFiltered: boolean;
  /** One in 25 answers many requests with an error; the others hardly any. */
  readonly isFailing: boolean;
}

export interface Traffic {
  /** Appends one row at that time. */
  append(timeNs: bigint): void;
}

export interface ClusterSize {
  readonly workloads: number;
  /** Drawn from them; two may fall together. */
  readonly edges: number;
  /**
   * With a number, most edges stay in their namespace or lead to a few workloads that everybody asks, as in a cluster that
   * people built. Unless told there are 8, and an edge leads from anywhere to anywhere.
   */
  readonly namespaces?: number;
}

const clusterSeed = 42;
export const smallCluster: ClusterSize = { workloads: 300, edges: 1500 };
const nodes = 8;
const namespaceNames = ['shop', 'payments', 'search', 'identity', 'media', 'analytics', 'platform', 'monitoring'];
const ports = [8080, 8080, 8080, 80, 443, 5432, 6379, 9092, 53];
const httpPorts: ReadonlySet<number> = new Set([80, 8080]);
const resources = ['orders', 'items', 'users', 'carts', 'sessions', 'prices', 'reviews', 'images'];
const methods = ['GET', 'GET', 'GET', 'GET', 'POST', 'PUT'];
const goodStatuses = [200, 200, 200, 200, 200, 200, 200, 200, 201, 204, 304];
const failingStatuses = [200, 200, 200, 200, 200, 200, 201, 204, 304, 404, 500, 503];
const firstEphemeral = 32_768;
const ms = 1e6;

/** `shop`, `payments` ... and then `shop-1`, `payments-1` ... */
const namespacesOf = (count: number): string[] =>
  Array.from({ length: count }, (_none, at) => {
    const name = namespaceNames[at % namespaceNames.length] ?? '';
    return at < namespaceNames.length ? name : `${name}-${Math.floor(at / namespaceNames.length)}`;
  });

function createWorkload(
  at: number,
  namespaces: readonly string[],
  nodeRows: readonly FlowRows[],
  random: Random,
): Pod[] {
  const name = `${pick(resources, random)}-${at}`;
  const namespace = pick(namespaces, random);
  const labels = [`k8s:app=${name}`, `k8s:io.kubernetes.pod.namespace=${namespace}`, `k8s:tier=${at % 3}`];
  return Array.from({ length: 1 + Math.floor(random() * 6) }, (_none, replica) => {
    const hash = Math.floor(random() * 2 ** 32).toString(36);
    const endpoint: Endpoint = {
      namespace,
      pod: `${name}-${hash}`,
      workload: name,
      workloadKind: at % 10 === 0 ? 'StatefulSet' : 'Deployment',
      service: name,
      labels,
      identity: 10_000 + at,
      names: [],
      process: 'server',
      unit: '',
      container: '',
    };
    const address = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, at >> 8, at & 0xff, replica + 1]);
    return { address, endpoint, rows: pick(nodeRows, random) };
  });
}

/** Two of three edges stay in the namespace, most others lead to one of the few that are shared. */
function createServerPick(deployed: readonly Pod[][], random: Random): (from: readonly Pod[]) => Pod[] {
  const byNamespace = new Map<string, Pod[][]>();
  for (const pods of deployed) {
    const namespace = namespaceOf(pods);
    byNamespace.set(namespace, [...(byNamespace.get(namespace) ?? []), pods]);
  }
  const shared = deployed.slice(0, Math.ceil(deployed.length / 100));
  return (from) => {
    const share = random();
    if (share < 0.66) return pick(byNamespace.get(namespaceOf(from)) ?? deployed, random);
    return pick(share < 0.95 ? shared : deployed, random);
  };
}

const namespaceOf = (pods: readonly Pod[]): string => pods[0]?.endpoint.namespace ?? '';

function exchangeHttp(random: Random, host: string, isFailing: boolean): HttpExchange {
  const path = `/api/v1/${pick(resources, random)}/${Math.floor(random() ** 3 * 20_000)}`;
  return {
    type: 'HTTP',
    client: 0,
    isAnswered: true,
    requestNs: 0,
    latencyNs: Math.round(ms * (0.3 + 40 * random() ** 4)),
    method: pick(methods, random),
    host,
    path,
    status: pick(isFailing || random() < 0.002 ? failingStatuses : goodStatuses, random),
    protocol: 'HTTP/1.1',
    traceId: '',
    grpcStatus: '',
    error: '',
  };
}

function exchangeDns(random: Random, service: string): DnsExchange {
  return {
    type: 'DNS',
    client: 0,
    isAnswered: true,
    requestNs: 0,
    latencyNs: Math.round(ms * random()),
    name: `${service}.svc.cluster.local`,
    queryType: 'A',
    rcode: random() < 0.1 ? 'NXDOMAIN' : 'NOERROR',
    answers: ['10.96.0.7'],
    aliases: [],
    ttl: 30,
    error: '',
  };
}

type Told = Omit<FlowRow, 'monoNs' | 'parties' | 'reporter' | 'isReply' | 'interface'>;

function drop(random: Random): Told {
  const packets = 1 + Math.floor(random() * 3);
  return {
    kind: 'drop',
    verdict: 'DROPPED',
    counts: { ...noCounts, packetsToDst: packets, bytesToDst: packets * 60 },
    peer: null,
    dropReason: random() < 0.9 ? 'NETFILTER_DROP' : 'TCP_OVERWINDOW',
    dropLocation: 'nft_do_chain',
    tcpFlags: 2,
  };
}

function connection(random: Random): Told {
  const packets = 1 + Math.floor(200 * random() ** 4);
  const counts = {
    packetsToDst: packets,
    packetsToSrc: packets,
    bytesToDst: packets * (60 + Math.floor(random() * 400)),
    bytesToSrc: packets * (60 + Math.floor(random() * 1400)),
  };
  const isEnd = random() < 0.5;
  return {
    kind: isEnd ? 'connection_end' : 'connection_update',
    verdict: 'FORWARDED',
    counts,
    peer: random() < 0.3 ? counts : null,
    connections: isEnd ? 1 : 0,
    endCause: isEnd ? 1 : 0,
    srttUs: 100 + Math.floor(random() * 2000),
    retransmits: random() < 0.01 ? 1 : 0,
    durationNs: Math.round(random() * 5e9),
  };
}

function tell(edge: Edge, service: string, random: Random): Told {
  if (edge.isFiltered && random() < 0.1) return drop(random);
  const exchanged = { kind: 'l7_response', verdict: 'FORWARDED', counts: noCounts, peer: null } as const;
  if (edge.port === 53) return { ...exchanged, exchange: exchangeDns(random, service) };
  if (httpPorts.has(edge.port) && random() < 0.6)
    return { ...exchanged, exchange: exchangeHttp(random, service, edge.isFailing) };
  return connection(random);
}

/** The cluster is always the same, `seed` makes what it does; `firstId` must be above every id of earlier traffic. */
export function createTraffic(seed: number, firstId: bigint, sink: FlowSink, size = smallCluster): Traffic {
  const layout = createRandom(clusterSeed);
  const random = createRandom(seed);
  const nodeRows = Array.from({ length: nodes }, (_none, node) =>
    createFlowRows(
      { cluster: 'bench', node: `node-${node}`, source: 'probe', firstId: firstId + (BigInt(node) << 40n) },
      sink,
    ),
  );
  const namespaces = namespacesOf(size.namespaces ?? namespaceNames.length);
  const deployed = Array.from({ length: size.workloads }, (_none, at) =>
    createWorkload(at, namespaces, nodeRows, layout),
  );
  const pickServer = size.namespaces === undefined ? () => pick(deployed, layout) : createServerPick(deployed, layout);
  const known = Array.from({ length: size.edges }, (_none, at): Edge => {
    const from = pick(deployed, layout);
    return {
      from,
      to: pickServer(from),
      port: pick(ports, layout),
      isFiltered: at % 100 === 7,
      isFailing: at % 25 === 3,
    };
  });
  const nextEdge = createZipf(known, random);
  const key = Buffer.alloc(flowKey.size);

  return {
    append(timeNs) {
      const edge = nextEdge();
      const from = pick(edge.from, random);
      const to = pick(edge.to, random);
      from.address.copy(key, flowKey.addr_a);
      to.address.copy(key, flowKey.addr_b);
      from.rows.offsetNs = timeNs;
      from.rows.append({
        ...tell(edge, to.endpoint.service, random),
        monoNs: 0,
        reporter: 'source',
        isReply: 'no',
        interface: 'eth0',
        parties: {
          keys: key,
          keyAt: 0,
          sourceSide: 0,
          sourcePort: firstEphemeral + Math.floor(random() * 28_000),
          destinationPort: edge.port,
          from: from.endpoint,
          to: to.endpoint,
          connectionLow: Math.floor(random() * 2 ** 32),
          connectionHigh: Math.floor(random() * 2 ** 32),
          protocol: edge.port === 53 ? 17 : 6,
          ipVersion: 4,
        },
      });
    },
  };
}
