/** A store for tests: answers nothing but what the test gave it, and remembers what it was asked. */
import { Readable } from 'node:stream';
import type { ExchangesAnswer } from '../../db/queries/exchanges.ts';
import type { MapAnswer } from '../../db/queries/map.ts';
import type { Evidence } from '../../model/api.ts';
import type { FlowRow } from '../../model/flow-row.ts';
import type { Store } from '../store.ts';

const noCoverage: Evidence['coverage'] = { lost: {}, packetsSeen: 0, gaps: [], nodes: [] };

const none = { shown: 0, total: 0 };

export function aMapAnswer(of: Partial<MapAnswer> = {}): MapAnswer {
  return {
    nodes: [],
    edges: [],
    truncated: false,
    budget: { nodes: none, edges: none, bytes: none, drops: none },
    resolution: 'flows',
    read: { rows: 0, bytes: '0' },
    ...of,
  };
}

export function anExchangesAnswer(of: Partial<ExchangesAnswer> = {}): ExchangesAnswer {
  return {
    groups: [],
    totals: { groups: 0, requests: 0, unanswered: 0, errors: 0, needless: 0 },
    truncated: false,
    resolution: 'minute',
    read: { rows: 0, bytes: '0' },
    ...of,
  };
}

export function fakeStore(of: Partial<Store> = {}): Store {
  return {
    map: () => Promise.resolve(aMapAnswer()),
    top: () =>
      Promise.resolve({
        groups: [],
        total: { groups: 0, value: 0, points: null },
        stepMs: 60_000,
        truncated: false,
        resolution: 'minute',
        read: { rows: 0, bytes: '0' },
      }),
    values: () => Promise.resolve({ values: [], truncated: false, read: { rows: 0, bytes: '0' } }),
    exportPlan: () => Promise.resolve({ rows: 0, slices: [], read: { rows: 0, bytes: '0' } }),
    exportBytes: () => Promise.resolve(Readable.from([])),
    series: () => Promise.resolve({ stepMs: 60_000, points: [], resolution: 'minute', read: { rows: 0, bytes: '0' } }),
    drops: () =>
      Promise.resolve({
        groups: [],
        stepMs: 60_000,
        totals: { groups: 0, packets: 0 },
        truncated: false,
        resolution: 'minute',
        read: { rows: 0, bytes: '0' },
      }),
    exchanges: () => Promise.resolve(anExchangesAnswer()),
    flows: () => Promise.resolve({ rows: [], next: null, read: { rows: 0, bytes: '0' } }),
    connection: () => Promise.resolve({ rows: [], truncated: false, read: { rows: 0, bytes: '0' } }),
    coverage: () => Promise.resolve(noCoverage),
    live: () => Promise.resolve({ rows: [], mark: '0', skipped: 0 }),
    status: () => Promise.resolve([]),
    storage: () => Promise.resolve({ disk: null, tables: [] }),
    saved: () => Promise.resolve([]),
    save: () => Promise.resolve(),
    unsave: () => Promise.resolve(),
    newestFlowMs: () => Promise.resolve(null),
    version: () => Promise.resolve('26.7.2'),
    ...of,
  };
}

const end = {
  port: 0,
  namespace: '',
  pod: '',
  workload: '192.0.2.1',
  workload_kind: 'address',
  service: '',
  labels: [],
  identity: 0,
  names: [],
  process: '',
  unit: '',
  container: '',
  ip: '::ffff:192.0.2.1',
} as const;

type Prefixed<P extends string> = { [K in keyof typeof end as `${P}_${K}`]: FlowRow[`src_${K}`] };

function prefixed<P extends string>(prefix: P): Prefixed<P> {
  return Object.fromEntries(Object.entries(end).map(([k, v]) => [`${prefix}_${k}`, v])) as Prefixed<P>;
}

export function aRow(of: Partial<FlowRow> = {}): FlowRow {
  return {
    time: '2026-11-23T12:00:00.000000001Z',
    id: '1',
    connection_id: '18446744073709551615',
    cluster: 'default',
    node: 'node-1',
    source: 'probe',
    reporter: 'source',
    kind: 'connection_update',
    verdict: 'FORWARDED',
    drop_reason: '',
    drop_location: '',
    direction: 'EGRESS',
    is_reply: 'no',
    ...prefixed('src'),
    ...prefixed('dst'),
    protocol: 'TCP',
    ip_version: 4,
    tcp_flags: 0,
    icmp_type: 0,
    icmp_code: 0,
    end_cause: '',
    connections: 0,
    bytes_to_dst: '0',
    bytes_to_src: '0',
    packets_to_dst: '0',
    packets_to_src: '0',
    peer_bytes_to_dst: '0',
    peer_bytes_to_src: '0',
    peer_packets_to_dst: '0',
    peer_packets_to_src: '0',
    both_ends: 0,
    connect_result: '',
    handshake_us: 0,
    srtt_us: 0,
    retransmits: 0,
    zero_windows: 0,
    resets: 0,
    icmp_errors: 0,
    socket_error: '',
    duration_ns: '0',
    l7_type: '',
    latency_ns: '0',
    http_method: '',
    http_host: '',
    http_path: '',
    http_status: 0,
    http_protocol: '',
    dns_name: '',
    dns_type: '',
    dns_rcode: '',
    dns_answers: [],
    dns_ttl: 0,
    dns_cnames: [],
    grpc_status: '',
    l7_command: '',
    l7_resource: '',
    l7_error: '',
    tls_version: '',
    tls_alpn: '',
    tls_sni: '',
    trace_id: '',
    interface: '',
    encrypted: 'unknown',
    encryption: '',
    tunnel: '',
    tunnel_id: 0,
    is_tunnel: 0,
    service_ip: '::',
    service_port: 0,
    allowed_by: [],
    denied_by: [],
    ...of,
  };
}
