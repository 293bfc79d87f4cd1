/**
 * The cluster as the Kubernetes API told it, asked by what flows carry: addresses, ports, container ids. What a pod was
 * called when it went is what its last flows say.
 */
import type { z } from 'zod';
import { isMapped, type AddressKey } from '../decode/address.ts';
import type { Changes } from './changes.ts';
import { createClusterIdentities, type PodIdentity, type ServiceIdentity } from './cluster-identities.ts';
import { plainSchema, resourceNames, resources, type Change, type Resource } from './kubernetes-objects.ts';
import { createPods } from './kubernetes-pods.ts';
import { createNodes, recordOfCiliumNode, recordOfNode, type Nodes } from './nodes.ts';
import { objectOfCiliumNode, objectOfNode, objectOfPlain } from './snapshot-objects.ts';
import { objectOfPod, portKey, type PodRecord } from './pod-record.ts';
import {
  addressesOfSlice,
  createServices,
  objectOfService,
  objectOfSlice,
  recordOfService,
  recordOfSlice,
  selects,
  type ServiceName,
  type ServiceRecord,
  type Services,
  type SliceRecord,
} from './services.ts';
import { createShared } from './shared-texts.ts';
import type { Window } from './tenants.ts';
import { createWorkloads, type Between } from './workload.ts';

export interface KubernetesState {
  /** True once pods were listed: from then on an unknown address is outside the cluster. */
  readonly isKnown: boolean;
  /** Its pods have addresses of both IP versions. */
  readonly isDualStack: boolean;
  readonly sizes: ClusterSizes;
  readonly nodes: Pick<Nodes, 'at' | 'specialAt' | 'ofPodNetwork'>;
  readonly services: Pick<Services, 'at' | 'named' | 'ofNodePort' | 'backendsOf' | 'behind' | 'isApiServer'>;
  /** Returns how many objects were not as expected and left out. */
  apply(change: Change, nowMs: number): number;
  podAt(address: AddressKey, atMs: number): PodIdentity | undefined;
  /** Around that moment, when `podAt` says the same if nothing is learned. */
  steadyAround(address: AddressKey, atMs: number): Window;
  podOfContainer(container: string): PodIdentity | undefined;
  /** In the network of the node, serving that port at the node's address. */
  podOfHostPort(node: string, port: number, protocol: number): PodIdentity | undefined;
  serviceAt(address: AddressKey): ServiceIdentity | undefined;
  serviceOfNodePort(port: number, protocol: number): ServiceIdentity | undefined;
  /** The service that stands for a name outside. */
  serviceOfExternalName(name: string): ServiceName | undefined;
  isServedPort(address: AddressKey, port: number, protocol: number): boolean;
  /** Everything known, as changes that rebuild it: the head of a recording. */
  snapshot(): readonly Change[];
}

/** What is held of the cluster, to be seen and to be bounded. */
export interface ClusterSizes {
  readonly pods: number;
  readonly gonePods: number;
  readonly addresses: number;
  readonly services: number;
  readonly slices: number;
  readonly nodes: number;
  readonly between: number;
}

export interface KubernetesStateDeps {
  readonly changes: Pick<Changes, 'changeAt' | 'changeEverywhere' | 'changePort'>;
  /** Pods here are also known by container and by what is beside their address. */
  readonly node: string;
}

