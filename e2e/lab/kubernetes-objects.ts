/** The lab as Kubernetes would describe it: one node, its namespaces, workloads, pods and headless services. */
import { createHash } from 'node:crypto';
import { type LabPod, pods, ports } from './topology.ts';

/** As much of an object as the stand-in itself looks at; the rest is passed on as it is. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface LabNode {
  readonly name: string;
  readonly address: string;
  readonly createdAt: string;
}

/** Stable, so that a lab that was restarted describes the same objects. */
function uid(kind: string, namespace: string, name: string): string {
  const hex = createHash('sha256').update(`${kind}/${namespace}/${name}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

function metadata(kind: string, namespace: string, name: string, createdAt: string): KubernetesObject['metadata'] {
  const scope = namespace === '' ? {} : { namespace };
  return { name, ...scope, uid: uid(kind, namespace, name), creationTimestamp: createdAt };
}

const servicePorts = {
  frontend: { name: 'http', port: ports.http, protocol: 'TCP' },
  api: { name: 'http', port: ports.http, protocol: 'TCP' },
  postgres: { name: 'postgres', port: ports.postgres, protocol: 'TCP' },
  dns: { name: 'dns', port: ports.dns, protocol: 'UDP' },
  outside: { name: 'https', port: ports.https, protocol: 'TCP' },
} as const;

interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

function ownedBy(owner: Owner, namespace: string): { ownerReferences: readonly object[] } {
  const reference = {
    ...owner,
    uid: uid(owner.kind, namespace, owner.name),
    controller: true,
    blockOwnerDeletion: true,
  };
  return { ownerReferences: [reference] };
}

/** What creates the pod, outermost first: a Deployment with its ReplicaSet, or a StatefulSet. */
function workloadObjects(pod: LabPod, app: string, createdAt: string): { objects: KubernetesObject[]; owner: Owner } {
  const base = (kind: string, name: string): KubernetesObject => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { ...metadata(kind, pod.namespace, name, createdAt), labels: { app } },
    spec: { replicas: 1, selector: { matchLabels: { app } } },
    status: { replicas: 1, readyReplicas: 1 },
  });
  if (pod.owner?.kind === 'StatefulSet') {
    const objects = [base('StatefulSet', app)];
    return { objects, owner: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: app } };
  }
  const hash = pod.owner?.hash ?? '';
  const set = base('ReplicaSet', `${app}-${hash}`);
  const owned = ownedBy({ apiVersion: 'apps/v1', kind: 'Deployment', name: app }, pod.namespace);
  const labels = { app, 'pod-template-hash': hash };
  return {
    objects: [base('Deployment', app), { ...set, metadata: { ...set.metadata, labels, ...owned } }],
    owner: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${app}-${hash}` },
  };
}

function podObject(pod: LabPod, owner: Owner, node: LabNode): KubernetesObject {
  const app = pod.owner?.name ?? pod.name;
  const hashLabel = pod.owner?.hash ? { 'pod-template-hash': pod.owner.hash } : {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata('Pod', pod.namespace, pod.name, node.createdAt),
      labels: { app, ...hashLabel },
      ...ownedBy(owner, pod.namespace),
    },
    spec: { nodeName: node.name, containers: [{ name: app, image: `palomar-lab/${app}` }], restartPolicy: 'Always' },
    status: {
      phase: 'Running',
      hostIP: node.address,
      hostIPs: [{ ip: node.address }],
      podIP: pod.ipv4,
      podIPs: [{ ip: pod.ipv4 }, { ip: pod.ipv6 }],
      startTime: node.createdAt,
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: node.createdAt }],
    },
  };
}

/** A headless service and its endpoints, one slice per IP version. */
function serviceObjects(pod: LabPod, app: string, node: LabNode): KubernetesObject[] {
  const port = servicePorts[pod.role];
  const service: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata('Service', pod.namespace, app, node.createdAt), labels: { app } },
    spec: {
      type: 'ClusterIP',
      clusterIP: 'None',
      clusterIPs: ['None'],
      ipFamilies: ['IPv4', 'IPv6'],
      ipFamilyPolicy: 'PreferDualStack',
      selector: { app },
      ports: [{ ...port, targetPort: port.port }],
    },
  };
  const slice = (addressType: 'IPv4' | 'IPv6', address: string): KubernetesObject => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...metadata('EndpointSlice', pod.namespace, `${app}-${addressType.toLowerCase()}`, node.createdAt),
      labels: { 'kubernetes.io/service-name': app },
    },
    addressType,
    ports: [port],
    endpoints: [
      {
        addresses: [address],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: node.name,
        targetRef: { kind: 'Pod', namespace: pod.namespace, name: pod.name, uid: uid('Pod', pod.namespace, pod.name) },
      },
    ],
  });
  return [service, slice('IPv4', pod.ipv4), slice('IPv6', pod.ipv6)];
}

export function labObjects(node: LabNode): readonly KubernetesObject[] {
  const namespaces = ['default', 'kube-system', 'production'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      ...metadata('Namespace', '', name, node.createdAt),
      labels: { 'kubernetes.io/metadata.name': name },
    },
    status: { phase: 'Active' },
  }));
  const nodeObject: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { ...metadata('Node', '', node.name, node.createdAt), labels: { 'kubernetes.io/hostname': node.name } },
    spec: {},
    status: {
      addresses: [
        { type: 'InternalIP', address: node.address },
        { type: 'Hostname', address: node.name },
      ],
    },
  };
  const perPod = pods.flatMap((pod) => {
    if (!pod.owner) return [];
    const app = pod.owner.name;
    const { objects, owner } = workloadObjects(pod, app, node.createdAt);
    return [...objects, podObject(pod, owner, node), ...serviceObjects(pod, app, node)];
  });
  return [...namespaces, nodeObject, ...perPod];
}
