/**
 * The cluster as the Kubernetes API told it, indexed by what flows carry: addresses, ports, container ids. A pod that is
 * gone stays known for its address until another one gets it.
 */
import { parseAddress, type AddressKey } from '../decode/address.ts';
import {
  resourceNames,
  resources,
  type Change,
  type ObjectOf,
  type Pod,
  type Resource,
  type Service,
} from './kubernetes-objects.ts';
import type { Changes } from './changes.ts';
import { identityOf, labelsOf } from './labels.ts';
import { createTenants, type Window } from './tenants.ts';
import { addressesOf, matches, workloadOf } from './workload.ts';

/** A pod as rows show it. */
export interface PodIdentity {
  readonly namespace: string;
  readonly pod: string;
  readonly workload: string;
  readonly workloadKind: string;
  readonly service: string;
  readonly labels: readonly string[];
  readonly identity: number;
  readonly nodeName: string;
}

export interface ServiceIdentity {
  readonly namespace: string;
  readonly service: string;
  readonly labels: readonly string[];
  readonly identity: number;
  /** The one workload behind it, else the service itself. */
  readonly workload: string;
  readonly workloadKind: string;
}

export interface KubernetesState {
  /** True once pods were listed: from then on an unknown address is outside the cluster. */
  readonly isKnown: boolean;
  readonly podCount: number;
  /** Returns how many objects were not as expected and left out. */
  apply(change: Change, nowMs: number): number;
  podAt(address: AddressKey, atMs: number): PodIdentity | undefined;
  /** Around that moment, when `podAt` says the same if nothing is learned. */
  steadyAround(address: AddressKey, atMs: number): Window;
  podOfContainer(container: string): PodIdentity | undefined;
  serviceAt(address: AddressKey): ServiceIdentity | undefined;
  nodeAt(address: AddressKey): string | undefined;
  isServedPort(address: AddressKey, port: number, protocol: number): boolean;
  /** Everything known, as changes that rebuild it: the head of a recording. */
  snapshot(): readonly Change[];
}

const goneKept = 10_000;
const protocolNames: Readonly<Record<number, string>> = { 6: 'TCP', 17: 'UDP', 132: 'SCTP' };

function keyOf(object: { readonly metadata: { readonly namespace: string; readonly name: string } }): string {
  return `${object.metadata.namespace}/${object.metadata.name}`;
}

/** A pod's key carries its uid: a StatefulSet gives the same name to the next one. */
function podKey(pod: Pod): string {
  return `${keyOf(pod)}/${pod.metadata.uid}`;
}

