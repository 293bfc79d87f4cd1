/**
 * Gives every endpoint its ids, and writes what it is into `endpoints`: before the first row that refers to it, again
 * every hour in use, and again when the store lost it.
 */
import type { Block } from '../../db/native/block.ts';
import { endpointId, workloadId, type Id } from '../../db/native/endpoint-id.ts';
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
  /** To be asked before the row that refers to it ends. The wall time in ns is given in halves, and not kept. */
  idsOf(endpoint: Endpoint, time: Id): EndpointIds;
}

interface Known extends EndpointIds {
  seenNs: number;
  epoch: number;
}

const repeatNs = 3600e9;
const high = 4294967296;
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
    const added: Known = { ...ids, seenNs: 0, epoch: -1 };
    known.set(text, added);
    return added;
  };

  const write = (ids: EndpointIds, of: Endpoint, time: Id): void => {
    const block = sink.endpoints();
    const { columns } = block;
    columns.id.pushParts(ids.endpoint.low, ids.endpoint.high);
    columns.workload_id.pushParts(ids.workload.low, ids.workload.high);
    columns.seen.pushParts(time.low, time.high);
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
    idsOf(endpoint, time) {
      let ids = ofObject.get(endpoint);
      if (ids === undefined) {
        ids = find(endpoint);
        ofObject.set(endpoint, ids);
      }
      const timeNs = time.high * high + time.low;
      if (ids.epoch !== sink.endpointsEpoch || timeNs - ids.seenNs >= repeatNs) {
        write(ids, endpoint, time);
        ids.seenNs = timeNs;
        ids.epoch = sink.endpointsEpoch;
      }
      return ids;
    },
  };
}
