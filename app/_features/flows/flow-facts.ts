/** Every field of one flow, in groups, each with the filter that finds its like. Empty ones are left to the reader of this. */
import type { Flow, FlowEndpoint } from '../../../model/api.ts';
import { formatBytes, formatCount, formatMilliseconds, plural } from '../../_viz/format/quantities.ts';
import { quote } from '../filter/filter-text.ts';
import { endpointName, portSuffix } from './flow-words.ts';

/** `term` is the filter for this value, where there is one. */
export type Fact = readonly [name: string, value: string, term?: string | undefined];

export interface FactGroup {
  readonly title: string;
  readonly rows: readonly Fact[];
}

export function factGroups(flow: Flow): readonly FactGroup[] {
  return [
    { title: 'What happened', rows: whatRows(flow) },
    { title: 'Source', rows: endRows(flow.from, 'from') },
    { title: 'Destination', rows: endRows(flow.to, 'to') },
    { title: 'Counted', rows: counterRows(flow) },
    { title: 'Application', rows: l7Rows(flow) },
    { title: 'Seen by', rows: seenRows(flow) },
  ];
}

const yesNo = (value: boolean | null): string => (value === null ? 'unknown' : value ? 'yes' : 'no');
const connectName = (result: string): string => result.toLowerCase().replace('_', '-');

function tunnelWords({ tunnel }: Flow): string {
  if (tunnel === null) return '';
  const id = tunnel.id > 0 ? ` ${tunnel.id}` : '';
  return `${tunnel.isOutside ? 'the outside of' : 'inside of'} ${tunnel.type}${id}`;
}

const isIcmp = (flow: Flow): boolean => flow.protocol.startsWith('ICMP');

function whatRows(flow: Flow): Fact[] {
  return [
    ['Drop reason', flow.dropReason, `reason:${quote(flow.dropReason)}`],
    ['Dropped at', flow.dropLocation, `location:${quote(flow.dropLocation)}`],
    ['Event', flow.kind.replaceAll('_', ' ')],
    ['Protocol', `${flow.protocol}, IPv${flow.ipVersion}`],
    ['TCP flags', flow.tcpFlags.join(', ')],
    ['ICMP', isIcmp(flow) ? `type ${flow.icmpType}, code ${flow.icmpCode}` : ''],
    ['Ended by', flow.endCause],
    ['Direction', flow.direction.replace('TRAFFIC_DIRECTION_', '')],
    ['Reply', yesNo(flow.isReply)],
    ['Connecting', connectName(flow.connectResult), `connect:${connectName(flow.connectResult)}`],
    ['Socket error', flow.socketError, `error:${quote(flow.socketError)}`],
    ['Asked for', flow.askedFor === null ? '' : `${flow.askedFor.ip}:${flow.askedFor.port}`],
    [
      'Encrypted',
      flow.encrypted === null ? '' : [yesNo(flow.encrypted), flow.encryption].filter(Boolean).join(', '),
      `encrypted:${String(flow.encrypted)}`,
    ],
    ['Tunnel', tunnelWords(flow), flow.tunnel === null ? undefined : `tunnel:${flow.tunnel.type.toLowerCase()}`],
    ['Time', flow.time],
  ];
}

function endRows(end: FlowEndpoint, side: 'from' | 'to'): Fact[] {
  const term = (field: string, value: string): string => `${side}.${field}:${quote(value)}`;
  return [
    ['Name', `${endpointName(end)}${portSuffix(end)}`],
    ['Address', end.ip, `${side}.ip:${end.ip}`],
    ['Port', end.port > 0 ? String(end.port) : '', `${side}.port:${end.port}`],
    ['Namespace', end.namespace, term('ns', end.namespace)],
    ['Workload', end.workload === '' ? '' : `${end.workloadKind} ${end.workload}`, term('workload', end.workload)],
    ['Pod', end.pod, term('pod', end.pod)],
    ['Service', end.service, term('service', end.service)],
    ['DNS names', end.names.join(', ')],
    ['Process', end.process, term('process', end.process)],
    ['Unit', end.unit, term('unit', end.unit)],
    ['Container', end.container, term('container', end.container)],
    ['Labels', end.labels.join('\n')],
    ['Identity', end.identity > 0 ? String(end.identity) : ''],
  ];
}