export function createKubernetesState(changes: Pick<Changes, 'changeEverywhere'>): KubernetesState {
  const objects: { readonly [R in Resource]: Map<string, ObjectOf[R]> } = {
    namespaces: new Map(),
    nodes: new Map(),
    replicasets: new Map(),
    services: new Map(),
    pods: new Map(),
  };
  const gone = new Map<string, Pod>();
  const tenants = createTenants();
  const containers = new Map<string, string>();
  const services = new Map<AddressKey, Service>();
  const nodes = new Map<AddressKey, string>();
  const identities = new Map<string, PodIdentity>();
  const serviceIdentities = new Map<AddressKey, ServiceIdentity>();
  let isKnown = false;

  const forget = (key: string): void => {
    const pod = gone.get(key);
    gone.delete(key);
    if (pod === undefined) return;
    tenants.forget(key, addressesOf(pod));
    for (const [id, owner] of containers) if (owner === key) containers.delete(id);
  };

  const putPod = (pod: Pod, nowMs: number, isFirst: boolean): void => {
    const key = podKey(pod);
    const before = objects.pods.get(key);
    const left =
      before === undefined ? [] : addressesOf(before).filter((address) => !addressesOf(pod).includes(address));
    tenants.moveOut(key, left, nowMs);
    objects.pods.set(key, pod);
    gone.delete(key);
    // A finished pod's address may be another's by now.
    if (pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed') {
      tenants.moveOut(key, addressesOf(pod), nowMs);
      return;
    }
    tenants.moveIn(key, addressesOf(pod), isFirst ? -Infinity : nowMs);
    for (const { containerID } of pod.status.containerStatuses ?? []) {
      const id = containerID.slice(containerID.lastIndexOf('/') + 1, containerID.lastIndexOf('/') + 13);
      if (id.length === 12) containers.set(id, key);
    }
  };

  const deletePod = (pod: Pod, nowMs: number): void => {
    const key = podKey(pod);
    const known = objects.pods.get(key);
    if (known === undefined) return;
    objects.pods.delete(key);
    tenants.moveOut(key, addressesOf(known), nowMs);
    gone.set(key, known);
    const oldest = gone.size > goneKept ? gone.keys().next().value : undefined;
    if (oldest !== undefined) forget(oldest);
  };

  const indexServices = (): void => {
    services.clear();
    for (const service of objects.services.values()) {
      for (const text of [service.spec.clusterIP, ...(service.spec.clusterIPs ?? [])]) {
        const address = parseAddress(text);
        if (address !== undefined) services.set(address, service);
      }
    }
  };

  const indexNodes = (): void => {
    nodes.clear();
    for (const node of objects.nodes.values()) {
      for (const entry of node.status.addresses ?? []) {
        const address = parseAddress(entry.address);
        if (address !== undefined) nodes.set(address, node.metadata.name);
      }
    }
  };

  const applyPods = (change: Change, nowMs: number): number => {
    let bad = 0;
    const seen = new Set<string>();
    const isFirst = change.event === 'list' && !isKnown;
    for (const object of change.objects) {
      const pod = resources.pods.schema.safeParse(object);
      if (!pod.success) bad += 1;
      else if (change.event === 'delete') deletePod(pod.data, nowMs);
      else {
        seen.add(podKey(pod.data));
        putPod(pod.data, nowMs, isFirst);
      }
    }
    if (change.event === 'list') {
      for (const [key, pod] of [...objects.pods]) if (!seen.has(key)) deletePod(pod, nowMs);
      isKnown = true;
    }
    return bad;
  };

  const applyTo = <R extends Exclude<Resource, 'pods'>>(
    known: Map<string, ObjectOf[R]>,
    parse: (object: unknown) => { success: true; data: ObjectOf[R] } | { success: false },
    change: Change,
  ): number => {
    let bad = 0;
    if (change.event === 'list') known.clear();
    for (const object of change.objects) {
      const parsed = parse(object);
      if (!parsed.success) bad += 1;
      else if (change.event === 'delete') known.delete(keyOf(parsed.data));
      else known.set(keyOf(parsed.data), parsed.data);
    }
    return bad;
  };

  const serviceOf = (pod: Pod): string => {
    const names = [...objects.services.values()]
      .filter((service) => service.metadata.namespace === pod.metadata.namespace && matches(service.spec.selector, pod))
      .map((service) => service.metadata.name);
    return names.sort()[0] ?? '';
  };

  const namespaceLabels = (namespace: string): Readonly<Record<string, string>> =>
    objects.namespaces.get(`/${namespace}`)?.metadata.labels ?? {};

  const identify = (key: string): PodIdentity | undefined => {
    const known = identities.get(key);
    if (known !== undefined) return known;
    const pod = objects.pods.get(key) ?? gone.get(key);
    if (pod === undefined) return undefined;
    const labels = labelsOf(pod, namespaceLabels(pod.metadata.namespace));
    const identity: PodIdentity = {
      namespace: pod.metadata.namespace,
      pod: pod.metadata.name,
      ...workloadOf(pod, (namespace, name) => objects.replicasets.get(`${namespace}/${name}`)),
      service: serviceOf(pod),
      labels,
      identity: identityOf(labels),
      nodeName: pod.spec.nodeName,
    };
    identities.set(key, identity);
    return identity;
  };

  const identifyService = (service: Service): ServiceIdentity => {
    const { name, namespace } = service.metadata;
    const pods = [...objects.pods.values()].filter(
      (pod) => pod.metadata.namespace === namespace && matches(service.spec.selector, pod),
    );
    const behind = pods
      .map(podKey)
      .map(identify)
      .filter((pod) => pod !== undefined);
    const first = behind[0];
    const isOne = behind.every((pod) => pod.workload === first?.workload && pod.workloadKind === first.workloadKind);
    if (first !== undefined && isOne) {
      const { workload, workloadKind, labels, identity } = first;
      return { namespace, service: name, workload, workloadKind, labels, identity };
    }
    const labels = [`k8s:io.kubernetes.pod.namespace=${namespace}`];
    return { namespace, service: name, workload: name, workloadKind: 'Service', labels, identity: identityOf(labels) };
  };

  return {
    get isKnown() {
      return isKnown;
    },
    get podCount() {
      return objects.pods.size;
    },
    apply(change, nowMs) {
      identities.clear();
      serviceIdentities.clear();
      changes.changeEverywhere();
      switch (change.resource) {
        case 'pods':
          return applyPods(change, nowMs);
        case 'namespaces':
          return applyTo(objects.namespaces, (o) => resources.namespaces.schema.safeParse(o), change);
        case 'replicasets':
          return applyTo(objects.replicasets, (o) => resources.replicasets.schema.safeParse(o), change);
        case 'services': {
          const bad = applyTo(objects.services, (o) => resources.services.schema.safeParse(o), change);
          indexServices();
          return bad;
        }
        case 'nodes': {
          const bad = applyTo(objects.nodes, (o) => resources.nodes.schema.safeParse(o), change);
          indexNodes();
          return bad;
        }
      }
    },
    podAt(address, atMs) {
      const key = tenants.at(address, atMs);
      return key === undefined ? undefined : identify(key);
    },
    steadyAround: (address, atMs) => tenants.steadyAround(address, atMs),
    podOfContainer(container) {
      const key = containers.get(container);
      return key === undefined ? undefined : identify(key);
    },
    serviceAt(address) {
      const known = serviceIdentities.get(address);
      if (known !== undefined) return known;
      const service = services.get(address);
      if (service === undefined) return undefined;
      const identity = identifyService(service);
      serviceIdentities.set(address, identity);
      return identity;
    },
    nodeAt: (address) => nodes.get(address),
    isServedPort(address, port, protocol) {
      const name = protocolNames[protocol];
      const ports = services.get(address)?.spec.ports ?? [];
      if (ports.some((entry) => entry.port === port && entry.protocol === name)) return true;
      const tenant = tenants.latest(address);
      const pod = tenant === undefined ? undefined : objects.pods.get(tenant);
      return (pod?.spec.containers ?? []).some((container) =>
        (container.ports ?? []).some((entry) => entry.containerPort === port && entry.protocol === name),
      );
    },
    snapshot: () =>
      resourceNames
        .filter((resource) => resource !== 'pods' || isKnown)
        .map((resource) => ({ resource, event: 'list', objects: [...objects[resource].values()] })),
  };
}
