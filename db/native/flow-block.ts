/** The block of `flows`: which of its columns a row may leave out. Says nothing of what the columns mean. */
import { flowColumns } from '../../model/flow-columns.ts';
import { createBlock, type Block } from './block.ts';

/** Columns of `flows` that most rows leave at their default: blocks fill them in when they are encoded. */
export const sparseFlowColumns = [
  'drop_reason',
  'drop_location',
  'icmp_type',
  'icmp_code',
  'end_cause',
  'connections',
  'peer_bytes_to_dst',
  'peer_bytes_to_src',
  'peer_packets_to_dst',
  'peer_packets_to_src',
  'both_ends',
  'connect_result',
  'handshake_us',
  'retransmits',
  'zero_windows',
  'resets',
  'icmp_errors',
  'socket_error',
  'l7_type',
  'latency_ns',
  'http_method',
  'http_host',
  'http_path',
  'http_status',
  'http_protocol',
  'dns_name',
  'dns_type',
  'dns_rcode',
  'dns_answers',
  'dns_ttl',
  'dns_cnames',
  'grpc_status',
  'l7_command',
  'l7_resource',
  'l7_error',
  'tls_version',
  'tls_alpn',
  'tls_sni',
  'trace_id',
  'encrypted',
  'encryption',
  'tunnel',
  'tunnel_id',
  'is_tunnel',
  'service_ip',
  'service_port',
  'allowed_by',
  'denied_by',
] as const satisfies readonly (keyof typeof flowColumns)[];

export function createFlowBlock(capacity: number): Block<typeof flowColumns> {
  return createBlock(flowColumns, capacity, new Set(sparseFlowColumns));
}
