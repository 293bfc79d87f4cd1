/** The two ends of a flow of Hubble's as columns of ours: what is behind an address, by the best name that the flow has for it. */
import type { FlowRow } from '../model/flow-row.ts';
import type { IncomingFlow } from './incoming-flow.ts';

type Attribute = 'namespace' | 'pod' | 'workload' | 'workload_kind' | 'service' | 'labels' | 'identity' | 'names';
export type EndColumns<P extends 'src' | 'dst'> = Pick<FlowRow, `${P}_${'ip' | Attribute}`>;

interface End {
  readonly ip: string;
  readonly namespace: string;
  readonly pod: string;
  readonly workload: string;
  readonly workload_kind: string;
  readonly service: string;
  readonly labels: readonly string[];
  readonly identity: number;
  readonly names: readonly string[];
}

/** Reserved identities that are one thing each, and what our own collector calls them. */
const reserved: ReadonlyMap<string, readonly [kind: string, name: string]> = new Map([
  ['reserved:kube-apiserver', ['name', 'kube-apiserver']],
  ['reserved:health', ['host', 'health']],
  ['reserved:ingress', ['host', 'ingress']],
]);

function endOf(flow: IncomingFlow, side: 'source' | 'destination', node: string): End {
  const [of, service] = side === 'source' ? [flow.source, flow.source_service] : [flow.destination, flow.destination_service]; // prettier-ignore
  const names = (side === 'source' ? flow.source_names : flow.destination_names) ?? [];
  const known = {
    ip: flow.IP?.[side] ?? '',
    namespace: of?.namespace || (service?.namespace ?? ''),
    pod: of?.pod_name ?? '',
    service: service?.name ?? '',
    labels: of?.labels ?? [],
    identity: of?.identity ?? 0,
    names,
  };
  const first = of?.workloads?.find(({ name }) => name);
  const [workload_kind, workload] =
    first === undefined ? nameOf(known, node, flow.ethernet?.[side] ?? '') : [first.kind || 'Pod', first.name ?? ''];
  return { ...known, workload, workload_kind };
}

/** Of an end whose workload Hubble does not tell: in the order in which our own collector looks for a name. */
function nameOf(end: Omit<End, 'workload' | 'workload_kind'>, node: string, mac: string): readonly [string, string] {
  if (end.pod !== '') return ['Pod', end.pod];
  if (end.service !== '') return ['Service', end.service];
  if (end.labels.includes('reserved:host')) return ['host', node];
  const one = end.labels.map((label) => reserved.get(label)).find((found) => found !== undefined);
  if (one !== undefined) return one;
  const [name] = end.names;
  return name === undefined ? ['address', end.ip || mac || 'unknown'] : ['name', name];
}

function columnsOf<P extends 'src' | 'dst'>(prefix: P, end: End): EndColumns<P> {
  return Object.fromEntries(Object.entries(end).map(([name, value]) => [`${prefix}_${name}`, value])) as EndColumns<P>;
}

/** `isTurned`: who sent it is the destination. */
export function endsOf(flow: IncomingFlow, node: string, isTurned: boolean): EndColumns<'src'> & EndColumns<'dst'> {
  const [from, to] = isTurned ? (['destination', 'source'] as const) : (['source', 'destination'] as const);
  return { ...columnsOf('src', endOf(flow, from, node)), ...columnsOf('dst', endOf(flow, to, node)) };
}
