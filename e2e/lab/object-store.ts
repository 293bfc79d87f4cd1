/** Kubernetes objects with resource versions, and the bounded history of events that watches resume from. */
import type { KubernetesObject } from './kubernetes-objects.ts';

export type StoredObject = KubernetesObject & {
  readonly metadata: KubernetesObject['metadata'] & { readonly resourceVersion: string };
};

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly version: number;
  readonly object: StoredObject;
}

export interface ObjectStore {
  version(): number;
  put(object: KubernetesObject): StoredObject;
  remove(kind: string, namespace: string, name: string): boolean;
  /** In the order of namespace and name; an empty namespace selects all of them. */
  select(kind: string, namespace: string): readonly StoredObject[];
  /** Events after `version`; undefined when some of them are forgotten. */
  since(version: number): readonly WatchEvent[] | undefined;
  compact(): void;
  subscribe(listener: (event: WatchEvent) => void): () => void;
}

/**
 * Versions start at the wall clock's milliseconds: whoever still holds one of an earlier stand-in is behind and is told
 * so, rather than waiting for a number that has passed.
 */
export function createObjectStore(config: { readonly history: number; readonly firstVersion?: number }): ObjectStore {
  const objects = new Map<string, StoredObject>();
  const listeners = new Set<(event: WatchEvent) => void>();
  let events: WatchEvent[] = [];
  let version = config.firstVersion ?? Date.now();
  let compacted = version;

  const keyOf = (kind: string, namespace: string, name: string): string => `${kind}/${namespace}/${name}`;

  function announce(type: WatchEvent['type'], object: StoredObject): void {
    const event = { type, version, object };
    events.push(event);
    if (events.length > config.history) compacted = events.shift()?.version ?? compacted;
    for (const listener of listeners) listener(event);
  }

  function stamped(object: KubernetesObject): StoredObject {
    version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
  }

  return {
    version: () => version,
    put(object) {
      const key = keyOf(object.kind, object.metadata.namespace ?? '', object.metadata.name);
      const type = objects.has(key) ? 'MODIFIED' : 'ADDED';
      const stored = stamped(object);
      objects.set(key, stored);
      announce(type, stored);
      return stored;
    },
    remove(kind, namespace, name) {
      const key = keyOf(kind, namespace, name);
      const found = objects.get(key);
      if (!found) return false;
      objects.delete(key);
      announce('DELETED', stamped(found));
      return true;
    },
    select(kind, namespace) {
      return [...objects]
        .filter(([, item]) => item.kind === kind && (namespace === '' || item.metadata.namespace === namespace))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, item]) => item);
    },
    since(from) {
      return from < compacted ? undefined : events.filter((event) => event.version > from);
    },
    compact() {
      events = [];
      compacted = version;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
