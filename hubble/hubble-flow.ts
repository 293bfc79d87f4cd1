/**
 * One line of Hubble's flow export (`observer.ExportEvent` of Hubble 1.19, in protobuf's JSON with the names of the
 * .proto files): the fields that we write, and no others. As in protobuf's JSON a field that is absent has its zero
 * value, or, where it is a message, is not known.
 */
import { z } from 'zod';
import { verdicts } from '../model/words.ts';
import { dropReasons } from './drop-reason.ts';

const uint32 = z.int().min(0).max(0xffff_ffff);
const port = z.int().min(0).max(0xffff);
const text = z.string().min(1);
const texts = z.array(text).min(1);
/** 64 bit integers are strings in protobuf's JSON. */
const uint64 = z.string().regex(/^[1-9]\d*$/);
/** None, three, six or nine digits of a second. */
const timestamp = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}){0,1}(?:\d{3}){0,2}Z$/);

const endpoint = z.strictObject({
  identity: uint32.optional(),
  cluster_name: text.optional(),
  namespace: text.optional(),
  labels: texts.optional(),
  pod_name: text.optional(),
  workloads: z
    .array(z.strictObject({ name: text, kind: text }))
    .length(1)
    .optional(),
});
export type HubbleEndpoint = z.infer<typeof endpoint>;

const isSet = z.literal(true).optional();
const tcpFlags = z.strictObject({
  FIN: isSet,
  SYN: isSet,
  RST: isSet,
  PSH: isSet,
  ACK: isSet,
  URG: isSet,
  ECE: isSet,
  CWR: isSet,
  NS: isSet,
});
const ports = z.strictObject({ source_port: port.optional(), destination_port: port.optional() });
const icmp = z.strictObject({ type: uint32.optional(), code: uint32.optional() });

const layer4 = z.union([
  z.strictObject({ TCP: ports.extend({ flags: tcpFlags.optional() }) }),
  z.strictObject({ UDP: ports }),
  z.strictObject({ ICMPv4: icmp }),
  z.strictObject({ ICMPv6: icmp }),
  z.strictObject({ SCTP: ports }),
  z.strictObject({ VRRP: z.strictObject({}) }),
  z.strictObject({ IGMP: z.strictObject({}) }),
]);
export type HubbleLayer4 = z.infer<typeof layer4>;

const dns = z.strictObject({
  query: text.optional(),
  ips: texts.optional(),
  ttl: uint32.optional(),
  cnames: texts.optional(),
  rcode: uint32.optional(),
  qtypes: texts.optional(),
});
export type HubbleDns = z.infer<typeof dns>;

const http = z.strictObject({
  code: uint32.optional(),
  method: text.optional(),
  url: text.optional(),
  protocol: text.optional(),
});
export type HubbleHttp = z.infer<typeof http>;

const layer7 = z.strictObject({
  type: z.enum(['REQUEST', 'RESPONSE']),
  latency_ns: uint64.optional(),
  dns: dns.optional(),
  http: http.optional(),
});
export type HubbleLayer7 = z.infer<typeof layer7>;

const policies = z
  .array(z.strictObject({ name: text, namespace: text.optional(), kind: text.optional() }))
  .min(1)
  .optional();
export type HubblePolicies = z.infer<typeof policies>;

const service = z.strictObject({ name: text, namespace: text.optional() });

const flow = z.strictObject({
  time: timestamp,
  uuid: z.uuid(),
  verdict: z.enum(verdicts).exclude(['VERDICT_UNKNOWN']).optional(),
  drop_reason: uint32.optional(),
  IP: z.strictObject({ source: text, destination: text, ipVersion: z.enum(['IPv4', 'IPv6']), encrypted: isSet }),
  l4: layer4.optional(),
  tunnel: z.strictObject({ protocol: z.enum(['VXLAN', 'GENEVE']), vni: uint32.optional() }).optional(),
  source: endpoint,
  destination: endpoint,
  Type: z.enum(['L3_L4', 'L7', 'SOCK']),
  node_name: text,
  source_names: texts.optional(),
  destination_names: texts.optional(),
  l7: layer7.optional(),
  reply: isSet,
  event_type: z.strictObject({ type: z.literal([1, 4, 5, 7, 129]), sub_type: uint32.optional() }),
  source_service: service.optional(),
  destination_service: service.optional(),
  traffic_direction: z.enum(['INGRESS', 'EGRESS']).optional(),
  file: z.strictObject({ name: text, line: uint32.optional() }).optional(),
  drop_reason_desc: z.enum(dropReasons).optional(),
  is_reply: z.boolean().optional(),
  interface: z.strictObject({ name: text }).optional(),
  trace_context: z.strictObject({ parent: z.strictObject({ trace_id: text }) }).optional(),
  egress_allowed_by: policies,
  ingress_allowed_by: policies,
  egress_denied_by: policies,
  ingress_denied_by: policies,
  Summary: text.optional(),
});
export type HubbleFlow = z.infer<typeof flow>;

export const hubbleExportSchema = z.strictObject({ flow, node_name: text, time: timestamp });
export type HubbleExport = z.infer<typeof hubbleExportSchema>;
