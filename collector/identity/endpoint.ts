/** What a row says about one end of a flow, and how it is found: the precedence of what an address can be. */
import { formatAddress, groupOf, isMapped, type AddressKey } from '../decode/address.ts';
import type { PodIdentity, ServiceIdentity } from './cluster-identities.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { Interfaces } from './interfaces.ts';
import type { KubernetesState } from './kubernetes-state.ts';
import { reservedSet, type LabelSet } from './label-sets.ts';
import type { Names } from './names.ts';
import type { Network } from './networks.ts';
import type { SocketOwner, Sockets } from './sockets.ts';

export type { Endpoint };

export interface End {
  readonly address: AddressKey;
  readonly port: number;
}

/** Why an end that must be a workload of ours has no name. */
export type UnknownCause = 'pod_network' | 'local_namespace';

export interface EndpointSources {
  readonly nodeName: string;
  readonly interfaces: Interfaces;
  readonly sockets: Sockets;
  readonly kubernetes: KubernetesState;
  readonly names: Names;
  networkAt(address: AddressKey): Network | undefined;
  onUnknown(cause: UnknownCause): void;
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

/** What one end is asked with. */
interface Question {
  readonly end: End;
  readonly protocol: number;
  readonly at: Moment;
  readonly local: Local;
  readonly names: readonly string[];
  readonly from: EndpointSources;
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
function findPod({ end, local, at, from }: Question): PodIdentity | undefined {
  const { kubernetes } = from;
  const pod = kubernetes.podAt(end.address, at.wallMs);
  if (pod !== undefined || !kubernetes.isKnown) return pod;
  if (local.container !== '') {
    const ofContainer = kubernetes.podOfContainer(local.container);
    if (ofContainer !== undefined) return ofContainer;
  }
  for (const neighbour of local.neighbours) {
    const beside = kubernetes.podAt(neighbour, at.wallMs);
    if (beside !== undefined) return beside;
  }
  return undefined;
}

function ofPod(pod: PodIdentity, { end, protocol, local, names, from }: Question): Endpoint {
  // A pod may be behind several services: the one that lists this port is meant.
  const service = from.kubernetes.services.behind(end.address, end.port, protocol)[0]?.name ?? pod.service;
  const isPlain = local.owner === undefined && local.container === '' && names.length === 0 && service === pod.service;
  // One object for all that is said alike: what a row is made of is looked up by it.
  if (isPlain) return pod;
  return {
    ...pod,
    service,
    names,
    process: local.owner?.process ?? '',
    unit: local.owner?.unit ?? '',
    container: local.container,
  };
}

function ofService(service: ServiceIdentity, names: readonly string[]): Endpoint {
  return names.length === 0 ? service : { ...service, names };
}

function named(kind: string, workload: string, set: LabelSet, question: Question): Endpoint {
  const { local, names } = question;
  return {
    namespace: '',
    pod: '',
    workload,
    workloadKind: kind,
    service: '',
    labels: set.labels,
    identity: set.identity,
    names,
    process: local.owner?.process ?? '',
    unit: local.owner?.unit ?? '',
    container: local.container,
  };
}

/** Something that serves this port at a node's address: a pod in the node's network, or a service on every node. */
function onNodePort(node: string, question: Question): Endpoint | undefined {
  const { end, protocol, names, from } = question;
  const pod = from.kubernetes.podOfHostPort(node, end.port, protocol);
  if (pod !== undefined) return ofPod(pod, question);
  const service = from.kubernetes.serviceOfNodePort(end.port, protocol);
  return service === undefined ? undefined : ofService(service, names);
}

function onThisNode(question: Question): Endpoint {
  const { end, local, from } = question;
  const { owner } = local;
  const isApiServer = from.kubernetes.services.isApiServer(end.address);
  const set = isApiServer ? reservedSet('host', 'kube-apiserver') : reservedSet('host');
  if (local.container !== '') return named('container', local.container, set, question);
  if (owner !== undefined && owner.unit !== '') return named('unit', owner.unit, set, question);
  if (owner !== undefined) return named('process', owner.process, set, question);
  const node = from.kubernetes.nodes.at(end.address)?.name ?? from.nodeName;
  return onNodePort(node, question) ?? named('host', from.nodeName, set, question);
}

function onOtherNode(node: string, question: Question): Endpoint {
  const isApiServer = question.from.kubernetes.services.isApiServer(question.end.address);
  const set = isApiServer ? reservedSet('kube-apiserver', 'remote-node') : reservedSet('remote-node');
  return onNodePort(node, question) ?? named('host', node, set, question);
}

function worldOf(address: AddressKey, kubernetes: KubernetesState): LabelSet {
  if (!kubernetes.isDualStack) return reservedSet('world');
  return isMapped(address) ? reservedSet('world-ipv4') : reservedSet('world-ipv6');
}

/** Undefined when nothing is known but the address. */
function outside(question: Question): Endpoint | undefined {
  const { end, names, from } = question;
  const { kubernetes } = from;
  if (kubernetes.services.isApiServer(end.address)) {
    const set = reservedSet('kube-apiserver', 'world');
    return { ...named('name', 'kube-apiserver', set, question), service: 'kubernetes' };
  }
  const network = from.networkAt(end.address);
  if (network !== undefined) return named('network', network.name, network.set, question);
  const name = names[0];
  if (name === undefined) return undefined;
  const endpoint = named('name', name, worldOf(end.address, kubernetes), question);
  const service = names.map((each) => kubernetes.serviceOfExternalName(each)).find((each) => each !== undefined);
  return service === undefined ? endpoint : { ...endpoint, service: service.name };
}

const notLocal: Local = { owner: undefined, container: '', netns: '', neighbours: [], isNode: false };

/** Neither pod nor node. In a cluster its name outside says more than where it happens to run. */
function unmanaged(question: Question): Endpoint {
  const { end, local, from } = question;
  const { kubernetes } = from;
  const isCluster = kubernetes.isKnown;
  if (isCluster) {
    const known = outside({ ...question, local: notLocal });
    if (known !== undefined) return known;
    const ofNode = kubernetes.nodes.ofPodNetwork(end.address);
    if (ofNode !== undefined) from.onUnknown('pod_network');
    else if (local.netns !== '' && local.container === '') from.onUnknown('local_namespace');
    // It is here and the API has not told of it yet.
    const isStarting = ofNode === from.nodeName && local.netns !== '';
    if (isStarting) return named('netns', local.netns, reservedSet('init'), question);
  }
  const set = reservedSet('unmanaged');
  if (local.container !== '') return named('container', local.container, set, question);
  if (!isCluster && local.owner !== undefined) {
    if (local.owner.unit !== '') return named('unit', local.owner.unit, set, question);
    return named('process', local.owner.process, set, question);
  }
  if (local.netns !== '') return named('netns', local.netns, set, question);
  const isOfPods = isCluster && kubernetes.nodes.ofPodNetwork(end.address) !== undefined;
  const text = groupOf(end.address) || formatAddress(end.address);
  return outside(question) ?? named('address', text, isOfPods ? set : worldOf(end.address, kubernetes), question);
}

/** `peer` is who talks to it, whose own DNS answers come first. */
export function resolveEndpoint(
  end: End,
  protocol: number,
  peer: Endpoint | undefined,
  at: Moment,
  from: EndpointSources,
): Endpoint {
  return resolveLocal(end, protocol, localFacts(end, protocol, from), peer, at, from);
}

/** The same when it is known already what the end is on this machine. */
export function resolveLocal(
  end: End,
  protocol: number,
  local: Local,
  peer: Endpoint | undefined,
  at: Moment,
  from: EndpointSources,
): Endpoint {
  const { kubernetes } = from;
  const { names } = from.names.lookup(peer === undefined ? undefined : () => scopeOf(peer), end.address, at.monoNs);
  const question = { end, protocol, at, local, names, from };
  const pod = findPod(question);
  if (pod !== undefined) return ofPod(pod, question);
  const service = kubernetes.serviceAt(end.address);
  if (service !== undefined) return ofService(service, names);
  if (local.isNode) return onThisNode(question);
  const special = kubernetes.nodes.specialAt(end.address);
  if (special !== undefined) return named('host', special, reservedSet(special), question);
  const otherNode = kubernetes.nodes.at(end.address);
  return otherNode === undefined ? unmanaged(question) : onOtherNode(otherNode.name, question);
}

/** Whose DNS answers these are. Workloads, not pods: all replicas of one ask for the same names. */
export function scopeOf(endpoint: Endpoint): string {
  return `${endpoint.namespace}/${endpoint.workloadKind}/${endpoint.workload}`;
}
