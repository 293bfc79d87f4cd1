/**
 * What a pod belongs to, by its owner references: the Deployment above its ReplicaSet, the CronJob above its Job, any
 * other kind as it is.
 */
import type { Plain } from './kubernetes-objects.ts';
import type { PodRecord } from './pod-record.ts';
import type { Owner, Shared } from './shared-texts.ts';

export interface Workload {
  readonly workload: string;
  readonly workloadKind: string;
}

export type Between = 'ReplicaSet' | 'Job';

export interface Workloads {
  readonly size: number;
  of(pod: PodRecord): Workload;
  /** True when somebody had asked for it and would now be told something else. */
  put(kind: Between, object: Plain): boolean;
  remove(kind: Between, namespace: string, name: string): void;
  all(kind: Between): Iterable<{ readonly namespace: string; readonly name: string; readonly owner: Owner | null }>;
}

interface Known {
  readonly namespace: string;
  readonly name: string;
  readonly owner: Owner | null;
}

const kindAbove: Readonly<Record<Between, string>> = { ReplicaSet: 'Deployment', Job: 'CronJob' };
/** A CronJob names its jobs after itself and the minute. */
const cronSuffix = /-\d{8,10}$/;
const missedKept = 4096;

function isBetween(kind: string): kind is Between {
  return kind === 'ReplicaSet' || kind === 'Job';
}

/** While the object between is not known, its name tells: both kinds are named after what is above them. */
function guess(pod: PodRecord, owner: Owner): Workload | undefined {
  if (owner.kind === 'Job') {
    const above = owner.name.replace(cronSuffix, '');
    return above === owner.name ? undefined : { workload: above, workloadKind: kindAbove.Job };
  }
  const hash = pod.labels.find(([name]) => name === 'pod-template-hash')?.[1];
  if (hash === undefined || !owner.name.endsWith(`-${hash}`)) return undefined;
  return { workload: owner.name.slice(0, -hash.length - 1), workloadKind: kindAbove.ReplicaSet };
}

export function createWorkloads(shared: Pick<Shared, 'owner'>): Workloads {
  const known: Readonly<Record<Between, Map<string, Known>>> = { ReplicaSet: new Map(), Job: new Map() };
  const missed = new Set<string>();

  return {
    get size() {
      return known.ReplicaSet.size + known.Job.size;
    },
    of(pod) {
      const { owner } = pod;
      if (owner === null) return { workload: pod.name, workloadKind: 'Pod' };
      const itself = { workload: owner.name, workloadKind: owner.kind };
      if (!isBetween(owner.kind)) return itself;
      const between = known[owner.kind].get(`${pod.namespace}/${owner.name}`);
      if (between === undefined) {
        if (missed.size >= missedKept) missed.clear();
        missed.add(`${owner.kind}/${pod.namespace}/${owner.name}`);
        return guess(pod, owner) ?? itself;
      }
      if (between.owner === null) return itself;
      return { workload: between.owner.name, workloadKind: between.owner.kind };
    },
    put(kind, object) {
      const { namespace, name, ownerReferences } = object.metadata;
      const owners = ownerReferences ?? [];
      const above = owners.find(({ controller }) => controller === true) ?? owners[0];
      const owner = above === undefined ? null : shared.owner(above.kind, above.name);
      const key = `${namespace}/${name}`;
      const before = known[kind].get(key);
      if (before !== undefined && before.owner === owner) return false;
      known[kind].set(key, { namespace, name, owner });
      return missed.delete(`${kind}/${key}`) || before !== undefined;
    },
    remove: (kind, namespace, name) => void known[kind].delete(`${namespace}/${name}`),
    all: (kind) => known[kind].values(),
  };
}
