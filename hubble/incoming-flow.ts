/**
 * A flow as Hubble's exporter and `hubble observe -o jsonpb` write it (flow.proto of Hubble 1.19 in protobuf's JSON), read
 * forgivingly where protobuf is: a field may be absent or null, a number may be text, an enum may be its number.
 */
import { z } from 'zod';
import { parseAddress } from '../model/filter/cidr.ts';
import { trafficDirections, verdicts } from '../model/words.ts';
import { dropReasonOfCode, dropReasons, unknownReason } from './drop-reason.ts';

function whole(most: number) {
  return z.union([z.int(), z.string().regex(/^\d{1,10}$/).transform(Number)]).pipe(z.int().min(0).max(most)); // prettier-ignore
}
const uint32 = whole(0xffff_ffff).nullish();
const uint16 = whole(0xffff).nullish();
const uint8 = whole(0xff).nullish();
const uint64 = z
  .union([z.int().min(0).transform(String), z.string().regex(/^\d{1,20}$/, 'expected a whole number')])
  .nullish();
const text = z.string().nullish();
const texts = z.array(z.string()).nullish();
const flag = z.boolean().nullish();

/** A word of an enum, given by name or by number. */
function word<W extends string>(words: readonly W[], ofNumber: (code: number) => W | undefined) {
  return z.union([z.string(), z.int()]).transform((given, context): W => {
    const found = typeof given === 'number' ? ofNumber(given) : words.find((known) => known === given);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: `Hubble has no ${JSON.stringify(given)} here` });
    return z.NEVER;
  });
}
function words<const W extends string>(...all: readonly W[]) {
  return word(all, (code) => all[code]).nullish();
}

const address = z.string().refine((given) => given === '' || parseAddress(given) !== null, 'this is no address');

const endpoint = z.object({
  ID: uint32,
  identity: uint32,
  cluster_name: text,
  namespace: text,
  labels: texts,
  pod_name: text,
  workloads: z.array(z.object({ name: text, kind: text })).nullish(),
});

const tcpFlags = z.object({
  FIN: flag,
  SYN: flag,
  RST: flag,
  PSH: flag,
  ACK: flag,
  URG: flag,
  ECE: flag,
  CWR: flag,
  NS: flag,
});
const ports = z.object({ source_port: uint16, destination_port: uint16 });
const icmp = z.object({ type: uint8, code: uint8 });
const layer4 = z.object({
  TCP: ports.extend({ flags: tcpFlags.nullish() }).nullish(),
  UDP: ports.nullish(),
  ICMPv4: icmp.nullish(),
  ICMPv6: icmp.nullish(),
  SCTP: ports.nullish(),
  VRRP: z.object({}).nullish(),
  IGMP: z.object({}).nullish(),
});
export type IncomingLayer4 = z.infer<typeof layer4>;

const dns = z.object({
  query: text,
  ips: texts,
  ttl: uint32,
  cnames: texts,
  rcode: whole(0xffff).nullish(),
  qtypes: texts,
});
const http = z.object({ code: whole(999).nullish(), method: text, url: text, protocol: text });
const kafka = z.object({ error_code: z.int().nullish(), api_key: text, topic: text });
const layer7 = z.object({
  type: words('UNKNOWN_L7_TYPE', 'REQUEST', 'RESPONSE', 'SAMPLE'),
  latency_ns: uint64,
  dns: dns.nullish(),
  http: http.nullish(),
  kafka: kafka.nullish(),
});
export type IncomingLayer7 = z.infer<typeof layer7>;

const service = z.object({ name: text, namespace: text }).nullish();
const policies = z.array(z.object({ name: text, namespace: text, kind: text })).nullish();
export type IncomingPolicies = z.infer<typeof policies>;

/** Of flow.proto's `TraceObservationPoint`. */
const observationPoints = new Map([
  [0, 'UNKNOWN_POINT'],
  [1, 'TO_PROXY'],
  [2, 'TO_HOST'],
  [3, 'TO_STACK'],
  [4, 'TO_OVERLAY'],
  [101, 'TO_ENDPOINT'],
  [5, 'FROM_ENDPOINT'],
  [6, 'FROM_PROXY'],
  [7, 'FROM_HOST'],
  [8, 'FROM_STACK'],
  [9, 'FROM_OVERLAY'],
  [10, 'FROM_NETWORK'],
  [11, 'TO_NETWORK'],
  [12, 'FROM_CRYPTO'],
  [13, 'TO_CRYPTO'],
]);

