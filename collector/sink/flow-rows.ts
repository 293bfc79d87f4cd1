/** Writes rows of the `flows` table: one place that fills every column, in the words of model/words.ts. */
import type { Block } from '../../db/native/block.ts';
import type { CodedColumn, ListColumn, NumberColumn, StringColumn, WideColumn } from '../../db/native/columns.ts';
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
import type { DnsExchange, Exchange, HttpExchange, Side } from '../protocol/exchange.ts';
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
  /** Where struct flow_key of the conversation is; addresses are read out of it. */
  readonly keys: Uint8Array;
  readonly keyAt: number;
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
  readonly monoNs: number;
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
  /** What to add to a monotonic time to get wall time. */
  offsetNs: bigint;
  /** Nothing of `row` is kept: callers may use one object again and again. */
  append(row: FlowRow): void;
  readonly count: number;
}

export const noCounts: Counts = { bytesToDst: 0, bytesToSrc: 0, packetsToDst: 0, packetsToSrc: 0 };

const high = 4294967296;
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
  const { keys, keyAt, sourceSide } = parties;
  const hasPorts = !icmpProtocols.has(parties.protocol);
  columns.src_ip.push(keys, keyAt + addressAt[sourceSide]);
  columns.src_port.push(hasPorts ? parties.sourcePort : 0);
  columns.src_endpoint.pushParts(from.endpoint.low, from.endpoint.high);
  columns.src_workload_id.pushParts(from.workload.low, from.workload.high);
  columns.dst_ip.push(keys, keyAt + addressAt[sourceSide === 0 ? 1 : 0]);
  columns.dst_port.push(hasPorts ? parties.destinationPort : 0);
  columns.dst_endpoint.pushParts(to.endpoint.low, to.endpoint.high);
  columns.dst_workload_id.pushParts(to.workload.low, to.workload.high);
}

/** Columns that most rows leave at their default take a value only when they have one: see db/native/flow-block.ts. */
function setNumber(column: NumberColumn, rows: number, value: number): void {
  if (value === 0) return;
  column.fillTo(rows);
  column.push(value);
}

function setCount(column: WideColumn, rows: number, value: number): void {
  if (value === 0) return;
  column.fillTo(rows);
  pushCount(column, value);
}

function setText(column: StringColumn | CodedColumn, rows: number, value: string): void {
  if (value === '') return;
  column.fillTo(rows);
  column.push(value);
}

function setList(column: ListColumn, rows: number, values: readonly string[]): void {
  if (values.length === 0) return;
  column.fillTo(rows);
  column.push(values);
}

function pushCounters(columns: FlowBlock['columns'], rows: number, row: FlowRow): void {
  const { counts, peer } = row;
  pushCount(columns.bytes_to_dst, counts.bytesToDst);
  pushCount(columns.bytes_to_src, counts.bytesToSrc);
  pushCount(columns.packets_to_dst, counts.packetsToDst);
  pushCount(columns.packets_to_src, counts.packetsToSrc);
  if (peer !== null) {
    setCount(columns.peer_bytes_to_dst, rows, peer.bytesToDst);
    setCount(columns.peer_bytes_to_src, rows, peer.bytesToSrc);
    setCount(columns.peer_packets_to_dst, rows, peer.packetsToDst);
    setCount(columns.peer_packets_to_src, rows, peer.packetsToSrc);
    setNumber(columns.both_ends, rows, 1);
  }
  columns.srtt_us.push(row.srttUs ?? 0);
  pushCount(columns.duration_ns, row.durationNs ?? 0);
  setNumber(columns.connections, rows, row.connections ?? 0);
  setNumber(columns.connect_result, rows, connectCode(row.connectResult ?? ''));
  setNumber(columns.handshake_us, rows, row.handshakeUs ?? 0);
  setNumber(columns.retransmits, rows, row.retransmits ?? 0);
  setNumber(columns.zero_windows, rows, row.zeroWindows ?? 0);
  setNumber(columns.resets, rows, row.resets ?? 0);
  setNumber(columns.icmp_errors, rows, row.icmpErrors ?? 0);
  setText(columns.socket_error, rows, row.socketError ?? '');
}

function setHttp(columns: FlowBlock['columns'], rows: number, http: HttpExchange): void {
  setText(columns.http_method, rows, http.method);
  setText(columns.http_host, rows, http.host);
  setText(columns.http_path, rows, http.path);
  setNumber(columns.http_status, rows, http.status);
  setText(columns.http_protocol, rows, http.protocol);
  setText(columns.grpc_status, rows, http.grpcStatus);
  setText(columns.trace_id, rows, http.traceId);
}

function setDns(columns: FlowBlock['columns'], rows: number, dns: DnsExchange): void {
  setText(columns.dns_name, rows, dns.name);
  setText(columns.dns_type, rows, dns.queryType);
  setText(columns.dns_rcode, rows, dns.rcode);
  setList(columns.dns_answers, rows, dns.answers);
  setNumber(columns.dns_ttl, rows, dns.ttl);
  setList(columns.dns_cnames, rows, dns.aliases);
}

