/** What a row says about one end of a flow, and how it is found: the precedence of what an address can be. */
import { formatAddress, groupOf, type AddressKey } from '../decode/address.ts';
import type { Interfaces } from './interfaces.ts';
import type { KubernetesState, PodIdentity } from './kubernetes-state.ts';
import { reservedIdentity, reservedLabels, type Reserved } from './labels.ts';
import type { Names } from './names.ts';
import type { SocketOwner, Sockets } from './sockets.ts';

export interface Endpoint {
  readonly namespace: string;
  readonly pod: string;
  readonly workload: string;
  readonly workloadKind: string;
  readonly service: string;
  readonly labels: readonly string[];
  readonly identity: number;
  readonly names: readonly string[];
  readonly process: string;
  readonly unit: string;
  readonly container: string;
}

export interface End {
  readonly address: AddressKey;
  readonly port: number;
}

export interface EndpointSources {
  readonly nodeName: string;
  readonly interfaces: Interfaces;
  readonly sockets: Sockets;
  readonly kubernetes: KubernetesState;
  readonly names: Names;
}

export interface Moment {
  readonly monoNs: number;
  readonly wallMs: number;
}

/** What is known of an end because it is on this machine. */
export interface Local {
  readonly owner: SocketOwner | undefined;
  readonly container: string;
  readonly netns: string;
  /** Other addresses in the same namespace. */
  readonly neighbours: Iterable<AddressKey>;
  readonly isNode: boolean;
}

function localFacts(end: End, protocol: number, from: EndpointSources): Local {
  const { interfaces, sockets } = from;
  const isNode = interfaces.isNodeAddress(end.address);
  const netns = isNode ? undefined : interfaces.netnsOf(end.address);
  const inum = isNode ? interfaces.hostNetns : (netns?.inum ?? 0);
  const owner = sockets.find(inum, end.address, end.port, protocol);
  const ofNamespace = netns === undefined ? '' : sockets.containerOf(netns.inum);
  return {
    owner,
    isNode,
    container: owner?.container || ofNamespace,
    netns: netns?.name ?? '',
    neighbours: netns?.addresses ?? [],
  };
}

/** By address; else by container, for pods in the node's network; else by another address of the same namespace. */
function findPod(
  address: AddressKey,
  local: Local,
  wallMs: number,
  kubernetes: KubernetesState,
): PodIdentity | undefined {
  const pod = kubernetes.podAt(address, wallMs);
  if (pod !== undefined || !kubernetes.isKnown) return pod;
  if (local.container !== '') {
    const ofContainer = kubernetes.podOfContainer(local.container);
    if (ofContainer !== undefined) return ofContainer;
  }
  for (const neighbour of local.neighbours) {
    const beside = kubernetes.podAt(neighbour, wallMs);
    if (beside !== undefined) return beside;
  }
  return undefined;
}

function named(
  kind: string,
  workload: string,
  reserved: Reserved,
  local: Local | null,
  names: readonly string[],
): Endpoint {
  return {
    namespace: '',
    pod: '',
    workload,
    workloadKind: kind,
    service: '',
    labels: reservedLabels[reserved],
    identity: reservedIdentity[reserved],
    names,
    process: local?.owner?.process ?? '',
    unit: local?.owner?.unit ?? '',
    container: local?.container ?? '',
  };
}

/** In a cluster, what is neither pod nor node is outside, and there its name says more than where it happens to run. */
function unmanaged(address: AddressKey, local: Local, names: readonly string[], isCluster: boolean): Endpoint {
  const name = names[0];
  if (isCluster && name !== undefined) return named('name', name, 'world', null, names);
  if (local.container !== '') return named('container', local.container, 'unmanaged', local, names);
  if (!isCluster && local.owner !== undefined) {
    if (local.owner.unit !== '') return named('unit', local.owner.unit, 'unmanaged', local, names);
    return named('process', local.owner.process, 'unmanaged', local, names);
  }
  if (local.netns !== '') return named('netns', local.netns, 'unmanaged', local, names);
  if (name !== undefined) return named('name', name, 'world', local, names);
  return named('address', groupOf(address) || formatAddress(address), 'world', local, names);
}

function onNode(local: Local, nodeName: string, names: readonly string[]): Endpoint {
  const { owner } = local;
  if (local.container !== '') return named('container', local.container, 'host', local, names);
  if (owner !== undefined && owner.unit !== '') return named('unit', owner.unit, 'host', local, names);
  if (owner !== undefined) return named('process', owner.process, 'host', local, names);
  return named('host', nodeName, 'host', local, names);
}

/** `scope` is the workload at the other end, whose own DNS answers come first. */
export function resolveEndpoint(
  end: End,
  protocol: number,
  scope: string,
  at: Moment,
  from: EndpointSources,
): Endpoint {
  return resolveLocal(end.address, localFacts(end, protocol, from), scope, at, from);
}

/** The same when it is known already what the end is on this machine. */
export function resolveLocal(
  address: AddressKey,
  local: Local,
  scope: string,
  at: Moment,
  from: EndpointSources,
): Endpoint {
  const { kubernetes } = from;
  const { names } = from.names.lookup(scope, address, at.monoNs);
  const pod = findPod(address, local, at.wallMs, kubernetes);
  const ofProcess = {
    process: local.owner?.process ?? '',
    unit: local.owner?.unit ?? '',
    container: local.container,
  };
  if (pod !== undefined) {
    const { namespace, workload, workloadKind, service, labels, identity } = pod;
    return { namespace, pod: pod.pod, workload, workloadKind, service, labels, identity, names, ...ofProcess };
  }
  const service = kubernetes.serviceAt(address);
  if (service !== undefined) return { ...service, pod: '', names, process: '', unit: '', container: '' };
  if (local.isNode) return onNode(local, from.nodeName, names);
  const otherNode = kubernetes.nodeAt(address);
  if (otherNode !== undefined) return named('host', otherNode, 'host', local, names);
  return unmanaged(address, local, names, kubernetes.isKnown);
}

/** Whose DNS answers these are. Workloads, not pods: all replicas of one ask for the same names. */
export function scopeOf(endpoint: Endpoint): string {
  return `${endpoint.namespace}/${endpoint.workloadKind}/${endpoint.workload}`;
}
