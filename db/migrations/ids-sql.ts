/** The ids of endpoints and workloads, computed by the store from rows that hold all their attributes themselves. */

/** As db/native/endpoint-id.ts. */
function hashSql(texts: string): string {
  const withLengths = `arrayMap(x -> concat(toString(length(x)), ':', x), ${texts})`;
  return `reinterpretAsUInt64(substring(SHA256(arrayStringConcat(${withLengths})), 1, 8))`;
}

/** From columns `src_namespace`, `src_pod` ... and `cluster`. */
export function idsSql(prefix: 'src' | 'dst'): { readonly endpoint: string; readonly workload: string } {
  const column = (name: string): string => `toString(${prefix}_${name})`;
  const names = [
    'namespace',
    'pod',
    'workload',
    'workload_kind',
    'service',
    'identity',
    'process',
    'unit',
    'container',
  ];
  const single = `[toString(cluster), ${names.map(column).join(', ')}, toString(length(${prefix}_labels))]`;
  const lists = ['labels', 'names'].map((name) => `arrayMap(x -> toString(x), ${prefix}_${name})`);
  return {
    endpoint: hashSql(`arrayConcat(${[single, ...lists].join(', ')})`),
    workload: hashSql(`[toString(cluster), ${['namespace', 'workload_kind', 'workload'].map(column).join(', ')}]`),
  };
}