interface Name {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Keeps what is told of one resource. */
interface Keeper {
  /** Undefined when the object is not as expected. */
  put(object: unknown, nowMs: number): Name | undefined;
  remove(name: Name, nowMs: number): void;
  names(): Iterable<Name>;
  objects(): Iterable<object>;
}

function keyOf({ namespace, name, uid }: Name): string {
  return `${namespace}/${name}/${uid}`;
}

export function createKubernetesState(deps: KubernetesStateDeps): KubernetesState {
  const { changes } = deps;
  const shared = createShared();
  const namespaces = new Map<string, readonly (readonly [string, string])[]>();
  const nodes = createNodes();
  const services = createServices();
  const workloads = createWorkloads(shared);
  const externalNames = new Map<string, ServiceName>();
  let isKnown = false;
  let hasV4 = false;
  let hasV6 = false;

  const pods = createPods({
    onOut(pod) {
      identities.freeze(pod);
      touchPod(pod);
    },
    onIn(pod) {
      for (const address of pod.addresses) {
        if (isMapped(address)) hasV4 = true;
        else hasV6 = true;
      }
      touchPod(pod);
    },
  });
  const identities = createClusterIdentities({
    pods,
    services,
    workloads,
    namespaceLabels: (namespace) => namespaces.get(namespace) ?? [],
  });

  const touchAll = (): void => {
    identities.forgetAll();
    changes.changeEverywhere();
  };

  const touchService = (service: ServiceRecord): void => {
    identities.forgetService(service);
    for (const address of service.addresses) changes.changeAt(address);
    for (const { nodePort } of service.ports) if (nodePort > 0) changes.changePort(nodePort);
  };

  const touchPod = (pod: PodRecord): void => {
    if (pod.nodeName === deps.node || (pod.addresses.length === 0 && pod.containers.length > 0)) {
      changes.changeEverywhere();
    }
    for (const address of pod.addresses) changes.changeAt(address);
    for (const key of pod.hostPorts) changes.changePort(key >> 8);
    for (const service of services.inNamespace(pod.namespace)) {
      if (selects(service.selector, pod.labels)) touchService(service);
    }
  };

  const touchSlice = (slice: SliceRecord): void => {
    for (const address of addressesOfSlice(slice)) changes.changeAt(address);
    const service = services.named(slice.namespace, slice.service);
    if (service !== undefined) touchService(service);
  };

  const indexExternalNames = (): void => {
    externalNames.clear();
    for (const { externalName, namespace, name } of services.all()) {
      if (externalName !== '') externalNames.set(externalName.replace(/\.$/, '').toLowerCase(), { namespace, name });
    }
  };

  const between = (kind: Between): Keeper =>
    keeper(plainSchema, {
      put(object) {
        if (workloads.put(kind, object)) touchAll();
      },
      remove: ({ namespace, name }) => workloads.remove(kind, namespace, name),
      names: () => workloads.all(kind),
      objects: () => [...workloads.all(kind)].map((record) => objectOfPlain(record)),
    });

  const keepers: Readonly<Record<Resource, Keeper>> = {
    namespaces: keeper(plainSchema, {
      put({ metadata }) {
        const labels = shared.pairs(metadata.labels ?? {});
        if (namespaces.get(metadata.name) === labels) return;
        namespaces.set(metadata.name, labels);
        touchAll();
      },
      // Its pods went before it and keep what they were called.
      remove: ({ name }) => void namespaces.delete(name),
      names: () => [...namespaces.keys()].map((name) => ({ namespace: '', name })),
      objects: () =>
        [...namespaces].map(([name, labels]) => objectOfPlain({ namespace: '', name, owner: null }, labels)),
    }),
    nodes: keeper(resources.nodes.schema, {
      put(node) {
        if (nodes.put(recordOfNode(node))) touchAll();
      },
      remove({ name }) {
        if (nodes.remove(name)) touchAll();
      },
      names: () => [...nodes.all.values()].map(({ name }) => ({ namespace: '', name })),
      objects: () => [...nodes.all.values()].map(objectOfNode),
    }),
    ciliumnodes: keeper(resources.ciliumnodes.schema, {
      put(node) {
        if (nodes.putCilium(recordOfCiliumNode(node))) touchAll();
      },
      remove({ name }) {
        if (nodes.removeCilium(name)) touchAll();
      },
      names: () => [...nodes.cilium.values()].map(({ name }) => ({ namespace: '', name })),
      objects: () => [...nodes.cilium.values()].map(objectOfCiliumNode),
    }),
    replicasets: between('ReplicaSet'),
    jobs: between('Job'),
    services: keeper(resources.services.schema, {
      put(service) {
        if (!services.put(recordOfService(service))) return;
        indexExternalNames();
        touchAll();
      },
      remove({ namespace, name }) {
        if (services.remove(namespace, name) === undefined) return;
        indexExternalNames();
        touchAll();
      },
      names: () => services.all(),
      objects: () => [...services.all()].map(objectOfService),
    }),
    endpointslices: keeper(resources.endpointslices.schema, {
      put(object) {
        const slice = recordOfSlice(object);
        const put = services.putSlice(slice);
        if (put?.before !== undefined) touchSlice(put.before);
        if (put !== undefined) touchSlice(slice);
      },
      remove({ namespace, name }) {
        const slice = services.removeSlice(namespace, name);
        if (slice !== undefined) touchSlice(slice);
      },
      names: () => services.slices.values(),
      objects: () => [...services.slices.values()].map(objectOfSlice),
    }),
    pods: keeper(
      resources.pods.schema,
      {
        put: (pod, nowMs) => void pods.put(pod, nowMs, !isKnown),
        remove({ namespace, name, uid }, nowMs) {
          const pod = pods.find(namespace, name, uid);
          if (pod !== undefined) pods.remove(pod, nowMs);
        },
        names: () => pods.all(),
        objects: () => [...pods.all()].map(objectOfPod),
      },
      true,
    ),
  };

  return {
    get isKnown() {
      return isKnown;
    },
    get isDualStack() {
      return hasV4 && hasV6;
    },
    get sizes() {
      return {
        pods: pods.size,
        gonePods: pods.goneCount,
        addresses: pods.addressCount,
        services: services.size,
        slices: services.slices.size,
        nodes: nodes.all.size,
        between: workloads.size,
      };
    },
    nodes,
    services,
    apply(change, nowMs) {
      pods.sweep(nowMs);
      const bad = applyTo(keepers[change.resource], change, nowMs);
      if (change.resource === 'pods' && change.event === 'list' && !isKnown) {
        isKnown = true;
        changes.changeEverywhere();
      }
      return bad;
    },
    podAt(address, atMs) {
      const { tenant } = pods.at(address, atMs);
      return tenant === undefined ? undefined : identities.ofPod(tenant);
    },
    steadyAround: (address, atMs) => pods.at(address, atMs),
    podOfContainer(container) {
      const pod = pods.ofContainer(container);
      return pod === undefined ? undefined : identities.ofPod(pod);
    },
    podOfHostPort(node, port, protocol) {
      const pod = pods.ofHostPort(node, port, protocol);
      return pod === undefined ? undefined : identities.ofPod(pod);
    },
    serviceAt(address) {
      const service = services.at(address);
      return service === undefined ? undefined : identities.ofService(service);
    },
    serviceOfNodePort(port, protocol) {
      const service = services.ofNodePort(port, protocol);
      return service === undefined ? undefined : identities.ofService(service);
    },
    serviceOfExternalName: (name) => externalNames.get(name),
    isServedPort(address, port, protocol) {
      const wanted = portKey(port, protocol);
      const service = services.at(address);
      if (service?.ports.some((entry) => portKey(entry.port, entry.protocol) === wanted) === true) return true;
      if (pods.latest(address)?.ports.includes(wanted) === true) return true;
      if (services.behind(address, port, protocol).length > 0) return true;
      const node = nodes.at(address);
      if (node === undefined) return false;
      const onNode = pods.ofHostPort(node.name, port, protocol);
      return onNode !== undefined || services.ofNodePort(port, protocol) !== undefined;
    },
    snapshot: () =>
      resourceNames
        .filter((resource) => resource !== 'pods' || isKnown)
        .map((resource) => ({ resource, event: 'list', objects: [...keepers[resource].objects()] })),
  };
}

/** Checks objects before they are put; a deletion needs their name alone. */
function keeper<T extends { readonly metadata: Name }>(
  schema: z.ZodType<T>,
  own: {
    put(object: T, nowMs: number): void;
    remove(name: Name, nowMs: number): void;
    names(): Iterable<{ readonly namespace: string; readonly name: string; readonly uid?: string }>;
    objects(): Iterable<object>;
  },
  isByUid = false,
): Keeper {
  const named = (name: { readonly namespace: string; readonly name: string; readonly uid?: string }): Name => ({
    namespace: name.namespace,
    name: name.name,
    uid: isByUid ? (name.uid ?? '') : '',
  });
  return {
    put(object, nowMs) {
      const parsed = schema.safeParse(object);
      if (!parsed.success) return undefined;
      own.put(parsed.data, nowMs);
      return named(parsed.data.metadata);
    },
    remove: (name, nowMs) => own.remove(named(name), nowMs),
    *names() {
      for (const name of own.names()) yield named(name);
    },
    objects: () => own.objects(),
  };
}

function applyTo(target: Keeper, change: Change, nowMs: number): number {
  let bad = 0;
  const seen = new Set<string>();
  for (const object of change.objects) {
    if (change.event === 'delete') {
      const named = plainSchema.safeParse(object);
      if (named.success) target.remove(named.data.metadata, nowMs);
      else bad += 1;
      continue;
    }
    const name = target.put(object, nowMs);
    if (name === undefined) bad += 1;
    else seen.add(keyOf(name));
  }
  if (change.event === 'list') {
    for (const name of [...target.names()]) if (!seen.has(keyOf(name))) target.remove(name, nowMs);
  }
  return bad;
}
