/**
 * Labels and identity numbers as Cilium forms them, so that both mean the same thing to a reader. Reserved classes have
 * Cilium's own numbers. Other label sets get a number hashed from the set: the same on every node and in every run.
 */

/** Numbers and names of Cilium's reserved identities that this collector gives. */
export const reservedIdentity = {
  host: 1,
  world: 2,
  unmanaged: 3,
  health: 4,
  init: 5,
  'remote-node': 6,
  'kube-apiserver': 7,
  ingress: 8,
  'world-ipv4': 9,
  'world-ipv6': 10,
} as const;
export type Reserved = keyof typeof reservedIdentity;

/** Equal sets are one object. */
export interface LabelSet {
  readonly labels: readonly string[];
  readonly identity: number;
}

/** Labels that Cilium leaves out by default: they differ between pods of one workload or say nothing about who it is. */
const unidentifying =
  /^(?:pod-template-hash|pod-template-generation|controller-revision-hash|controller-uid|job-name|etcd_node)$|^(?:io\.kubernetes|kubernetes\.io|k8s\.io|annotation\.|batch\.kubernetes\.io|statefulset\.kubernetes\.io\/pod-name$|apps\.kubernetes\.io\/pod-index$)|\.beta\.kubernetes\.io|^beta\.kubernetes\.io/;

const firstWorkloadIdentity = 256;
const localIdentities = 1 << 24;

/** FNV-1a over the sorted set. */
function hashOf(labels: readonly string[]): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(labels.join('\n'))) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** In the range in which Cilium numbers workloads: from 256 to 2^24. */
export function identityOf(labels: readonly string[]): number {
  return firstWorkloadIdentity + (hashOf(labels) % (localIdentities - firstWorkloadIdentity));
}

/** In the range of identities that mean something on one node only, where Cilium keeps those of networks: from 2^24. */
export function localIdentityOf(labels: readonly string[]): number {
  return localIdentities + (hashOf(labels) % localIdentities);
}

export interface LabelledPod {
  readonly namespace: string;
  readonly labels: readonly (readonly [string, string])[];
  readonly serviceAccount: string;
}

export function labelsOf(pod: LabelledPod, namespaceLabels: readonly (readonly [string, string])[]): readonly string[] {
  const { namespace, labels, serviceAccount } = pod;
  return [
    ...labels.filter(([name]) => !unidentifying.test(name)),
    ...namespaceLabels.map(([name, value]) => [`io.cilium.k8s.namespace.labels.${name}`, value] as const),
    ...(serviceAccount === '' ? [] : [['io.cilium.k8s.policy.serviceaccount', serviceAccount] as const]),
    ['io.kubernetes.pod.namespace', namespace] as const,
  ]
    .map(([name, value]) => `k8s:${name}=${value}`)
    .sort();
}

/** Cilium writes colons of IPv6 prefixes as dashes: a colon ends a label's source. */
export function cidrLabel(prefix: string): string {
  return `cidr:${prefix.replaceAll(':', '-')}`;
}

const reservedSets = new Map<string, LabelSet>();

/** The first name decides the number. */
export function reservedSet(first: Reserved, ...others: readonly Reserved[]): LabelSet {
  const key = [first, ...others].join(' ');
  const known = reservedSets.get(key);
  if (known !== undefined) return known;
  const labels = [first, ...others].map((name) => `reserved:${name}`).sort();
  const set = { labels, identity: reservedIdentity[first] };
  reservedSets.set(key, set);
  return set;
}

/** Makes equal sets one object. Bounded: past the limit sharing begins anew. */
export function createLabelSets(limit = 16_384): { of(labels: readonly string[]): LabelSet } {
  const sets = new Map<string, LabelSet>();
  return {
    of(labels) {
      const key = labels.join('\n');
      const known = sets.get(key);
      if (known !== undefined) return known;
      if (sets.size >= limit) sets.clear();
      const set = { labels, identity: identityOf(labels) };
      sets.set(key, set);
      return set;
    },
  };
}
