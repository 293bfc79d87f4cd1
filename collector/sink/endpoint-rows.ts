/**
 * Gives every endpoint its ids, and writes what it is into `endpoints`: before the first row that refers to it, again
 * every hour in use, and again when the store lost it.
 */
import type { Block } from '../../db/native/block.ts';
import { endpointId, wideId, workloadId, type Id } from '../../db/native/endpoint-id.ts';
import type { endpointColumns } from '../../model/flow-columns.ts';
import type { Endpoint } from '../identity/endpoint.ts';

export interface EndpointSink {
  endpoints(): Block<typeof endpointColumns>;
  /** Rises when rows of `endpoints` did not reach the store. */
  readonly endpointsEpoch: number;
}

export interface EndpointIds {
  readonly endpoint: Id;
  readonly workload: Id;
}

export interface EndpointRows {
  /** To be asked before the row that refers to it ends. */
  idsOf(endpoint: Endpoint, timeNs: bigint): EndpointIds;
}

interface Known extends EndpointIds {
  seenNs: bigint;
  epoch: number;
}

const repeatNs = 3_600_000_000_000n;
/** Past this all are forgotten and written anew. */
const knownLimit = 200_000;

export function createEndpointRows(cluster: string, sink: EndpointSink): EndpointRows {
  /** By object, which most callers keep; else by what it says. */
  let ofObject = new WeakMap<Endpoint, Known>();
  const known = new Map<string, Known>();

  const find = (endpoint: Endpoint): Known => {
    const text = JSON.stringify(Object.values(endpoint));
    const found = known.get(text);
    if (found !== undefined) return found;
    if (known.size >= knownLimit) {
      known.clear();
      ofObject = new WeakMap();
    }
    const ids = { endpoint: endpointId(cluster, endpoint), workload: workloadId(cluster, endpoint) };
    const added: Known = { ...ids, seenNs: 0n, epoch: -1 };
    known.set(text, added);
    return added;
  };

  const write = (ids: EndpointIds, of: Endpoint, timeNs: bigint): void => {
    const block = sink.endpoints();
    const { columns } = block;
    columns.id.push(wideId(ids.endpoint));
    columns.workload_id.push(wideId(ids.workload));
    columns.seen.push(timeNs);
    columns.cluster.push(cluster);
    columns.namespace.push(of.namespace);
    columns.pod.push(of.pod);
    columns.workload.push(of.workload);
    columns.workload_kind.push(of.workloadKind);
    columns.service.push(of.service);
    columns.labels.push(of.labels);
    columns.identity.push(of.identity);
    columns.names.push(of.names);
    columns.process.push(of.process);
    columns.unit.push(of.unit);
    columns.container.push(of.container);
    block.endRow();
  };

  return {
    idsOf(endpoint, timeNs) {
      let ids = ofObject.get(endpoint);
      if (ids === undefined) {
        ids = find(endpoint);
        ofObject.set(endpoint, ids);
      }
      if (ids.epoch !== sink.endpointsEpoch || timeNs - ids.seenNs >= repeatNs) {
        write(ids, endpoint, timeNs);
        ids.seenNs = timeNs;
        ids.epoch = sink.endpointsEpoch;
      }
      return ids;
    },
  };
}
