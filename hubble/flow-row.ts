/**
 * A flow of Hubble's as a row of ours. Source is who sent it, except for an answer of layer 7, which is turned round and takes the
 * time of its request, as our rows do. Hubble counts neither bytes nor packets: those stay 0, but for the packet of a drop.
 */
import { createHash } from 'node:crypto';
import type { FlowRow } from '../model/flow-row.ts';
import { tcpFlagBits } from '../model/tcp-flags.ts';
import type { FlowKind, Reporter, Ternary, Tunnel } from '../model/words.ts';
import { dropReasonOfCode } from './drop-reason.ts';
import { endsOf, type EndColumns } from './flow-ends.ts';
import { layer4Of, layer7Of, type Layer4Columns, type Layer7Columns } from './flow-layers.ts';
import { readFlowUuid } from './flow-uuid.ts';
import type { IncomingFlow, IncomingPolicies } from './incoming-flow.ts';
import { nanosecondsOf, timestampOf } from './time.ts';

/** The columns that a flow of Hubble's fills; the others keep their defaults. */
export type HubbleRow = EndColumns<'src'> &
  EndColumns<'dst'> &
  Layer4Columns &
  Layer7Columns &
  Pick<
    FlowRow,
    | 'time'
    | 'id'
    | 'connection_id'
    | 'cluster'
    | 'node'
    | 'source'
    | 'reporter'
    | 'kind'
    | 'verdict'
    | 'drop_reason'
    | 'drop_location'
    | 'direction'
    | 'is_reply'
    | 'ip_version'
    | 'connections'
    | 'packets_to_dst'
    | 'trace_id'
    | 'interface'
    | 'encrypted'
    | 'tunnel'
    | 'tunnel_id'
    | 'allowed_by'
    | 'denied_by'
  >;

/** `time` is what the line says; `node` as `cluster/name` or `name`. */
export interface Sighting {
  readonly flow: IncomingFlow;
  readonly time: string;
  readonly node: string;
}

/** Of Cilium's monitor. */
const eventType = { drop: 1, trace: 4, policyVerdict: 5, accessLog: 129 } as const;

export function rowOf({ flow, time, node: fullName }: Sighting): HubbleRow {
  const kind = kindOf(flow);
  const isAnswer = kind === 'l7_response';
  const { cluster, node } = nodeOf(fullName, flow);
  const ns = nanosecondsOf(time) - (isAnswer ? BigInt(flow.l7?.latency_ns ?? 0) : 0n);
  const ends = endsOf(flow, node, isAnswer);
  const layer4 = layer4Of(flow.l4 ?? {}, isAnswer);
  const direction = flow.traffic_direction ?? 'TRAFFIC_DIRECTION_UNKNOWN';
  const count = Math.max(1, aggregatedOf(flow));
  return {
    time: timestampOf(ns),
    ...nameOf(flow, { cluster, node, ns }),
    connection_id: connectionOf(cluster, { ...ends, ...layer4 }),
    cluster,
    node,
    reporter: reporterOf(direction),
    kind,
    verdict: flow.verdict ?? 'VERDICT_UNKNOWN',
    drop_reason: flow.drop_reason_desc ?? reasonOfCode(flow.drop_reason ?? 0),
    drop_location: locationOf(flow),
    direction,
    is_reply: isReplyOf(flow, isAnswer),
    ...ends,
    ...layer4,
    ip_version: flow.IP?.ipVersion === 'IPv6' ? 6 : flow.IP?.ipVersion === 'IPv4' ? 4 : 0,
    connections: isOpening(flow, kind) ? count : 0,
    packets_to_dst: kind === 'drop' ? String(count) : '0',
    ...layer7Of(flow.l7, isAnswer),
    trace_id: flow.trace_context?.parent?.trace_id ?? '',
    interface: flow.interface?.name ?? '',
    // Absent is also what a point says that cannot know.
    encrypted: flow.IP?.encrypted === true ? 'yes' : 'unknown',
    tunnel: tunnelOf(flow),
    tunnel_id: flow.tunnel?.vni ?? 0,
    allowed_by: [...policiesOf(flow.egress_allowed_by), ...policiesOf(flow.ingress_allowed_by)],
    denied_by: [...policiesOf(flow.egress_denied_by), ...policiesOf(flow.ingress_denied_by)],
  };
}

/** As in rows of our own: whose account of the conversation it is, whichever side sent the packet. */
function reporterOf(direction: FlowRow['direction']): Reporter {
  if (direction === 'EGRESS') return 'source';
  return direction === 'INGRESS' ? 'destination' : 'unknown';
}

