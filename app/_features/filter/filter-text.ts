/** Writes filters for things on the map, in the language that the reader also types. */
import type { MapNode } from '../../../model/api.ts';

/** Quotes a value whenever the language could read more into it than its letters. */
export function quote(value: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_./-]*$/.test(value) && !/^(and|or|not)$/i.test(value)) return value;
  return `"${value.replace(/[\\"*]/g, (letter) => `\\${letter}`)}"`;
}

type NodeNames = Pick<MapNode, 'kind' | 'namespace' | 'name'>;

/** One end of a flow is this node. The map knows nodes by cluster, namespace, kind and name. */
function endIs({ kind, namespace, name }: NodeNames, end: 'from' | 'to'): string {
  switch (kind) {
    case 'Namespace':
      return `${end}.ns:${quote(name)}`;
    case 'Pod':
      return `${end}.ns:${quote(namespace)} ${end}.pod:${quote(name)}`;
    // Cards that stand for many: all names of a domain, all bare addresses.
    case 'domain':
      return `${end}.kind:name (${end}.workload:${quote(name)} or ${end}.workload:*.${name})`;
    case 'rest':
      return `${end}.ns:${quote(namespace)}`;
    case 'addresses':
      return `${end}.kind:address`;
    default:
      return `${end}.ns:${quote(namespace)} ${end}.workload:${quote(name)} ${end}.kind:${quote(kind)}`;
  }
}

/** Everything this node says or hears. */
export function nodeFilter(node: MapNode): string {
  return `(${endIs(node, 'from')}) or (${endIs(node, 'to')})`;
}

/** What runs between the ends of an edge: what the opener sends, and rows about the answering side's own packets. */
export function edgeFilter(source: NodeNames, destination: NodeNames): string {
  const there = `${endIs(source, 'from')} ${endIs(destination, 'to')}`;
  const back = `${endIs(destination, 'from')} ${endIs(source, 'to')} reply:true`;
  return `(${there}) or (${back})`;
}

export function allOf(...filters: readonly string[]): string {
  const given = filters.filter((filter) => filter.trim() !== '');
  return given.length < 2 ? (given[0] ?? '') : given.map((filter) => `(${filter})`).join(' ');
}
