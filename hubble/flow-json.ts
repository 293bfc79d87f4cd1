/**
 * Our flows as the lines that Hubble's flow exporter writes. What we do not know is absent, and what Hubble has no field
 * for is left out: bytes, packets, round-trip times, and the kernel's own name of a drop.
 */
import type { Flow, FlowEndpoint } from '../model/api.ts';
import { parseAddress } from '../model/filter/cidr.ts';
import { summarise, urlOf } from '../model/summary.ts';
import { hostKinds, verdicts } from '../model/words.ts';
import { dnsRcode } from './dns-rcode.ts';
import { dropReasonOf } from './drop-reason.ts';
import { flowUuid, type FlowPart } from './flow-uuid.ts';
import type {
  HubbleDns,
  HubbleEndpoint,
  HubbleExport,
  HubbleFlow,
  HubbleHttp,
  HubbleLayer4,
  HubbleLayer7,
  HubblePolicies,
} from './hubble-flow.ts';
import { nanosecondsOf, timestampOf } from './time.ts';

type Layer7 = NonNullable<Flow['l7']>;
type Message = HubbleLayer7['type'];

/** Of Cilium's monitor: what kind of event a flow was made from. */
const eventTypes = { drop: 1, trace: 4, policyVerdict: 5, socket: 7, accessLog: 129 } as const;

/** One to two lines of JSON for each flow, all of them newest first. */
export function exportLines(flows: readonly Flow[]): string[] {
  return flows
    .flatMap(eventsOf)
    .sort((a, b) => (a.ns === b.ns ? 0 : a.ns < b.ns ? 1 : -1))
    .map(({ event }) => JSON.stringify(event));
}

interface TimedEvent {
  readonly ns: bigint;
  readonly event: HubbleExport;
}

/** An answered exchange is one row of ours and two flows of Hubble's: the answer goes the other way, and later. */
function eventsOf(flow: Flow): TimedEvent[] {
  const ns = nanosecondsOf(flow.time);
  switch (flow.kind) {
    case 'l7_request':
      return [eventOf(flow, ns, 'REQUEST', 'whole')];
    case 'l7_response': {
      const isReply = flow.isReply === null ? null : !flow.isReply;
      const back = { ...flow, isReply, from: flow.to, to: flow.from };
      const answeredNs = ns + BigInt(flow.l7?.latencyNs ?? 0);
      return [eventOf(back, answeredNs, 'RESPONSE', 'response'), eventOf(flow, ns, 'REQUEST', 'request')];
    }
    default:
      return [eventOf(flow, ns, null, 'whole')];
  }
}

/** `flow` goes from who sent the message to who gets it. */
function eventOf(flow: Flow, ns: bigint, message: Message | null, part: FlowPart): TimedEvent {
  const time = timestampOf(ns);
  const node = `${flow.cluster}/${flow.node}`;
  const isReply = flow.isReply ?? undefined;
  const isIngress = flow.direction === 'INGRESS';
  const drop = flow.verdict === 'DROPPED' || flow.kind === 'drop' ? dropReasonOf(flow.dropReason) : undefined;
  // The order is that of flow.proto, as the exporter has it.
  const event: HubbleFlow = {
    time,
    uuid: flowUuid({ ...flow, ns: nanosecondsOf(flow.time), id: BigInt(flow.id) }, part),
    verdict: verdictOf(flow.verdict),
    drop_reason: orAbsent(drop?.code),
    IP: {
      source: flow.from.ip,
      destination: flow.to.ip,
      ipVersion: flow.ipVersion === 6 ? 'IPv6' : 'IPv4',
      encrypted: flow.encrypted === true ? true : undefined,
    },
    l4: layer4Of(flow),
    tunnel: tunnelOf(flow),
    source: endpointOf(flow.from, flow.cluster),
    destination: endpointOf(flow.to, flow.cluster),
    Type: message !== null ? 'L7' : isOfSocket(flow) ? 'SOCK' : 'L3_L4',
    node_name: node,
    source_names: textsOrAbsent(flow.from.names),
    destination_names: textsOrAbsent(flow.to.names),
    l7: message === null ? undefined : layer7Of(flow.l7, message),
    reply: isReply === true ? true : undefined,
    event_type: eventTypeOf(flow, message, drop?.code),
    source_service: serviceOf(flow.from),
    destination_service: serviceOf(flow.to),
    traffic_direction: flow.direction === 'INGRESS' || flow.direction === 'EGRESS' ? flow.direction : undefined,
    file: fileOf(flow.dropLocation),
    drop_reason_desc: drop?.name,
    is_reply: isReply,
    interface: flow.interface === '' ? undefined : { name: flow.interface },
    trace_context: flow.traceId === '' ? undefined : { parent: { trace_id: flow.traceId } },
    egress_allowed_by: isIngress ? undefined : policiesOf(flow.allowedBy),
    ingress_allowed_by: isIngress ? policiesOf(flow.allowedBy) : undefined,
    egress_denied_by: isIngress ? undefined : policiesOf(flow.deniedBy),
    ingress_denied_by: isIngress ? policiesOf(flow.deniedBy) : undefined,
    Summary: orAbsent(summarise(message === 'REQUEST' ? { ...flow, kind: 'l7_request' } : flow)),
  };
  return { ns, event: { flow: event, node_name: node, time } };
}

