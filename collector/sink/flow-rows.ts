/** Writes rows of the `flows` table: one place that fills every column, in the words of model/words.ts. */
import type { Block } from '../../db/native/block.ts';
import type { flowColumns } from '../../model/flow-columns.ts';
import {
  endCauses,
  flowKinds,
  flowSources,
  l7Types,
  reporters,
  ternaries,
  trafficDirections,
  verdicts,
  type FlowKind,
  type FlowSource,
  type L7Type,
  type Reporter,
  type Ternary,
  type Verdict,
} from '../../model/words.ts';
import { addressBytes, type AddressKey } from '../decode/address.ts';
import type { Endpoint } from '../identity/endpoint.ts';
import type { DnsExchange, HttpExchange } from '../protocol/exchange.ts';

type FlowBlock = Block<typeof flowColumns>;

/** Bytes and packets each way, seen from the row's source. */
export interface Counts {
  readonly bytesToDst: number;
  readonly bytesToSrc: number;
  readonly packetsToDst: number;
  readonly packetsToSrc: number;
}

export interface FlowRow {
  readonly timeNs: bigint;
  readonly connectionLow: number;
  readonly connectionHigh: number;
  readonly reporter: Reporter;
  readonly kind: FlowKind;
  readonly verdict: Verdict;
  readonly isReply: Ternary;
  readonly source: AddressKey;
  readonly sourcePort: number;
  readonly from: Endpoint;
  readonly destination: AddressKey;
  readonly destinationPort: number;
  readonly to: Endpoint;
  readonly protocol: number;
  readonly ipVersion: number;
  readonly interface: string;
  readonly counts: Counts;
  /** Counted at the other end; null when that is not here. */
  readonly peer: Counts | null;
  readonly connections?: number;
  readonly dropReason?: string;
  readonly dropLocation?: string;
  readonly tcpFlags?: number;
  readonly icmpType?: number;
  readonly icmpCode?: number;
  readonly endCause?: number;
  readonly srttUs?: number;
  readonly retransmits?: number;
  readonly durationNs?: number;
  readonly http?: HttpExchange;
  readonly dns?: DnsExchange;
  readonly isTls?: boolean;
  readonly sni?: string;
}

export interface FlowRowsConfig {
  readonly cluster: string;
  readonly node: string;
  readonly source: FlowSource;
  /** Row ids start here; later runs must start higher. */
  readonly firstId: bigint;
}

export interface FlowRows {
  append(row: FlowRow): void;
  readonly count: number;
}

export const noCounts: Counts = { bytesToDst: 0, bytesToSrc: 0, packetsToDst: 0, packetsToSrc: 0 };

