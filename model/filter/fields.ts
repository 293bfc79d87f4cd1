/**
 * The fields of the filter language: how each is called, what kind of value it takes, and which columns of a flow row
 * answer it. `evaluate` and the SQL compiler both work from this table, so that they cannot disagree.
 */
import type { EndpointAttribute, FlowColumn } from '../flow-columns.ts';
import { connectResults, flowKinds, reporters, trafficDirections, tunnels, verdicts } from '../words.ts';

/** What a flow has twice: address and port in its row, the rest in the endpoint that the row refers to. */
export type EndColumn = 'ip' | 'port' | EndpointAttribute;

export type WordColumn =
  | 'verdict'
  | 'kind'
  | 'protocol'
  | 'l7_type'
  | 'direction'
  | 'is_reply'
  | 'reporter'
  | 'connect_result'
  | 'encrypted'
  | 'encryption'
  | 'tunnel';

/** A word passes when that column holds one of these values. */
export interface Word {
  readonly column: WordColumn;
  readonly values: readonly string[];
}

export type Unit = 'none' | 'bytes' | 'duration';

interface TextKind {
  readonly kind: 'text';
  /** Compared after `foldCase`. */
  readonly foldsCase: boolean;
}
interface NumberKind {
  readonly kind: 'number';
  readonly unit: Unit;
  readonly max: number;
  /** 0 in the row means "has none" and passes no test but `= 0`. */
  readonly zeroIsAbsent: boolean;
}

/** A field of an end; `from.`, `to.` or nothing (either) goes in front. A test passes a list when one item passes. */
export type EndField = { readonly of: 'end'; readonly column: EndColumn; readonly is: string } & (
  (TextKind & { readonly list: boolean }) | NumberKind | { readonly kind: 'network' } | { readonly kind: 'label' }
);

/** A field of the flow itself. `columns` of a number are added up. */
export type FlowField = { readonly of: 'flow'; readonly is: string } & (
  | (TextKind & { readonly column: FlowColumn })
  | (NumberKind & { readonly columns: readonly FlowColumn[] })
  | { readonly kind: 'word'; readonly words: Readonly<Record<string, Word>> }
  | { readonly kind: 'id'; readonly column: FlowColumn }
);

export type Field = EndField | FlowField;

const exact = { kind: 'text', foldsCase: false } as const;
const folded = { kind: 'text', foldsCase: true } as const;
const plain = { kind: 'number', unit: 'none', zeroIsAbsent: false } as const;

/** Each word by its lower-case name, without `prefix`. */
function wordsOf(column: WordColumn, values: readonly string[], prefix = ''): Record<string, Word> {
  return Object.fromEntries(
    values.map((value) => [value.replace(prefix, '').toLowerCase(), { column, values: [value] }]),
  );
}

const protocols: Record<string, Word> = {
  tcp: { column: 'protocol', values: ['TCP'] },
  udp: { column: 'protocol', values: ['UDP'] },
  sctp: { column: 'protocol', values: ['SCTP'] },
  icmp: { column: 'protocol', values: ['ICMPv4', 'ICMPv6'] },
  icmpv4: { column: 'protocol', values: ['ICMPv4'] },
  icmpv6: { column: 'protocol', values: ['ICMPv6'] },
  http: { column: 'l7_type', values: ['HTTP'] },
  dns: { column: 'l7_type', values: ['DNS'] },
  tls: { column: 'l7_type', values: ['TLS'] },
  grpc: { column: 'l7_type', values: ['GRPC'] },
  postgresql: { column: 'l7_type', values: ['POSTGRESQL'] },
  mysql: { column: 'l7_type', values: ['MYSQL'] },
  redis: { column: 'l7_type', values: ['REDIS'] },
  mongodb: { column: 'l7_type', values: ['MONGODB'] },
  kafka: { column: 'l7_type', values: ['KAFKA'] },
};

const events: Record<string, Word> = {
  ...wordsOf('kind', flowKinds),
  connection: { column: 'kind', values: ['connection_start', 'connection_update', 'connection_end'] },
  l7: { column: 'kind', values: ['l7_request', 'l7_response'] },
};