/** Protobuf's JSON leaves zero values out. */
function orAbsent<T extends string | number>(value: T | undefined): T | undefined {
  return value === '' || value === 0 ? undefined : value;
}

function textsOrAbsent(values: readonly string[]): string[] | undefined {
  const said = values.filter((value) => value !== '');
  return said.length === 0 ? undefined : said;
}

function verdictOf(word: string): HubbleFlow['verdict'] {
  const verdict = verdicts.find((known) => known === word);
  return verdict === 'VERDICT_UNKNOWN' ? undefined : verdict;
}

/** A drop's sub type is Cilium's reason. That of a trace is a place in Cilium's datapath, where no flow of ours was. */
function eventTypeOf(flow: Flow, message: Message | null, dropCode: number | undefined): HubbleFlow['event_type'] {
  if (message !== null) return { type: eventTypes.accessLog };
  if (flow.kind === 'policy_verdict') return { type: eventTypes.policyVerdict };
  if (isOfSocket(flow)) return { type: eventTypes.socket };
  return dropCode === undefined ? { type: eventTypes.trace } : { type: eventTypes.drop, sub_type: orAbsent(dropCode) };
}

/** What Cilium's socket load balancer did: no packet. */
function isOfSocket({ kind, verdict }: Flow): boolean {
  return kind === 'unknown' && (verdict === 'TRACED' || verdict === 'TRANSLATED');
}

/** The outside of a tunnel is no flow of Hubble's. */
function tunnelOf({ tunnel }: Flow): HubbleFlow['tunnel'] {
  if (tunnel === null || tunnel.isOutside) return undefined;
  const { type, id } = tunnel;
  return type === 'VXLAN' || type === 'GENEVE' ? { protocol: type, vni: orAbsent(id) } : undefined;
}

/** A place in Cilium's datapath; a function of the kernel has no file. */
function fileOf(location: string): HubbleFlow['file'] {
  const [, name, line] = /^(.+\.[ch]):(\d{1,9})$/.exec(location) ?? [];
  return name === undefined ? undefined : { name, line: orAbsent(Number(line)) };
}

function policiesOf(policies: readonly string[]): HubblePolicies {
  const told = policies.flatMap((policy) => {
    const [, kind, namespace, name] = /^([^/]*)\/([^/]*)\/(.+)$/s.exec(policy) ?? [];
    return name === undefined ? [] : [{ name, namespace: orAbsent(namespace), kind: orAbsent(kind) }];
  });
  return told.length === 0 ? undefined : told;
}

