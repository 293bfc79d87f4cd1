/** What a pod belongs to, by its owner references, and what selects it. Pure functions of API objects. */
import { parseAddress, type AddressKey } from '../decode/address.ts';
import type { Plain, Pod } from './kubernetes-objects.ts';

export interface Workload {
  readonly workload: string;
  readonly workloadKind: string;
}

export function addressesOf(pod: Pod): readonly AddressKey[] {
  // A pod in the host's network shares the node's address, which says nothing about the pod.
  if (pod.spec.hostNetwork) return [];
  const texts = [pod.status.podIP, ...(pod.status.podIPs ?? []).map(({ ip }) => ip)];
  return [...new Set(texts)].map(parseAddress).filter((key) => key !== undefined);
}

export function matches(selector: Readonly<Record<string, string>> | null | undefined, pod: Pod): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([name, value]) => pod.metadata.labels?.[name] === value);
}

/** `replicaSet` finds the object that stands between a pod and its Deployment. */
export function workloadOf(pod: Pod, replicaSet: (namespace: string, name: string) => Plain | undefined): Workload {
  const owners = pod.metadata.ownerReferences ?? [];
  const owner = owners.find((candidate) => candidate.controller === true) ?? owners[0];
  if (owner === undefined) return { workload: pod.metadata.name, workloadKind: 'Pod' };
  if (owner.kind !== 'ReplicaSet') return { workload: owner.name, workloadKind: owner.kind };
  const set = replicaSet(pod.metadata.namespace, owner.name);
  if (set !== undefined) {
    const above = set.metadata.ownerReferences?.[0];
    return above === undefined
      ? { workload: owner.name, workloadKind: 'ReplicaSet' }
      : { workload: above.name, workloadKind: above.kind };
  }
  const hash = pod.metadata.labels?.['pod-template-hash'];
  return hash !== undefined && owner.name.endsWith(`-${hash}`)
    ? { workload: owner.name.slice(0, -hash.length - 1), workloadKind: 'Deployment' }
    : { workload: owner.name, workloadKind: 'ReplicaSet' };
}
