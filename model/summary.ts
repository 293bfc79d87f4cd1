/**
 * The one-line text that `hubble observe` prints in parentheses after the verdict: `TCP Flags: SYN, ACK`,
 * `HTTP/1.1 200 4ms (GET http://api/orders)`, `DNS Answer "10.0.0.7" TTL: 30 (Proxy api.local. A)`.
 */
import type { Flow } from './api.ts';
import { parseAddress } from './filter/cidr.ts';
import { icmpName } from './icmp.ts';

type Layer7 = NonNullable<Flow['l7']>;
type Http = NonNullable<Layer7['http']>;
type Dns = NonNullable<Layer7['dns']>;

export type Summarised = Pick<Flow, 'kind' | 'protocol' | 'tcpFlags' | 'icmpType' | 'icmpCode' | 'l7'>;

export function summarise(flow: Summarised): string {
  const { l7 } = flow;
  if (l7 !== null && (flow.kind === 'l7_request' || flow.kind === 'l7_response')) {
    const answered = flow.kind === 'l7_response';
    if (l7.http !== null) return [summariseHttp(l7.http, answered, l7.latencyNs), ...outcome(l7)].join(' ');
    if (l7.dns !== null) return summariseDns(l7.dns, answered);
    if (l7.command !== '' || commandTypes.includes(l7.type)) return summariseCommand(l7, answered);
    if (l7.sni !== '') return `TLS SNI: ${l7.sni}`;
  }
  switch (flow.protocol) {
    case 'TCP':
      return flow.tcpFlags.length === 0 ? 'TCP' : `TCP Flags: ${flow.tcpFlags.join(', ')}`;
    case 'ICMPv4':
    case 'ICMPv6':
      return `${flow.protocol} ${icmpName(flow.protocol, flow.icmpType, flow.icmpCode)}`;
    default:
      return flow.protocol;
  }
}

const commandTypes: readonly string[] = ['POSTGRESQL', 'MYSQL', 'REDIS', 'MONGODB', 'KAFKA'];

/** How a gRPC call ended, and why a stream was reset; Hubble has no words for these. */
function outcome(l7: Layer7): string[] {
  return [
    ...(l7.grpcStatus === '' ? [] : [`gRPC: ${l7.grpcStatus}`]),
    ...(l7.error === '' ? [] : [`Error: ${l7.error}`]),
  ];
}

function summariseCommand(l7: Layer7, answered: boolean): string {
  const latency = answered ? `${BigInt(l7.latencyNs) / 1_000_000n}ms` : '';
  return [l7.type, l7.command, l7.resource, latency, ...outcome(l7)].filter((part) => part !== '').join(' ');
}

function summariseHttp(http: Http, answered: boolean, latencyNs: string): string {
  const target = `${http.method} ${urlOf(http)}`;
  if (!answered) return `${http.protocol} ${target}`;
  return `${http.protocol} ${http.status} ${BigInt(latencyNs) / 1_000_000n}ms (${target})`;
}

/** A proxy's request line already holds the whole URL. */
export function urlOf(http: Http): string {
  return http.host === '' || !http.path.startsWith('/') ? http.path : `http://${http.host}${http.path}`;
}

function summariseDns(dns: Dns, answered: boolean): string {
  const question = `${dns.name.endsWith('.') ? dns.name : `${dns.name}.`} ${dns.type}`;
  if (!answered) return `DNS Query ${question}`;
  return ['DNS Answer', ...answerParts(dns), `TTL: ${dns.ttl}`, `(Proxy ${question})`].join(' ');
}

function answerParts(dns: Dns): string[] {
  if (dns.rcode !== 'NOERROR' && dns.rcode !== '') return [`RCode: ${dns.rcode}`];
  const isAddress = (answer: string): boolean => parseAddress(answer) !== null;
  const addresses = dns.answers.filter(isAddress);
  const others = dns.answers.filter((answer) => !isAddress(answer) && !dns.cnames.includes(answer));
  const isAddressQuestion = dns.type === 'A' || dns.type === 'AAAA';
  // Rows of the first release have the aliases among the answers.
  const aliases = isAddressQuestion ? [...dns.cnames, ...others] : dns.cnames;
  const texts = isAddressQuestion ? [] : others;
  return [
    ...(addresses.length > 0 ? [JSON.stringify(addresses.join(','))] : []),
    ...(texts.length > 0 ? [JSON.stringify(texts.join(','))] : []),
    ...(aliases.length > 0 ? [`CNAMEs: ${JSON.stringify(aliases.join(','))}`] : []),
  ];
}