function layer4Of(flow: Flow): HubbleLayer4 | undefined {
  const ports = { source_port: orAbsent(flow.from.port), destination_port: orAbsent(flow.to.port) };
  const icmp = { type: orAbsent(flow.icmpType), code: orAbsent(flow.icmpCode) };
  switch (flow.protocol) {
    case 'TCP':
      return { TCP: { ...ports, flags: flagsOf(flow.tcpFlags) } };
    case 'UDP':
      return { UDP: ports };
    case 'SCTP':
      return { SCTP: ports };
    case 'ICMPv4':
      return { ICMPv4: icmp };
    case 'ICMPv6':
      return { ICMPv6: icmp };
    case 'IP-2':
      return { IGMP: {} };
    case 'IP-112':
      return { VRRP: {} };
    default:
      return undefined;
  }
}

type TcpFlags = Extract<HubbleLayer4, { TCP: object }>['TCP']['flags'];

function flagsOf(names: readonly string[]): TcpFlags {
  if (names.length === 0) return undefined;
  const flag = (name: keyof NonNullable<TcpFlags>): true | undefined => (names.includes(name) ? true : undefined);
  return {
    FIN: flag('FIN'),
    SYN: flag('SYN'),
    RST: flag('RST'),
    PSH: flag('PSH'),
    ACK: flag('ACK'),
    URG: flag('URG'),
    ECE: flag('ECE'),
    CWR: flag('CWR'),
    NS: flag('NS'),
  };
}

function endpointOf(end: FlowEndpoint, cluster: string): HubbleEndpoint {
  const isPod = end.pod !== '';
  // A learned name, an address or a Service stands for a workload on our map, but is none.
  const isWorkload = isPod || hostKinds.includes(end.workloadKind);
  return {
    identity: orAbsent(end.identity),
    cluster_name: isPod ? orAbsent(cluster) : undefined,
    namespace: orAbsent(end.namespace),
    labels: textsOrAbsent(end.labels),
    pod_name: orAbsent(end.pod),
    workloads: isWorkload && end.workload !== '' ? [{ name: end.workload, kind: end.workloadKind }] : undefined,
  };
}

function serviceOf(end: FlowEndpoint): HubbleFlow['source_service'] {
  return end.service === '' ? undefined : { name: end.service, namespace: orAbsent(end.namespace) };
}

function layer7Of(l7: Flow['l7'], message: Message): HubbleLayer7 {
  const isAnswer = message === 'RESPONSE';
  return {
    type: message,
    latency_ns: isAnswer && l7 !== null && l7.latencyNs !== '0' ? l7.latencyNs : undefined,
    dns: l7?.dns ? dnsOf(l7.dns, isAnswer) : undefined,
    http: l7?.http ? httpOf(l7.http, isAnswer) : undefined,
  };
}

function httpOf(http: NonNullable<Layer7['http']>, isAnswer: boolean): HubbleHttp {
  return {
    code: isAnswer ? orAbsent(http.status) : undefined,
    method: orAbsent(http.method),
    url: orAbsent(urlOf(http)),
    protocol: orAbsent(http.protocol),
  };
}

/** Hubble's names end in the root's dot. */
function rooted(name: string): string {
  return name.endsWith('.') ? name : `${name}.`;
}

/** Answers that are neither addresses nor aliases (mail hosts, texts) have no field. */
function dnsOf(dns: NonNullable<Layer7['dns']>, isAnswer: boolean): HubbleDns {
  const question = { query: rooted(dns.name), qtypes: textsOrAbsent(dns.type.split(',')) };
  if (!isAnswer) return question;
  const isAddress = (answer: string): boolean => parseAddress(answer) !== null;
  const hasAliases = ['A', 'AAAA', 'CNAME'].includes(dns.type);
  // Rows of the first release have the aliases among the answers.
  const amongAnswers = dns.answers.filter((answer) => hasAliases && answer !== '' && !isAddress(answer));
  const aliases = dns.cnames.length > 0 ? dns.cnames : amongAnswers;
  return {
    query: question.query,
    ips: textsOrAbsent(dns.answers.filter(isAddress)),
    ttl: orAbsent(dns.ttl),
    cnames: textsOrAbsent(aliases.map(rooted)),
    rcode: orAbsent(dnsRcode(dns.rcode)),
    qtypes: question.qtypes,
  };
}
