/** Layers 4 and 7 of a flow of Hubble's as columns of ours. */
import type { FlowRow } from '../model/flow-row.ts';
import { urlOf } from '../model/summary.ts';
import { tcpFlagBits } from '../model/tcp-flags.ts';
import { dnsRcodeName } from './dns-rcode.ts';
import type { IncomingFlow, IncomingLayer4, IncomingLayer7 } from './incoming-flow.ts';

export type Layer4Columns = Pick<
  FlowRow,
  'protocol' | 'src_port' | 'dst_port' | 'tcp_flags' | 'icmp_type' | 'icmp_code'
>;

interface Ports {
  readonly source_port?: number | null | undefined;
  readonly destination_port?: number | null | undefined;
}

const noLayer4: Layer4Columns = { protocol: '', src_port: 0, dst_port: 0, tcp_flags: 0, icmp_type: 0, icmp_code: 0 };

/** `isTurned`: who sent it is the destination. Protocols without a name among our rows are `IP-` and their number. */
export function layer4Of(l4: IncomingLayer4, isTurned: boolean): Layer4Columns {
  const withPorts = (protocol: string, { source_port, destination_port }: Ports): Layer4Columns => {
    const [from, to] = [source_port ?? 0, destination_port ?? 0];
    return { ...noLayer4, protocol, src_port: isTurned ? to : from, dst_port: isTurned ? from : to };
  };
  const { TCP, UDP, SCTP, ICMPv4, ICMPv6 } = l4;
  if (TCP) return { ...withPorts('TCP', TCP), tcp_flags: tcpFlagBits((name) => TCP.flags?.[name] === true) };
  if (UDP) return withPorts('UDP', UDP);
  if (SCTP) return withPorts('SCTP', SCTP);
  if (ICMPv4) return { ...noLayer4, protocol: 'ICMPv4', icmp_type: ICMPv4.type ?? 0, icmp_code: ICMPv4.code ?? 0 };
  if (ICMPv6) return { ...noLayer4, protocol: 'ICMPv6', icmp_type: ICMPv6.type ?? 0, icmp_code: ICMPv6.code ?? 0 };
  if (l4.IGMP) return { ...noLayer4, protocol: 'IP-2' };
  return l4.VRRP ? { ...noLayer4, protocol: 'IP-112' } : noLayer4;
}

export type Layer7Columns = Pick<
  FlowRow,
  | 'l7_type'
  | 'latency_ns'
  | 'http_method'
  | 'http_host'
  | 'http_path'
  | 'http_status'
  | 'http_protocol'
  | 'dns_name'
  | 'dns_type'
  | 'dns_rcode'
  | 'dns_answers'
  | 'dns_ttl'
  | 'dns_cnames'
  | 'l7_command'
  | 'l7_resource'
  | 'l7_error'
>;

export const noLayer7: Layer7Columns = {
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
  l7_command: '',
  l7_resource: '',
  l7_error: '',
};

export function layer7Of(l7: IncomingFlow['l7'], isAnswer: boolean): Layer7Columns {
  if (!l7) return noLayer7;
  return { ...noLayer7, latency_ns: l7.latency_ns ?? '0', ...recordOf(l7, isAnswer) };
}

function recordOf({ dns, http, kafka }: IncomingLayer7, isAnswer: boolean): Partial<Layer7Columns> {
  if (http) {
    const { host, path } = targetOf(http.url ?? '');
    return {
      l7_type: 'HTTP',
      http_method: http.method ?? '',
      http_host: host,
      http_path: path,
      http_status: http.code ?? 0,
      http_protocol: http.protocol ?? '',
    };
  }
  if (dns) {
    return {
      l7_type: 'DNS',
      dns_name: unrooted(dns.query ?? ''),
      dns_type: (dns.qtypes ?? []).join(','),
      dns_rcode: isAnswer ? dnsRcodeName(dns.rcode ?? 0) : '',
      dns_answers: dns.ips ?? [],
      dns_ttl: dns.ttl ?? 0,
      dns_cnames: (dns.cnames ?? []).map(unrooted),
    };
  }
  if (!kafka) return {};
  const code = kafka.error_code ?? 0;
  return {
    l7_type: 'KAFKA',
    l7_command: kafka.api_key ?? '',
    l7_resource: kafka.topic ?? '',
    l7_error: code === 0 ? '' : `CODE_${code}`,
  };
}

/** Names in our rows lack the root's dot. */
function unrooted(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

/** So that `urlOf` of both is the URL again: what it would not make of host and path stays whole in the path. */
function targetOf(url: string): { readonly host: string; readonly path: string } {
  const [, authority = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url) ?? [];
  // A user's name, and a password that was not redacted, are no part of the host.
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const path = url.slice(url.indexOf(authority, url.indexOf('://')) + authority.length);
  const parts = { method: '', status: 0, protocol: '', host, path };
  return host !== '' && urlOf(parts) === url ? { host, path } : { host, path: url };
}
