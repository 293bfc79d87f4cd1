/** How pods and services are called in rows: workload, labels, identity number, service. Kept until something changes. */
import { noNames, type Endpoint } from '../../model/endpoint.ts';
import { createLabelSets, labelsOf } from './label-sets.ts';
import type { PodRecord } from './pod-record.ts';
import type { Pods } from './kubernetes-pods.ts';
import { selects, type ServiceRecord, type Services } from './services.ts';
import type { Workloads } from './workload.ts';

/** A pod as rows show it when nothing more is known of the end. */
export interface PodIdentity extends Endpoint {
  readonly nodeName: string;
}

/** A service as rows show it: the one workload behind it, else the service itself. */
export type ServiceIdentity = Endpoint;

const nothingMore = { names: noNames, process: '', unit: '', container: '' } as const;

export interface ClusterIdentitiesDeps {
  readonly pods: Pick<Pods, 'latest' | 'inNamespace'>;
  readonly services: Services;
  readonly workloads: Pick<Workloads, 'of'>;
  namespaceLabels(namespace: string): readonly (readonly [string, string])[];
}

export interface ClusterIdentities {
  ofPod(pod: PodRecord): PodIdentity;
  ofService(service: ServiceRecord): ServiceIdentity;
  /** From now on the pod is called as it is now. */
  freeze(pod: PodRecord): void;
  forgetService(service: ServiceRecord): void;
  /** Something that many may depend on has changed. */
  forgetAll(): void;
}

/** Backends looked at to tell whether one workload is behind a service. */
const backendsAsked = 200;

export function createClusterIdentities(deps: ClusterIdentitiesDeps): ClusterIdentities {
  const { pods, services, workloads } = deps;
  const sets = createLabelSets();
  const frozen = new WeakMap<PodRecord, PodIdentity>();
  let ofPods = new WeakMap<PodRecord, PodIdentity>();
  let ofServices = new WeakMap<ServiceRecord, ServiceIdentity>();

  const firstService = (pod: PodRecord): string => {
    let first = '';
    for (const { name, selector } of services.inNamespace(pod.namespace)) {
      if ((first === '' || name < first) && selects(selector, pod.labels)) first = name;
    }
    return first;
  };

  const ofPod = (pod: PodRecord): PodIdentity => {
    const known = frozen.get(pod) ?? ofPods.get(pod);
    if (known !== undefined) return known;
    const { namespace, name, nodeName } = pod;
    const { labels, identity } = sets.of(labelsOf(pod, deps.namespaceLabels(namespace)));
    const { workload, workloadKind } = workloads.of(pod);
    const service = firstService(pod);
    const made = { namespace, pod: name, workload, workloadKind, service, labels, identity, ...nothingMore, nodeName };
    ofPods.set(pod, made);
    return made;
  };

  function* podsBehind(service: ServiceRecord): Iterable<PodRecord> {
    const backends = services.backendsOf(service.namespace, service.name);
    for (const { address } of backends) {
      const pod = pods.latest(address);
      if (pod !== undefined) yield pod;
    }
    if (backends.length > 0) return;
    for (const pod of pods.inNamespace(service.namespace)) if (selects(service.selector, pod.labels)) yield pod;
  }

  const oneBehind = (service: ServiceRecord): PodIdentity | undefined => {
    let first: PodIdentity | undefined;
    let asked = 0;
    for (const pod of podsBehind(service)) {
      const identity = ofPod(pod);
      first ??= identity;
      if (identity.workload !== first.workload || identity.workloadKind !== first.workloadKind) return undefined;
      if (++asked >= backendsAsked) return first;
    }
    return first;
  };

  return {
    ofPod,
    ofService(service) {
      const known = ofServices.get(service);
      if (known !== undefined) return known;
      const { namespace, name } = service;
      const behind = oneBehind(service);
      const set = behind ?? sets.of([`k8s:io.kubernetes.pod.namespace=${namespace}`]);
      const made = {
        namespace,
        service: name,
        workload: behind?.workload ?? name,
        workloadKind: behind?.workloadKind ?? 'Service',
        labels: set.labels,
        identity: set.identity,
        pod: '',
        ...nothingMore,
      };
      ofServices.set(service, made);
      return made;
    },
    freeze: (pod) => void frozen.set(pod, ofPod(pod)),
    forgetService: (service) => void ofServices.delete(service),
    forgetAll() {
      ofPods = new WeakMap();
      ofServices = new WeakMap();
    },
  };
}
