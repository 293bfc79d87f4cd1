/** A map node's id is `cluster/namespace/kind/name`; only the name may hold a slash. */
import type { MapNode } from '../../../model/api.ts';

export function nodeOfId(id: string): MapNode | null {
  const [cluster, namespace, kind, ...rest] = id.split('/');
  if (cluster === undefined || namespace === undefined || kind === undefined || rest.length === 0) return null;
  return { id, cluster, namespace, kind, name: rest.join('/'), addresses: [], pods: [] };
}

/** Known by name or address only: not part of what is watched. `domain` and `addresses` are folds of such,
 * and the rest of what has no namespace is nearly all of this kind. */
export function isOutside(node: MapNode): boolean {
  if (node.kind === 'rest') return node.namespace === '';
  return node.namespace === '' && ['name', 'address', 'domain', 'addresses'].includes(node.kind);
}