const high = 4294967296;
const none: readonly string[] = [];
const icmpProtocols: ReadonlySet<number> = new Set([1, 58]);
const protocolNames: Readonly<Record<number, string>> = { 1: 'ICMPv4', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6', 132: 'SCTP' };

function codes<W extends string>(words: readonly W[]): (word: W) => number {
  const byWord = new Map(words.map((word, code) => [word, code]));
  return (word) => byWord.get(word) ?? 0;
}
const reporterCode = codes(reporters);
const kindCode = codes(flowKinds);
const verdictCode = codes(verdicts);
const ternaryCode = codes(ternaries);
const directionCode = codes(trafficDirections);
const l7Code = codes<L7Type>(l7Types);
const sourceCode = codes(flowSources);
const egress = directionCode('EGRESS');
const ingress = directionCode('INGRESS');
const unknownDirection = directionCode('TRAFFIC_DIRECTION_UNKNOWN');

function pushCount(column: FlowBlock['columns']['bytes_to_dst'], count: number): void {
  column.pushParts(count >>> 0, Math.floor(count / high));
}

function pushSource(columns: FlowBlock['columns'], row: FlowRow): void {
  columns.src_ip.push(addressBytes(row.source), 0);
  columns.src_port.push(icmpProtocols.has(row.protocol) ? 0 : row.sourcePort);
  columns.src_namespace.push(row.from.namespace);
  columns.src_pod.push(row.from.pod);
  columns.src_workload.push(row.from.workload);
  columns.src_workload_kind.push(row.from.workloadKind);
  columns.src_service.push(row.from.service);
  columns.src_labels.push(row.from.labels);
  columns.src_identity.push(row.from.identity);
  columns.src_names.push(row.from.names);
  columns.src_process.push(row.from.process);
  columns.src_unit.push(row.from.unit);
  columns.src_container.push(row.from.container);
}

function pushDestination(columns: FlowBlock['columns'], row: FlowRow): void {
  columns.dst_ip.push(addressBytes(row.destination), 0);
  columns.dst_port.push(icmpProtocols.has(row.protocol) ? 0 : row.destinationPort);
  columns.dst_namespace.push(row.to.namespace);
  columns.dst_pod.push(row.to.pod);
  columns.dst_workload.push(row.to.workload);
  columns.dst_workload_kind.push(row.to.workloadKind);
  columns.dst_service.push(row.to.service);
  columns.dst_labels.push(row.to.labels);
  columns.dst_identity.push(row.to.identity);
  columns.dst_names.push(row.to.names);
  columns.dst_process.push(row.to.process);
  columns.dst_unit.push(row.to.unit);
  columns.dst_container.push(row.to.container);
}

function pushCounters(columns: FlowBlock['columns'], row: FlowRow): void {
  const { counts } = row;
  const peer = row.peer ?? noCounts;
  columns.connections.push(row.connections ?? 0);
  pushCount(columns.bytes_to_dst, counts.bytesToDst);
  pushCount(columns.bytes_to_src, counts.bytesToSrc);
  pushCount(columns.packets_to_dst, counts.packetsToDst);
  pushCount(columns.packets_to_src, counts.packetsToSrc);
  pushCount(columns.peer_bytes_to_dst, peer.bytesToDst);
  pushCount(columns.peer_bytes_to_src, peer.bytesToSrc);
  pushCount(columns.peer_packets_to_dst, peer.packetsToDst);
  pushCount(columns.peer_packets_to_src, peer.packetsToSrc);
  columns.both_ends.push(row.peer === null ? 0 : 1);
  columns.srtt_us.push(row.srttUs ?? 0);
  columns.retransmits.push(row.retransmits ?? 0);
  pushCount(columns.duration_ns, row.durationNs ?? 0);
}

function pushL7(columns: FlowBlock['columns'], row: FlowRow): void {
  const { http, dns } = row;
  const type = http?.type ?? dns?.type ?? (row.isTls === true ? 'TLS' : '');
  columns.l7_type.push(l7Code(type));
  pushCount(columns.latency_ns, http?.latencyNs ?? dns?.latencyNs ?? 0);
  columns.http_method.push(http?.method ?? '');
  columns.http_host.push(http?.host ?? '');
  columns.http_path.push(http?.path ?? '');
  columns.http_status.push(http?.status ?? 0);
  columns.http_protocol.push(http?.protocol ?? '');
  columns.dns_name.push(dns?.name ?? '');
  columns.dns_type.push(dns?.queryType ?? '');
  columns.dns_rcode.push(dns?.rcode ?? '');
  columns.dns_answers.push(dns?.answers ?? none);
  columns.dns_ttl.push(dns?.ttl ?? 0);
  columns.tls_sni.push(row.sni ?? '');
  columns.trace_id.push(http?.traceId ?? '');
}

function directionOf(reporter: Reporter): number {
  if (reporter === 'source') return egress;
  return reporter === 'destination' ? ingress : unknownDirection;
}

export function createFlowRows(config: FlowRowsConfig, block: () => FlowBlock): FlowRows {
  const source = sourceCode(config.source);
  let id = config.firstId;
  let count = 0;

  return {
    get count() {
      return count;
    },
    append(row) {
      const target = block();
      const { columns } = target;
      columns.time.push(row.timeNs);
      columns.id.push(id);
      columns.connection_id.pushParts(row.connectionLow, row.connectionHigh);
      columns.cluster.push(config.cluster);
      columns.node.push(config.node);
      columns.source.push(source);
      columns.reporter.push(reporterCode(row.reporter));
      columns.kind.push(kindCode(row.kind));
      columns.verdict.push(verdictCode(row.verdict));
      columns.drop_reason.push(row.dropReason ?? '');
      columns.drop_location.push(row.dropLocation ?? '');
      columns.direction.push(directionOf(row.reporter));
      columns.is_reply.push(ternaryCode(row.isReply));
      pushSource(columns, row);
      pushDestination(columns, row);
      columns.protocol.push(protocolNames[row.protocol] ?? `IP-${row.protocol}`);
      columns.ip_version.push(row.ipVersion);
      columns.tcp_flags.push(row.tcpFlags ?? 0);
      columns.icmp_type.push(row.icmpType ?? 0);
      columns.icmp_code.push(row.icmpCode ?? 0);
      columns.end_cause.push(Math.min(row.endCause ?? 0, endCauses.length - 1));
      pushCounters(columns, row);
      pushL7(columns, row);
      columns.interface.push(row.interface);
      columns.encrypted.push(ternaryCode('unknown'));
      columns.allowed_by.push(none);
      columns.denied_by.push(none);
      target.endRow();
      id += 1n;
      count += 1;
    },
  };
}