/** The store holds nanoseconds since 1970 in 63 bits, and 0 is no time. */
const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/, 'this is no time in UTC such as 2026-11-23T12:00:00.5Z')
  .refine((given) => {
    const ms = Date.parse(`${given.slice(0, 19)}Z`);
    return ms >= 0 && ms < 9_223_372_036_000;
  }, 'this time is outside of what the store holds');

export const incomingFlow = z.object({
  time: time.nullish(),
  uuid: text,
  verdict: word(verdicts, (code) => verdicts[code]).nullish(),
  drop_reason: uint32,
  IP: z
    .object({
      source: address.nullish(),
      destination: address.nullish(),
      ipVersion: words('IP_NOT_USED', 'IPv4', 'IPv6'),
      encrypted: flag,
    })
    .nullish(),
  ethernet: z.object({ source: text, destination: text }).nullish(),
  l4: layer4.nullish(),
  tunnel: z.object({ protocol: words('UNKNOWN', 'VXLAN', 'GENEVE'), vni: uint32 }).nullish(),
  source: endpoint.nullish(),
  destination: endpoint.nullish(),
  Type: words('UNKNOWN_TYPE', 'L3_L4', 'L7', 'SOCK'),
  node_name: text,
  source_names: texts,
  destination_names: texts,
  l7: layer7.nullish(),
  reply: flag,
  event_type: z.object({ type: uint32 }).nullish(),
  source_service: service,
  destination_service: service,
  traffic_direction: words(...trafficDirections),
  trace_observation_point: word([...observationPoints.values()], (code) => observationPoints.get(code)).nullish(),
  trace_reason: z.union([z.string(), z.int()]).nullish(),
  file: z.object({ name: text, line: uint32 }).nullish(),
  drop_reason_desc: word(dropReasons, (code) => dropReasonOfCode(code) ?? unknownReason).nullish(),
  is_reply: flag,
  interface: z.object({ name: text }).nullish(),
  trace_context: z.object({ parent: z.object({ trace_id: text }).nullish() }).nullish(),
  egress_allowed_by: policies,
  ingress_allowed_by: policies,
  egress_denied_by: policies,
  ingress_denied_by: policies,
  aggregate: z
    .object({ ingress_flow_count: uint32, egress_flow_count: uint32, unknown_direction_flow_count: uint32 })
    .nullish(),
});
export type IncomingFlow = z.infer<typeof incomingFlow>;

/**
 * Fields that `flows` has no column for; who imports is told which of them were there. Of these the `hubble` CLI prints the place
 * in Cilium's datapath (`to-endpoint`, `pre-xlate-fwd`; also the sub type of an event), the kind of policy match and the DNS
 * observer, and filters by sub type, translated source, HTTP headers, node labels, index of an interface and IP trace id.
 * Of several workloads of an end the first is kept, of the clusters of both ends that of the node.
 */
export const withoutColumn: readonly string[] = [
  'ethernet',
  'IP.source_xlated',
  'auth_type',
  'source.ID',
  'destination.ID',
  'node_labels',
  'l7.dns.rrtypes',
  'l7.dns.observation_source',
  'l7.http.headers',
  'l7.kafka.api_version',
  'l7.kafka.correlation_id',
  'l4.VRRP.vrid',
  'l4.IGMP.group_address',
  'tunnel.IP',
  'policy_match_type',
  'trace_observation_point',
  'trace_reason',
  'debug_capture_point',
  'interface.index',
  'proxy_port',
  'sock_xlate_point',
  'socket_cookie',
  'cgroup_id',
  'ip_trace_id',
  'emitter',
  'policy_log',
  'extensions',
];

/** All fields of a flow: what is not among them is of a later Hubble. */
export const knownFields: ReadonlySet<string> = new Set([
  ...Object.keys(incomingFlow.shape),
  ...withoutColumn.filter((path) => !path.includes('.')),
  'Summary',
]);