function setExchange(columns: FlowBlock['columns'], rows: number, exchange: Exchange): void {
  setNumber(columns.l7_type, rows, l7Code(exchange.type));
  setCount(columns.latency_ns, rows, exchange.latencyNs);
  setText(columns.l7_error, rows, exchange.error);
  switch (exchange.type) {
    case 'HTTP':
    case 'GRPC':
      setHttp(columns, rows, exchange);
      return;
    case 'DNS':
      setDns(columns, rows, exchange);
      return;
    default:
      setText(columns.l7_command, rows, exchange.command);
      setText(columns.l7_resource, rows, exchange.resource);
  }
}

function setL7(columns: FlowBlock['columns'], rows: number, row: FlowRow): void {
  const { exchange } = row;
  const tls = row.tls ?? null;
  if (exchange !== undefined) setExchange(columns, rows, exchange);
  if (tls === null) return;
  if (exchange === undefined) {
    setNumber(columns.l7_type, rows, l7Code('TLS'));
    setText(columns.l7_error, rows, tls.error);
  }
  setText(columns.tls_version, rows, tls.version);
  setText(columns.tls_alpn, rows, tls.alpn);
  setText(columns.tls_sni, rows, tls.serverName);
}

function setNetwork(columns: FlowBlock['columns'], rows: number, row: FlowRow): void {
  const { encryption = '', tunnel = '' } = row;
  if (encryption !== '') {
    setNumber(columns.encrypted, rows, ternaryCode(encryption === 'none' ? 'no' : 'yes'));
    setNumber(columns.encryption, rows, encryptionCode(encryption));
  }
  if (tunnel !== '') {
    setNumber(columns.tunnel, rows, tunnelCode(tunnel));
    setNumber(columns.tunnel_id, rows, row.tunnelId ?? 0);
    setNumber(columns.is_tunnel, rows, row.isTunnel === true ? 1 : 0);
  }
  const { service } = row.parties;
  if (service === undefined) return;
  columns.service_ip.fillTo(rows);
  columns.service_ip.push(service.address, 0);
  setNumber(columns.service_port, rows, service.port);
}

/** 64 bits, two's complement. */
function halves(wide: bigint): { low: number; high: number } {
  const bits = BigInt.asUintN(64, wide);
  return { low: Number(bits & 0xffff_ffffn), high: Number(bits >> 32n) };
}

function directionOf(reporter: Reporter): number {
  if (reporter === 'source') return egress;
  return reporter === 'destination' ? ingress : unknownDirection;
}

export function createFlowRows(config: FlowRowsConfig, sink: FlowSink): FlowRows {
  const endpoints = createEndpointRows(config.cluster, sink);
  const source = sourceCode(config.source);
  const id = halves(config.firstId);
  let offsetNs = 0n;
  let offset = halves(offsetNs);
  /** Wall time of the row at hand. */
  const now = { low: 0, high: 0 };
  let count = 0;

  const look = (monoNs: number): void => {
    const monoHigh = Math.floor(monoNs / high);
    const low = monoNs - monoHigh * high + offset.low;
    const carry = low >= high ? 1 : 0;
    now.low = low - carry * high;
    now.high = monoHigh + offset.high + carry;
  };

  return {
    get offsetNs() {
      return offsetNs;
    },
    set offsetNs(next) {
      if (next === offsetNs) return;
      offsetNs = next;
      offset = halves(next);
    },
    get count() {
      return count;
    },
    append(row) {
      const { parties } = row;
      look(row.monoNs);
      const from = endpoints.idsOf(parties.from, now);
      const to = endpoints.idsOf(parties.to, now);
      const target = sink.flows();
      const { columns, rows } = target;
      columns.time.pushParts(now.low, now.high);
      columns.id.pushParts(id.low, id.high);
      columns.connection_id.pushParts(parties.connectionLow, parties.connectionHigh);
      columns.cluster.push(config.cluster);
      columns.node.push(config.node);
      columns.source.push(source);
      columns.reporter.push(reporterCode(row.reporter));
      columns.kind.push(kindCode(row.kind));
      columns.verdict.push(verdictCode(row.verdict));
      setText(columns.drop_reason, rows, row.dropReason ?? '');
      setText(columns.drop_location, rows, row.dropLocation ?? '');
      columns.direction.push(directionOf(row.reporter));
      columns.is_reply.push(ternaryCode(row.isReply));
      pushEnds(columns, parties, from, to);
      columns.protocol.push(protocolNames[parties.protocol] ?? `IP-${parties.protocol}`);
      columns.ip_version.push(parties.ipVersion);
      columns.tcp_flags.push(row.tcpFlags ?? 0);
      setNumber(columns.icmp_type, rows, row.icmpType ?? 0);
      setNumber(columns.icmp_code, rows, row.icmpCode ?? 0);
      setNumber(columns.end_cause, rows, Math.min(row.endCause ?? 0, endCauses.length - 1));
      pushCounters(columns, rows, row);
      setL7(columns, rows, row);
      columns.interface.push(row.interface);
      setNetwork(columns, rows, row);
      target.endRow();
      id.low += 1;
      if (id.low === high) {
        id.low = 0;
        id.high += 1;
      }
      count += 1;
    },
  };
}
