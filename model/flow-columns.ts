/**
 * The columns of the `flows` table: the one list that the schema, the Native writer, the queries and the collector
 * share. Rows are immutable and append-only. Source is the sender: the initiator of a conversation, or, on `drop` and
 * `datagram` rows, whoever sent the packets (then `is_reply` tells whether that was the answering side).
 */
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
} from './words.ts';

export type ColumnType =
  | 'UInt8'
  | 'UInt16'
  | 'UInt32'
  | 'UInt64'
  | 'DateTime64(9)'
  | 'IPv6'
  | 'String'
  | 'LowCardinality(String)'
  | 'Array(String)'
  | 'Array(LowCardinality(String))'
  | { readonly enum8: readonly string[] };

/** What a row holds of one end; `src_` or `dst_` goes in front. What it was is in `endpoints`. */
const endColumns = {
  ip: 'IPv6',
  port: 'UInt16',
  /** `endpoints.id` of what was behind the address at the time of the flow. */
  endpoint: 'UInt64',
  /** `endpoints.workload_id` of the same: which workload, whatever the pod. */
  workload_id: 'UInt64',
} as const satisfies Record<string, ColumnType>;

type Prefixed<P extends string, C> = { readonly [K in keyof C & string as `${P}_${K}`]: C[K] };

function prefixed<P extends string>(prefix: P): Prefixed<P, typeof endColumns> {
  const entries = Object.entries(endColumns).map(([name, type]) => [`${prefix}_${name}`, type]);
  return Object.fromEntries(entries) as Prefixed<P, typeof endColumns>;
}

/** What is known of an endpoint: everything that its id is a hash of. */
export const endpointAttributes = {
  namespace: 'LowCardinality(String)',
  pod: 'LowCardinality(String)',
  /** Always filled: the Kubernetes workload, else container, unit, process, netns, learned name, or the address. */
  workload: 'LowCardinality(String)',
  workload_kind: 'LowCardinality(String)',
  service: 'LowCardinality(String)',
  labels: 'Array(LowCardinality(String))',
  identity: 'UInt32',
  names: 'Array(LowCardinality(String))',
  process: 'LowCardinality(String)',
  unit: 'LowCardinality(String)',
  container: 'LowCardinality(String)',
} as const satisfies Record<string, ColumnType>;

export type EndpointAttribute = keyof typeof endpointAttributes;

/**
 * Columns of `endpoints`: one row per distinct set of attributes, written when a collector first uses it and again
 * every hour while it does, so that it outlives the flows that refer to it.
 */
export const endpointColumns = {
  /** db/native/endpoint-id.ts: the same everywhere for equal cluster and attributes. */
  id: 'UInt64',
  /** The same for all endpoints of one cluster, namespace, kind and workload. */
  workload_id: 'UInt64',
  /** When it was in use. */
  seen: 'DateTime64(9)',
  cluster: 'LowCardinality(String)',
  ...endpointAttributes,
} as const satisfies Record<string, ColumnType>;

