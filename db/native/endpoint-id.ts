/**
 * The ids by which flows refer to endpoints and workloads: the first eight bytes of a SHA-256, so that every collector
 * gives equal attributes the same id, and SQL can too (migrations/endpoints-by-reference.ts computes the same).
 */
import { createHash } from 'node:crypto';
import type { Endpoint } from '../../model/endpoint.ts';

/** A UInt64 in halves, as column builders take it. */
export interface Id {
  readonly low: number;
  readonly high: number;
}

/** Each text with its length in bytes before it, so that no two lists have one hash. */
function hash(texts: readonly string[]): Id {
  const digest = createHash('sha256')
    .update(texts.map((text) => `${Buffer.byteLength(text)}:${text}`).join(''))
    .digest();
  return { low: digest.readUInt32LE(0), high: digest.readUInt32LE(4) };
}

export function workloadId(cluster: string, of: Endpoint): Id {
  return hash([cluster, of.namespace, of.workloadKind, of.workload]);
}

export function endpointId(cluster: string, of: Endpoint): Id {
  const { namespace, pod, workload, workloadKind, service, labels, identity, names, process, unit, container } = of;
  const single = [cluster, namespace, pod, workload, workloadKind, service, String(identity), process, unit, container];
  return hash([...single, String(labels.length), ...labels, ...names]);
}

export function wideId({ low, high }: Id): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}
