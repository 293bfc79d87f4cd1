/** Writes rows of the `flows` table: one place that fills every column, in the words of model/words.ts. */
import type { Block } from '../../db/native/block.ts';
import type { flowColumns } from '../../model/flow-columns.ts';
import {
  connectResults,
  encryptions,
  endCauses,
  flowKinds,
  flowSources,
  l7Types,
  reporters,
  ternaries,
  trafficDirections,
  tunnels,
  verdicts,
  type ConnectResult,
  type Encryption,
  type FlowKind,
  type FlowSource,
  type L7Type,
  type Reporter,
  type Ternary,
  type Tunnel,
  type Verdict,
} from '../../model/words.ts';
import { flowKey } from '../decode/wire.ts';
import type { Endpoint } from '../identity/endpoint.ts';
import type { CommandExchange, DnsExchange, Exchange, HttpExchange, Side } from '../protocol/exchange.ts';
import type { TlsFacts } from '../protocol/tls-reader.ts';
import { createEndpointRows, type EndpointIds, type EndpointSink } from './endpoint-rows.ts';

type FlowBlock = Block<typeof flowColumns>;

/** Bytes and packets each way, seen from the row's source. */
export interface Counts {
  readonly bytesToDst: number;
  readonly bytesToSrc: number;
  readonly packetsToDst: number;
  readonly packetsToSrc: number;
}

/** Who a row is between, from its source to its destination. */
export interface Parties {
  /** struct flow_key of the conversation; addresses are read out of it. */
  readonly key: Buffer;
  readonly sourceSide: Side;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** What the client asked for, when one end is the backend chosen for it: 16 bytes of address, port. */
  readonly service?: { readonly address: Uint8Array; readonly port: number } | undefined;
  readonly connectionLow: number;
  readonly connectionHigh: number;
  readonly protocol: number;
  readonly ipVersion: number;
}

export interface FlowRow {
  readonly timeNs: bigint;
  readonly parties: Parties;
  readonly reporter: Reporter;
  readonly kind: FlowKind;
  readonly verdict: Verdict;
  readonly isReply: Ternary;
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
  readonly connectResult?: ConnectResult;
  readonly handshakeUs?: number;
  readonly srttUs?: number;
  readonly retransmits?: number;
  readonly zeroWindows?: number;
  readonly resets?: number;
  readonly icmpErrors?: number;
  readonly socketError?: string;
  readonly encryption?: Encryption;
  readonly tunnel?: Tunnel;
  readonly tunnelId?: number;
  /** The conversation is the outside of the tunnel. */
  readonly isTunnel?: boolean;
  readonly durationNs?: number;
  readonly exchange?: Exchange;
  /** What the conversation's TLS handshake said. */
  readonly tls?: TlsFacts | null;
}

export interface FlowRowsConfig {
  readonly cluster: string;
  readonly node: string;
  readonly source: FlowSource;
  /** Row ids start here; later runs must start higher. */
  readonly firstId: bigint;
}

export interface FlowSink extends EndpointSink {
  flows(): FlowBlock;
}

export interface FlowRows {
  append(row: FlowRow): void;
  readonly count: number;
}

export const noCounts: Counts = { bytesToDst: 0, bytesToSrc: 0, packetsToDst: 0, packetsToSrc: 0 };

const high = 4294967296;
const noAddressBytes = new Uint8Array(16);
const none: readonly string[] = [];
const addressAt = [flowKey.addr_a, flowKey.addr_b] as const;
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
const connectCode = codes<ConnectResult>(connectResults);
const encryptionCode = codes<Encryption>(encryptions);
const tunnelCode = codes<Tunnel>(tunnels);
const egress = directionCode('EGRESS');
const ingress = directionCode('INGRESS');
const unknownDirection = directionCode('TRAFFIC_DIRECTION_UNKNOWN');

function pushCount(column: FlowBlock['columns']['bytes_to_dst'], count: number): void {
  column.pushParts(count >>> 0, Math.floor(count / high));
}

function pushEnds(columns: FlowBlock['columns'], parties: Parties, from: EndpointIds, to: EndpointIds): void {
  const { key, sourceSide } = parties;
  const hasPorts = !icmpProtocols.has(parties.protocol);
  columns.src_ip.push(key, addressAt[sourceSide]);
  columns.src_port.push(hasPorts ? parties.sourcePort : 0);
  columns.src_endpoint.pushParts(from.endpoint.low, from.endpoint.high);
  columns.src_workload_id.pushParts(from.workload.low, from.workload.high);
  columns.dst_ip.push(key, addressAt[sourceSide === 0 ? 1 : 0]);
  columns.dst_port.push(hasPorts ? parties.destinationPort : 0);
  columns.dst_endpoint.pushParts(to.endpoint.low, to.endpoint.high);
  columns.dst_workload_id.pushParts(to.workload.low, to.workload.high);
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
  columns.connect_result.push(connectCode(row.connectResult ?? ''));
  columns.handshake_us.push(row.handshakeUs ?? 0);
  columns.srtt_us.push(row.srttUs ?? 0);
  columns.retransmits.push(row.retransmits ?? 0);
  columns.zero_windows.push(row.zeroWindows ?? 0);
  columns.resets.push(row.resets ?? 0);
  columns.icmp_errors.push(row.icmpErrors ?? 0);
  columns.socket_error.push(row.socketError ?? '');
  pushCount(columns.duration_ns, row.durationNs ?? 0);
}