export const flowColumns = {
  /** When it happened: the request, the first dropped packet, or the last packet a counter row covers. */
  time: 'DateTime64(9)',
  /** Unique per row and rising within one collector run; with `time` it is the page cursor. */
  id: 'UInt64',
  /** The same for all rows of one conversation, on every node that saw it. */
  connection_id: 'UInt64',
  cluster: 'LowCardinality(String)',
  node: 'LowCardinality(String)',
  source: { enum8: flowSources },
  reporter: { enum8: reporters },
  kind: { enum8: flowKinds },
  verdict: { enum8: verdicts },
  drop_reason: 'LowCardinality(String)',
  /** Kernel function that dropped the packet. */
  drop_location: 'LowCardinality(String)',
  direction: { enum8: trafficDirections },
  is_reply: { enum8: ternaries },
  ...prefixed('src'),
  ...prefixed('dst'),
  protocol: 'LowCardinality(String)',
  ip_version: 'UInt8',
  tcp_flags: 'UInt16',
  icmp_type: 'UInt8',
  icmp_code: 'UInt8',
  end_cause: { enum8: endCauses },
  /** Conversations this row opens: 0 or 1. */
  connections: 'UInt32',
  /** Since the previous row of this conversation, as the reporter's end counted them; dropped packets on `drop` rows. */
  bytes_to_dst: 'UInt64',
  bytes_to_src: 'UInt64',
  packets_to_dst: 'UInt64',
  packets_to_src: 'UInt64',
  /** The same, counted at the other end, when this node sees both; `both_ends` says whether it does. */
  peer_bytes_to_dst: 'UInt64',
  peer_bytes_to_src: 'UInt64',
  peer_packets_to_dst: 'UInt64',
  peer_packets_to_src: 'UInt64',
  both_ends: 'UInt8',
  /** On the one row by which it became known: counting rows counts connections. */
  connect_result: { enum8: connectResults },
  /** SYN to SYN-ACK, as far from the answering side as this node saw both; with `ESTABLISHED`. */
  handshake_us: 'UInt32',
  srtt_us: 'UInt32',
  retransmits: 'UInt32',
  /** Segments by which an end closed its receive window, and RST segments, both ways together. */
  zero_windows: 'UInt32',
  resets: 'UInt32',
  /** ICMP errors about packets of this conversation. */
  icmp_errors: 'UInt32',
  /** Name of the errno that a socket of this machine met: `ECONNREFUSED`, `ENETUNREACH` ... */
  socket_error: 'LowCardinality(String)',
  /** Wall time the counters cover, from the first packet of the conversation to `time`. */
  duration_ns: 'UInt64',
  l7_type: { enum8: l7Types },
  /** Request to the head of the response, of a gRPC call to its trailers; 0 on an unanswered request. */
  latency_ns: 'UInt64',
  http_method: 'LowCardinality(String)',
  http_host: 'LowCardinality(String)',
  http_path: 'String',
  http_status: 'UInt16',
  http_protocol: 'LowCardinality(String)',
  dns_name: 'String',
  dns_type: 'LowCardinality(String)',
  dns_rcode: 'LowCardinality(String)',
  /** Without the aliases (CNAME) on the way, unless those were asked for: they are in `dns_cnames`. */
  dns_answers: 'Array(String)',
  dns_ttl: 'UInt32',
  dns_cnames: 'Array(String)',
  /** Name of the status, `OK`, `UNAVAILABLE` ...; empty when it is no gRPC call or its trailers were not seen. */
  grpc_status: 'LowCardinality(String)',
  /** What was asked for: the SQL verb, the Redis or MongoDB command, the Kafka API. */
  l7_command: 'LowCardinality(String)',
  /** On what: table, database, collection, topic; empty when the bytes do not tell. */
  l7_resource: 'LowCardinality(String)',
  /**
   * The error the server answered with, as it names it: SQLSTATE, `ERR`, error code; the alert that ended a TLS handshake;
   * the code that reset an HTTP/2 stream; `TRUNCATED` on a DNS answer that did not fit.
   */
  l7_error: 'LowCardinality(String)',
  /** `TLS 1.3` ...; also on an exchange that was read inside of TLS. */
  tls_version: 'LowCardinality(String)',
  /** What the server chose; where that is encrypted (TLS 1.3) what the client offers, joined by commas. */
  tls_alpn: 'LowCardinality(String)',
  tls_sni: 'LowCardinality(String)',
  trace_id: 'String',
  interface: 'LowCardinality(String)',
  /** Whether it left the node encrypted by the network, and by what; TLS is `tls_version`. */
  encrypted: { enum8: ternaries },
  encryption: { enum8: encryptions },
  /** The tunnel it was seen inside of, or is the outside of (`is_tunnel`). */
  tunnel: { enum8: tunnels },
  tunnel_id: 'UInt32',
  is_tunnel: 'UInt8',
  /** The address the client asked for when the destination is the backend that was chosen for it; else `::`, 0. */
  service_ip: 'IPv6',
  service_port: 'UInt16',
  /** Policies, as kind/namespace/name. */
  allowed_by: 'Array(LowCardinality(String))',
  denied_by: 'Array(LowCardinality(String))',
} as const satisfies Record<string, ColumnType>;

export type FlowColumn = keyof typeof flowColumns;

/**
 * Columns of `coverage`: what each component counted in one interval, losses first of all. `component` is `probe`,
 * `collector` or `store`; `counter` a name such as `ring_full` or `packets_seen`; `value` the increase in the interval
 * that ends at `time`. `seconds` is the interval's length; a missing interval is a gap and is shown as one.
 */
export const coverageColumns = {
  time: 'DateTime64(9)',
  seconds: 'UInt32',
  cluster: 'LowCardinality(String)',
  node: 'LowCardinality(String)',
  component: 'LowCardinality(String)',
  counter: 'LowCardinality(String)',
  value: 'UInt64',
  milliseconds: 'UInt32',
} as const satisfies Record<string, ColumnType>;