const replies: Record<string, Word> = {
  true: { column: 'is_reply', values: ['yes'] },
  false: { column: 'is_reply', values: ['no'] },
  unknown: { column: 'is_reply', values: ['unknown'] },
};

/** `failed` is every way in which opening a connection can fail. */
const connects: Record<string, Word> = {
  ...Object.fromEntries(
    connectResults
      .filter((result) => result !== '')
      .map((result) => [
        result.toLowerCase().replace('_', '-'),
        { column: 'connect_result', values: [result] } as const,
      ]),
  ),
  failed: { column: 'connect_result', values: ['REFUSED', 'UNREACHABLE', 'NO_ANSWER', 'LOCAL_ERROR'] },
};

const encrypteds: Record<string, Word> = {
  true: { column: 'encrypted', values: ['yes'] },
  false: { column: 'encrypted', values: ['no'] },
  unknown: { column: 'encrypted', values: ['unknown'] },
  wireguard: { column: 'encryption', values: ['wireguard'] },
  ipsec: { column: 'encryption', values: ['ipsec'] },
};

const maxSafe = Number.MAX_SAFE_INTEGER;

export const fields = {
  ns: { of: 'end', column: 'namespace', ...exact, list: false, is: 'Kubernetes namespace' },
  pod: { of: 'end', column: 'pod', ...exact, list: false, is: 'pod name' },
  workload: { of: 'end', column: 'workload', ...exact, list: false, is: 'workload name' },
  kind: { of: 'end', column: 'workload_kind', ...folded, list: false, is: 'Deployment, unit, process, address ...' },
  service: { of: 'end', column: 'service', ...exact, list: false, is: 'Kubernetes service name' },
  name: { of: 'end', column: 'names', ...folded, list: true, is: 'DNS name the address was asked for by' },
  process: { of: 'end', column: 'process', ...exact, list: false, is: 'process name' },
  unit: { of: 'end', column: 'unit', ...exact, list: false, is: 'systemd unit' },
  container: { of: 'end', column: 'container', ...exact, list: false, is: 'container id or name' },
  ip: { of: 'end', column: 'ip', kind: 'network', is: 'address or CIDR network' },
  port: { of: 'end', column: 'port', ...plain, max: 65_535, is: 'TCP, UDP or SCTP port' },
  identity: { of: 'end', column: 'identity', ...plain, max: 0xffff_ffff, is: 'security identity number' },
  label: { of: 'end', column: 'labels', kind: 'label', is: 'label, as key or key=value' },
  verdict: { of: 'flow', kind: 'word', words: wordsOf('verdict', verdicts, 'VERDICT_'), is: 'verdict' },
  reason: { of: 'flow', column: 'drop_reason', ...folded, is: 'drop reason' },
  location: { of: 'flow', column: 'drop_location', ...exact, is: 'kernel function that dropped it' },
  protocol: { of: 'flow', kind: 'word', words: protocols, is: 'transport or application protocol' },
  event: { of: 'flow', kind: 'word', words: events, is: 'kind of flow row' },
  direction: {
    of: 'flow',
    kind: 'word',
    words: wordsOf('direction', trafficDirections, 'TRAFFIC_DIRECTION_'),
    is: 'direction seen from the reporting workload',
  },
  reply: { of: 'flow', kind: 'word', words: replies, is: 'whether the answering side sent it' },
  reporter: { of: 'flow', kind: 'word', words: wordsOf('reporter', reporters), is: 'end that counted' },
  'http.method': { of: 'flow', column: 'http_method', ...folded, is: 'HTTP method' },
  'http.host': { of: 'flow', column: 'http_host', ...folded, is: 'HTTP host' },
  'http.path': { of: 'flow', column: 'http_path', ...exact, is: 'HTTP path' },
  'http.status': {
    of: 'flow',
    columns: ['http_status'],
    ...plain,
    max: 999,
    zeroIsAbsent: true,
    is: 'HTTP status: 404, 5xx, >=500',
  },
  'dns.name': { of: 'flow', column: 'dns_name', ...folded, is: 'DNS name asked for' },
  'dns.type': { of: 'flow', column: 'dns_type', ...folded, is: 'DNS record type' },
  'dns.rcode': { of: 'flow', column: 'dns_rcode', ...folded, is: 'DNS response code' },
  'grpc.status': { of: 'flow', column: 'grpc_status', ...folded, is: 'gRPC status: OK, UNAVAILABLE ...' },
  'l7.command': { of: 'flow', column: 'l7_command', ...folded, is: 'SQL verb, Redis or MongoDB command, Kafka API' },
  'l7.resource': { of: 'flow', column: 'l7_resource', ...exact, is: 'table, database, collection or topic' },
  'l7.error': { of: 'flow', column: 'l7_error', ...folded, is: 'error the server answered with' },
  'tls.version': { of: 'flow', column: 'tls_version', ...folded, is: 'TLS version' },
  'tls.alpn': { of: 'flow', column: 'tls_alpn', ...folded, is: 'protocol agreed on in the TLS handshake' },
  'tls.sni': { of: 'flow', column: 'tls_sni', ...folded, is: 'TLS server name' },
  node: { of: 'flow', column: 'node', ...exact, is: 'node that saw it' },
  cluster: { of: 'flow', column: 'cluster', ...exact, is: 'cluster' },
  interface: { of: 'flow', column: 'interface', ...exact, is: 'network interface' },
  bytes: {
    of: 'flow',
    columns: ['bytes_to_dst', 'bytes_to_src'],
    ...plain,
    unit: 'bytes',
    max: maxSafe,
    is: 'bytes both ways: >1MB',
  },
  packets: {
    of: 'flow',
    columns: ['packets_to_dst', 'packets_to_src'],
    ...plain,
    max: maxSafe,
    is: 'packets both ways',
  },
  latency: {
    of: 'flow',
    columns: ['latency_ns'],
    ...plain,
    unit: 'duration',
    max: maxSafe,
    zeroIsAbsent: true,
    is: 'request to response, in nanoseconds inside: >100ms',
  },
  connect: { of: 'flow', kind: 'word', words: connects, is: 'how opening the connection ended' },
  error: { of: 'flow', column: 'socket_error', ...folded, is: 'errno a socket met: ECONNREFUSED, ENETUNREACH ...' },
  encrypted: { of: 'flow', kind: 'word', words: encrypteds, is: 'whether the network encrypted it off the node' },
  tunnel: { of: 'flow', kind: 'word', words: wordsOf('tunnel', tunnels.slice(1)), is: 'tunnel it was in, or is' },
  retransmits: { of: 'flow', columns: ['retransmits'], ...plain, max: 0xffff_ffff, is: 'TCP segments sent again' },
  resets: { of: 'flow', columns: ['resets'], ...plain, max: 0xffff_ffff, is: 'TCP RST segments' },
  'zero-windows': { of: 'flow', columns: ['zero_windows'], ...plain, max: 0xffff_ffff, is: 'closed receive windows' },
  'icmp-errors': { of: 'flow', columns: ['icmp_errors'], ...plain, max: 0xffff_ffff, is: 'ICMP errors about it' },
  'rtt-us': {
    of: 'flow',
    columns: ['srtt_us'],
    ...plain,
    max: 0xffff_ffff,
    zeroIsAbsent: true,
    is: 'smoothed round-trip time in microseconds',
  },
  conn: { of: 'flow', column: 'connection_id', kind: 'id', is: 'connection id' },
} as const satisfies Record<string, Field>;

export type FieldName = keyof typeof fields;

/** Other spellings people try. */
export const aliases: Readonly<Record<string, FieldName>> = {
  namespace: 'ns',
  svc: 'service',
  addr: 'ip',
  address: 'ip',
  proto: 'protocol',
  status: 'http.status',
  method: 'http.method',
  path: 'http.path',
  host: 'http.host',
  connection: 'conn',
  type: 'event',
  fqdn: 'name',
  iface: 'interface',
  sni: 'tls.sni',
};

/** Lower case for ASCII letters only, as `lower()` in SQL. */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

export function isFieldName(name: string): name is FieldName {
  return Object.hasOwn(fields, name);
}

/** The field, without what its own literal type knows beyond `Field`. */
export function fieldOf(name: FieldName): Field {
  return fields[name];
}
