/** Labels and identity numbers as Cilium forms them, so that both mean the same thing to a reader. */
import type { Pod } from './kubernetes-objects.ts';

/** Labels that differ between pods of one workload and say nothing about who it is; Cilium leaves them out too. */
const unidentifying = new Set([
  'pod-template-hash',
  'pod-template-generation',
  'controller-revision-hash',
  'controller-uid',
  'job-name',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-name',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
]);

export const reservedIdentity = { host: 1, world: 2, unmanaged: 3 } as const;
export type Reserved = keyof typeof reservedIdentity;
export const reservedLabels: Readonly<Record<Reserved, readonly string[]>> = {
  host: ['reserved:host'],
  world: ['reserved:world'],
  unmanaged: ['reserved:unmanaged'],
};

const firstUserIdentity = 256;
const identityEnd = 1 << 24;

export function labelsOf(pod: Pod, namespaceLabels: Readonly<Record<string, string>>): readonly string[] {
  const own = Object.entries(pod.metadata.labels ?? {}).filter(([name]) => !unidentifying.has(name));
  const ofNamespace = Object.entries(namespaceLabels).map(
    ([name, value]) => [`io.cilium.k8s.namespace.labels.${name}`, value] as const,
  );
  return [...own, ...ofNamespace, ['io.kubernetes.pod.namespace', pod.metadata.namespace] as const]
    .map(([name, value]) => `k8s:${name}=${value}`)
    .sort();
}

/** The same labels give the same number everywhere: FNV-1a over the sorted set, in Cilium's range for workloads. */
export function identityOf(labels: readonly string[]): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(labels.join('\n'))) hash = Math.imul(hash ^ byte, 0x01000193);
  return firstUserIdentity + ((hash >>> 0) % (identityEnd - firstUserIdentity));
}