function pushHttp(columns: FlowBlock['columns'], http: HttpExchange | null): void {
  columns.http_method.push(http?.method ?? '');
  columns.http_host.push(http?.host ?? '');
  columns.http_path.push(http?.path ?? '');
  columns.http_status.push(http?.status ?? 0);
  columns.http_protocol.push(http?.protocol ?? '');
  columns.grpc_status.push(http?.grpcStatus ?? '');
  columns.trace_id.push(http?.traceId ?? '');
}

function pushDns(columns: FlowBlock['columns'], dns: DnsExchange | null): void {
  columns.dns_name.push(dns?.name ?? '');
  columns.dns_type.push(dns?.queryType ?? '');
  columns.dns_rcode.push(dns?.rcode ?? '');
  columns.dns_answers.push(dns?.answers ?? none);
  columns.dns_ttl.push(dns?.ttl ?? 0);
  columns.dns_cnames.push(dns?.aliases ?? none);
}

/** Exactly one of the three is not null, unless there was no exchange. */
function sorted(exchange: Exchange | undefined): [HttpExchange | null, DnsExchange | null, CommandExchange | null] {
  if (exchange === undefined) return [null, null, null];
  switch (exchange.type) {
    case 'HTTP':
    case 'GRPC':
      return [exchange, null, null];
    case 'DNS':
      return [null, exchange, null];
    default:
      return [null, null, exchange];
  }
}

function pushL7(columns: FlowBlock['columns'], row: FlowRow): void {
  const { exchange } = row;
  const tls = row.tls ?? null;
  const [http, dns, command] = sorted(exchange);
  columns.l7_type.push(l7Code(exchange?.type ?? (tls === null ? '' : 'TLS')));
  pushCount(columns.latency_ns, exchange?.latencyNs ?? 0);
  pushHttp(columns, http);
  pushDns(columns, dns);
  columns.l7_command.push(command?.command ?? '');
  columns.l7_resource.push(command?.resource ?? '');
  columns.l7_error.push(exchange === undefined ? (tls?.error ?? '') : exchange.error);
  columns.tls_version.push(tls?.version ?? '');
  columns.tls_alpn.push(tls?.alpn ?? '');
  columns.tls_sni.push(tls?.serverName ?? '');
}

function pushNetwork(columns: FlowBlock['columns'], row: FlowRow): void {
  const { encryption = '' } = row;
  columns.encrypted.push(ternaryCode(encryption === '' ? 'unknown' : encryption === 'none' ? 'no' : 'yes'));
  columns.encryption.push(encryptionCode(encryption));
  columns.tunnel.push(tunnelCode(row.tunnel ?? ''));
  columns.tunnel_id.push(row.tunnelId ?? 0);
  columns.is_tunnel.push(row.isTunnel === true ? 1 : 0);
  const { service } = row.parties;
  columns.service_ip.push(service?.address ?? noAddressBytes, 0);
  columns.service_port.push(service?.port ?? 0);
}

function directionOf(reporter: Reporter): number {
  if (reporter === 'source') return egress;
  return reporter === 'destination' ? ingress : unknownDirection;
}

export function createFlowRows(config: FlowRowsConfig, sink: FlowSink): FlowRows {
  const endpoints = createEndpointRows(config.cluster, sink);
  const source = sourceCode(config.source);
  let id = config.firstId;
  let count = 0;

  return {
    get count() {
      return count;
    },
    append(row) {
      const { parties } = row;
      const from = endpoints.idsOf(parties.from, row.timeNs);
      const to = endpoints.idsOf(parties.to, row.timeNs);
      const target = sink.flows();
      const { columns } = target;
      columns.time.push(row.timeNs);
      columns.id.push(id);
      columns.connection_id.pushParts(parties.connectionLow, parties.connectionHigh);
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
      pushEnds(columns, parties, from, to);
      columns.protocol.push(protocolNames[parties.protocol] ?? `IP-${parties.protocol}`);
      columns.ip_version.push(parties.ipVersion);
      columns.tcp_flags.push(row.tcpFlags ?? 0);
      columns.icmp_type.push(row.icmpType ?? 0);
      columns.icmp_code.push(row.icmpCode ?? 0);
      columns.end_cause.push(Math.min(row.endCause ?? 0, endCauses.length - 1));
      pushCounters(columns, row);
      pushL7(columns, row);
      columns.interface.push(row.interface);
      pushNetwork(columns, row);
      columns.allowed_by.push(none);
      columns.denied_by.push(none);
      target.endRow();
      id += 1n;
      count += 1;
    },
  };
}
