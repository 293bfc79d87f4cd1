/** Renders a stored row as the API's flow. */
import type { Flow, FlowEndpoint } from '../model/api.ts';
import type { FlowRow } from '../model/flow-row.ts';
import { nodeId } from '../model/node-id.ts';
import { summarise } from '../model/summary.ts';
import { tcpFlagNames } from '../model/tcp-flags.ts';
import type { Ternary } from '../model/words.ts';

const ternary = (word: Ternary): boolean | null => (word === 'unknown' ? null : word === 'yes');

/** IPv4 without the prefix it has in an IPv6 column. */
function addressText(ip: string): string {
  return ip.startsWith('::ffff:') && ip.includes('.') ? ip.slice('::ffff:'.length) : ip;
}

function renderEnd(row: FlowRow, end: 'src' | 'dst'): FlowEndpoint {
  const namespace = row[`${end}_namespace`];
  const workload = row[`${end}_workload`];
  const workloadKind = row[`${end}_workload_kind`];
  return {
    node: nodeId(row.cluster, namespace, workloadKind, workload),
    ip: addressText(row[`${end}_ip`]),
    port: row[`${end}_port`],
    namespace,
    pod: row[`${end}_pod`],
    workload,
    workloadKind,
    service: row[`${end}_service`],
    labels: [...row[`${end}_labels`]],
    identity: row[`${end}_identity`],
    names: [...row[`${end}_names`]],
    process: row[`${end}_process`],
    unit: row[`${end}_unit`],
    container: row[`${end}_container`],
  };
}

function renderLayer7(row: FlowRow): Flow['l7'] {
  if (row.l7_type === '' && row.tls_sni === '') return null;
  const isHttp = row.l7_type === 'HTTP' || row.l7_type === 'GRPC';
  return {
    type: row.l7_type,
    latencyNs: row.latency_ns,
    http: isHttp
      ? {
          method: row.http_method,
          host: row.http_host,
          path: row.http_path,
          status: row.http_status,
          protocol: row.http_protocol,
        }
      : null,
    dns:
      row.l7_type === 'DNS'
        ? {
            name: row.dns_name,
            type: row.dns_type,
            rcode: row.dns_rcode,
            answers: [...row.dns_answers],
            ttl: row.dns_ttl,
            cnames: [...row.dns_cnames],
          }
        : null,
    grpcStatus: row.grpc_status,
    command: row.l7_command,
    resource: row.l7_resource,
    error: row.l7_error,
    tlsVersion: row.tls_version,
    alpn: row.tls_alpn,
    sni: row.tls_sni,
  };
}

export function renderFlow(row: FlowRow): Flow {
  const flow = {
    id: row.id,
    connectionId: row.connection_id,
    time: row.time,
    cluster: row.cluster,
    node: row.node,
    source: row.source,
    reporter: row.reporter,
    kind: row.kind,
    verdict: row.verdict,
    dropReason: row.drop_reason,
    dropLocation: row.drop_location,
    direction: row.direction,
    isReply: ternary(row.is_reply),
    from: renderEnd(row, 'src'),
    to: renderEnd(row, 'dst'),
    protocol: row.protocol,
    ipVersion: row.ip_version,
    tcpFlags: tcpFlagNames(row.tcp_flags),
    icmpType: row.icmp_type,
    icmpCode: row.icmp_code,
    endCause: row.end_cause,
    connections: row.connections,
    bytesToDst: row.bytes_to_dst,
    bytesToSrc: row.bytes_to_src,
    packetsToDst: Number(row.packets_to_dst),
    packetsToSrc: Number(row.packets_to_src),
    peer:
      row.both_ends === 1
        ? {
            bytesToDst: row.peer_bytes_to_dst,
            bytesToSrc: row.peer_bytes_to_src,
            packetsToDst: Number(row.peer_packets_to_dst),
            packetsToSrc: Number(row.peer_packets_to_src),
          }
        : null,
    connectResult: row.connect_result,
    handshakeUs: row.handshake_us,
    srttUs: row.srtt_us,
    retransmits: row.retransmits,
    zeroWindows: row.zero_windows,
    resets: row.resets,
    icmpErrors: row.icmp_errors,
    socketError: row.socket_error,
    durationNs: row.duration_ns,
    l7: renderLayer7(row),
    interface: row.interface,
    encrypted: ternary(row.encrypted),
    encryption: row.encryption,
    tunnel: row.tunnel === '' ? null : { type: row.tunnel, id: row.tunnel_id, isOutside: row.is_tunnel === 1 },
    askedFor: row.service_port === 0 ? null : { ip: addressText(row.service_ip), port: row.service_port },
    traceId: row.trace_id,
    allowedBy: [...row.allowed_by],
    deniedBy: [...row.denied_by],
  };
  return { ...flow, summary: summarise(flow) };
}
