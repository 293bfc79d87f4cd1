/**
 * Where every field of bpf/wire.h lies. The collector reads records in place by these offsets; wire.int.test.ts
 * compares them with the layout the compiler chose. Keep in sync with bpf/wire.h.
 */
export const wireVersion = 1;
export const wireMagic = 0x31524c50;
export const frameMax = 4 << 20;

export const frameType = {
  hello: 1,
  events: 2,
  stats: 3,
  goodbye: 4,
  l7Verdict: 5,
  maps: 6,
  reasons: 7,
  /** Only in recordings: JSON of what the Kubernetes API said, so that a replay has the same names. */
  recordedKubernetes: 100,
} as const;

export const recordType = {
  flow: 1,
  drop: 2,
  l7: 3,
  interface: 4,
  socket: 5,
  symbol: 6,
  tcp: 7,
  connect: 8,
  translation: 9,
} as const;

/** Byte offsets, with `size` of the whole struct; arrays and embedded structs by their first byte. */
export const frameHeader = {
  magic: 0,
  version: 4,
  type: 6,
  length: 8,
  sequence: 12,
  mono_ns: 16,
  real_ns: 24,
  size: 32,
};
export const hello = {
  probe_pid: 0,
  text_length: 4,
  boot_id: 8,
  mono_ns: 16,
  real_ns: 24,
  scan_interval_ms: 32,
  l7_segment_bytes: 36,
  netns_inum: 40,
  pad: 44,
  size: 48,
};
export const recordHeader = { type: 0, flags: 2, length: 4, size: 8 };
export const flowKey = {
  addr_a: 0,
  addr_b: 16,
  port_a: 32,
  port_b: 34,
  protocol: 36,
  family: 37,
  tunnel: 38,
  pad: 39,
  ifindex: 40,
  tunnel_id: 44,
  size: 48,
};
export const flowRecord = {
  header: 0,
  key: 8,
  first_mono_ns: 56,
  last_mono_ns: 64,
  bytes: 72,
  packets: 88,
  tcp_flags: 104,
  kind: 108,
  end_cause: 109,
  initiator: 110,
  rst_by: 111,
  ingress: 112,
  icmp_type: 114,
  icmp_code: 116,
  pad: 118,
  srtt_us: 120,
  retransmits: 124,
  cgroup_id: 128,
  zero_windows: 136,
  resets: 144,
  icmp_errors: 152,
  icmp_error_type: 156,
  icmp_error_code: 157,
  encryption: 158,
  carries: 159,
  handshake_us: 160,
  pad2: 164,
  size: 168,
};
/** Of the first release: a shorter record has none of what was appended since. */
export const flowRecordFirstSize = 136;
export const dropRecord = {
  header: 0,
  key: 8,
  first_mono_ns: 56,
  last_mono_ns: 64,
  packets: 72,
  bytes: 80,
  location: 88,
  netns_inum: 96,
  reason: 100,
  device_ifindex: 104,
  sender: 108,
  icmp_type: 109,
  tcp_flags: 110,
  device: 112,
  route_error: 128,
  pad: 132,
  size: 136,
};
/** Of the first release. */
export const dropRecordFirstSize = 128;
export const l7Record = {
  header: 0,
  key: 8,
  mono_ns: 56,
  sequence: 64,
  payload_length: 68,
  captured: 72,
  sender: 76,
  tcp_flags: 77,
  copy_mode: 78,
  pad: 79,
  size: 80,
};
export const l7Verdict = { key: 0, copy: 48, pad: 52, size: 56 };
export const interfaceRecord = {
  header: 0,
  ifindex: 8,
  state: 12,
  peer_netns_inum: 16,
  is_veth: 20,
  name: 24,
  peer_netns_name: 40,
  address_count: 104,
  error: 108,
  size: 112,
};
export const socketRecord = {
  header: 0,
  local: 8,
  remote: 24,
  local_port: 40,
  remote_port: 42,
  protocol: 44,
  family: 45,
  state: 46,
  pad: 47,
  netns_inum: 48,
  pid: 52,
  cgroup_id: 56,
  comm: 64,
  unit: 80,
  size: 208,
};
export const symbolRecord = { header: 0, address: 8, name: 16, size: 80 };
export const mapPressure = { name: 0, entries: 16, max_entries: 24, size: 32 };
export const reasonTotal = { reason: 0, pad: 4, recorded: 8, filtered: 16, lost: 24, unparsed: 32, size: 40 };
export const tcpRecord = {
  header: 0,
  key: 8,
  mono_ns: 56,
  cgroup_id: 64,
  srtt_us: 72,
  min_rtt_us: 76,
  retransmits: 80,
  netns_inum: 84,
  pid: 88,
  error: 92,
  local: 96,
  state: 97,
  old_state: 98,
  pad: 99,
  pad2: 100,
  size: 104,
};
export const connectRecord = {
  header: 0,
  remote: 8,
  local: 24,
  mono_ns: 40,
  cgroup_id: 48,
  netns_inum: 56,
  pid: 60,
  error: 64,
  count: 68,
  remote_port: 72,
  local_port: 74,
  protocol: 76,
  family: 77,
  pad: 78,
  comm: 80,
  unit: 96,
  size: 224,
};
export const translationRecord = {
  header: 0,
  client: 8,
  service: 24,
  backend: 40,
  client_port: 56,
  service_port: 58,
  backend_port: 60,
  protocol: 62,
  family: 63,
  netns_inum: 64,
  by: 68,
  pad: 69,
  seen_as: 72,
  seen_as_port: 88,
  pad2: 90,
  size: 96,
};

/** Every struct by its name in bpf/wire.h, for the layout test. */
export const structs: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  frame_header: frameHeader,
  hello,
  record_header: recordHeader,
  flow_key: flowKey,
  flow_record: flowRecord,
  drop_record: dropRecord,
  l7_record: l7Record,
  l7_verdict: l7Verdict,
  interface_record: interfaceRecord,
  socket_record: socketRecord,
  symbol_record: symbolRecord,
  map_pressure: mapPressure,
  reason_total: reasonTotal,
  tcp_record: tcpRecord,
  connect_record: connectRecord,
  translation_record: translationRecord,
};

/** Bits of flow_record.kind. */
export const flowStart = 1;
export const flowEnd = 4;

/** A flag of record_header on L7 records: L7_PLAINTEXT. */
export const l7Plaintext = 1;
export const l7Copy = { probing: 0, all: 1, none: 2, heads: 3, turns: 4 } as const;
export const tcpListen = 10;
/** Bits of tcp_flags, those that the collector looks at. */
export const tcpFlag = { syn: 0x02, rst: 0x04, ack: 0x10 } as const;

/** Names of enum stat, in its order. */
export const probeStats = [
  'packets_seen',
  'packets_unparsed',
  'flow_map_full',
  'drop_map_full',
  'ring_full',
  'frames_lost',
  'l7_map_full',
  'l7_truncated',
  'flow_map_entries',
  'flow_map_max',
  'drops_filtered',
  'interfaces',
  'attach_failed',
  'drops_unparsed',
  'connect_map_full',
  'inner_unparsed',
  'translations_lost',
  'tls_lost',
  'http_requests_lost',
] as const;

/** Stats that are levels, not counts. */
export const probeGauges: ReadonlySet<string> = new Set(['flow_map_entries', 'flow_map_max', 'interfaces']);