function counterRows(flow: Flow): Fact[] {
  const pair = (packets: number, bytes: string): string =>
    packets === 0 && bytes === '0' ? '' : `${plural(packets, 'packet')}, ${formatBytes(bytes)}`;
  return [
    ['To destination', pair(flow.packetsToDst, flow.bytesToDst)],
    ['To source', pair(flow.packetsToSrc, flow.bytesToSrc)],
    ['… at the other end', flow.peer === null ? '' : pair(flow.peer.packetsToDst, flow.peer.bytesToDst)],
    ['… and back', flow.peer === null ? '' : pair(flow.peer.packetsToSrc, flow.peer.bytesToSrc)],
    ['Handshake', flow.handshakeUs > 0 ? formatMilliseconds(flow.handshakeUs / 1000) : ''],
    ['Round trip', flow.srttUs > 0 ? formatMilliseconds(flow.srttUs / 1000) : ''],
    ['Retransmits', flow.retransmits > 0 ? formatCount(flow.retransmits) : '', 'retransmits:>0'],
    ['Zero windows', flow.zeroWindows > 0 ? formatCount(flow.zeroWindows) : '', 'zero-windows:>0'],
    ['Resets', flow.resets > 0 ? formatCount(flow.resets) : '', 'resets:>0'],
    ['ICMP errors', flow.icmpErrors > 0 ? formatCount(flow.icmpErrors) : '', 'icmp-errors:>0'],
    ['Connections', flow.connections > 0 ? formatCount(flow.connections) : ''],
    ['Duration', flow.durationNs === '0' ? '' : formatMilliseconds(Number(flow.durationNs) / 1e6)],
  ];
}

/** A flow that nothing was said in has the same facts, all of them empty. */
const nothingSaid: NonNullable<Flow['l7']> = {
  type: '',
  latencyNs: '0',
  http: null,
  dns: null,
  grpcStatus: '',
  command: '',
  resource: '',
  error: '',
  tlsVersion: '',
  alpn: '',
  sni: '',
};

function l7Rows(flow: Flow): Fact[] {
  const l7 = flow.l7 ?? nothingSaid;
  const { http, dns } = l7;
  return [
    ['Type', l7.type],
    ['Latency', l7.latencyNs === '0' ? '' : formatMilliseconds(Number(l7.latencyNs) / 1e6)],
    ['Request', http === null ? '' : `${http.method} ${http.host}${http.path}`],
    [
      'Status',
      http === null || http.status === 0 ? '' : `${http.status} (${http.protocol})`,
      http === null ? undefined : `http.status:${http.status}`,
    ],
    ['Question', dns === null ? '' : `${dns.name} ${dns.type}`],
    ['Answer', dns === null ? '' : [dns.rcode, ...dns.answers].filter(Boolean).join(' ')],
    ['Aliases', dns === null ? '' : dns.cnames.join(' → ')],
    ['TTL', dns === null || dns.ttl === 0 ? '' : `${dns.ttl} s`],
    ['Command', l7.command, `l7.command:${quote(l7.command)}`],
    ['Resource', l7.resource, `l7.resource:${quote(l7.resource)}`],
    ['Error', l7.error, `l7.error:${quote(l7.error)}`],
    ['gRPC status', l7.grpcStatus, `grpc.status:${quote(l7.grpcStatus)}`],
    ['Server name', l7.sni, `tls.sni:${quote(l7.sni)}`],
    ['TLS', l7.tlsVersion, `tls.version:${quote(l7.tlsVersion)}`],
    ['ALPN', l7.alpn, `tls.alpn:${quote(l7.alpn)}`],
  ];
}

function seenRows(flow: Flow): Fact[] {
  return [
    ['Node', flow.node, `node:${quote(flow.node)}`],
    ['Cluster', flow.cluster],
    ['Interface', flow.interface, `interface:${quote(flow.interface)}`],
    ['Reporter', flow.reporter],
    ['Source', flow.source],
    ['Connection', flow.connectionId, `conn:${flow.connectionId}`],
    ['Row', flow.id],
  ];
}