/** Rows of a packet are `datagram`: whoever sent it is the source. A socket's translation and a debug capture have no kind. */
function kindOf(flow: IncomingFlow): FlowKind {
  const type = flow.event_type?.type ?? 0;
  if (type === eventType.accessLog || flow.Type === 'L7') {
    return flow.l7?.type === 'RESPONSE' ? 'l7_response' : 'l7_request';
  }
  if (type === eventType.policyVerdict) return 'policy_verdict';
  if (type === eventType.drop) return 'drop';
  if (type === eventType.trace) return 'datagram';
  if (type !== 0 || flow.Type === 'SOCK') return 'unknown';
  return flow.verdict === 'DROPPED' ? 'drop' : 'datagram';
}

/** A name without a cluster is in `default`, unless an end says which cluster it is in. */
function nodeOf(fullName: string, flow: IncomingFlow): { readonly cluster: string; readonly node: string } {
  const at = fullName.lastIndexOf('/');
  if (at >= 0) return { cluster: fullName.slice(0, at), node: fullName.slice(at + 1) };
  const told = flow.source?.cluster_name || flow.destination?.cluster_name;
  return { cluster: told || 'default', node: fullName };
}

/** The first eight bytes of a SHA-256. */
function hash(parts: readonly string[]): string {
  return String(createHash('sha256').update(JSON.stringify(parts)).digest().readBigUInt64LE());
}

/**
 * Where it came from, and its id: its own when the line is one that we wrote, else made from its uuid. A line without a uuid is known
 * by all that it says: two that say the same, to the nanosecond, are one.
 */
function nameOf(
  flow: IncomingFlow,
  of: { readonly cluster: string; readonly node: string; readonly ns: bigint },
): Pick<FlowRow, 'id' | 'source'> {
  const uuid = flow.uuid ?? '';
  const own = readFlowUuid(uuid);
  if (own?.isOf(of) === true) return { id: String(own.id), source: 'import' };
  return { id: hash(uuid === '' ? [of.node, JSON.stringify(flow)] : [uuid]), source: 'hubble' };
}

/** The same in both directions and on every node. Ports that are used again make it the same conversation again. */
function connectionOf(cluster: string, of: Layer4Columns & Pick<FlowRow, 'src_ip' | 'dst_ip'>): string {
  const ends = [`${of.src_ip} ${of.src_port}`, `${of.dst_ip} ${of.dst_port}`];
  return hash([cluster, of.protocol, ...ends.sort()]);
}

/** A code without a name is kept as a number. */
function reasonOfCode(code: number): string {
  return code === 0 ? '' : (dropReasonOfCode(code) ?? `CODE_${code}`);
}

/** Of a drop: the line of Cilium's datapath, where our own rows have a function of the kernel. */
function locationOf({ file }: IncomingFlow): string {
  return file?.name ? `${file.name}:${file.line ?? 0}` : '';
}

/** Null is not false: it stays unknown. Before `is_reply` there was `reply`, which knew only true. */
function isReplyOf({ is_reply, reply }: IncomingFlow, isTurned: boolean): Ternary {
  const told = is_reply ?? (reply === true ? true : null);
  if (told === null) return 'unknown';
  return told === isTurned ? 'no' : 'yes';
}

const synAlone = tcpFlagBits((name) => name === 'SYN');
const synAndAck = tcpFlagBits((name) => name === 'SYN' || name === 'ACK');

/**
 * Whether the conversation begins with this packet, seen where each side sees it once: where it leaves the one that opens it, and where
 * it is handed to the one that answers. With Cilium's usual monitor aggregation the first is a `TO_` point.
 */
function isOpening(flow: IncomingFlow, kind: FlowKind): boolean {
  const { trace_observation_point: point, trace_reason: reason, traffic_direction: direction } = flow;
  if (kind !== 'datagram' || flow.is_reply !== false) return false;
  const isThere =
    direction === 'EGRESS' ? point?.startsWith('TO_') : direction === 'INGRESS' && point === 'TO_ENDPOINT';
  if (isThere !== true) return false;
  if (reason === 'NEW' || reason === 1) return true;
  const isUntold = !reason || reason === 'TRACE_REASON_UNKNOWN';
  return isUntold && (layer4Of(flow.l4 ?? {}, false).tcp_flags & synAndAck) === synAlone;
}

/** How many flows the exporter made one line of. */
function aggregatedOf({ aggregate }: IncomingFlow): number {
  if (!aggregate) return 0;
  const { ingress_flow_count, egress_flow_count, unknown_direction_flow_count } = aggregate;
  return (ingress_flow_count ?? 0) + (egress_flow_count ?? 0) + (unknown_direction_flow_count ?? 0);
}

function tunnelOf({ tunnel }: IncomingFlow): Tunnel {
  return tunnel?.protocol === 'VXLAN' || tunnel?.protocol === 'GENEVE' ? tunnel.protocol : '';
}

function policiesOf(policies: IncomingPolicies): string[] {
  return (policies ?? []).map(({ kind, namespace, name }) =>
    [kind, namespace, name].map((part) => part ?? '').join('/'),
  );
}
