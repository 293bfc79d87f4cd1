import { describe, expect, it } from 'vitest';
import type { Flow } from './api.ts';
import { aFlow, aLayer7 } from './flow.fixture.ts';
import { summarise } from './summary.ts';
import { tcpFlagNames } from './tcp-flags.ts';

type Layer7 = NonNullable<Flow['l7']>;

function l7(of: Partial<Layer7>): Layer7 {
  return aLayer7({ type: '', ...of });
}
function http(of: Partial<NonNullable<Layer7['http']>> = {}): Layer7 {
  const exchange = { method: 'GET', host: 'web', path: '/', status: 200, protocol: 'HTTP/1.1', ...of };
  return l7({ type: 'HTTP', latencyNs: '4999999', http: exchange });
}
function dns(of: Partial<NonNullable<Layer7['dns']>> = {}): Layer7 {
  const exchange = {
    name: 'web.default.svc',
    type: 'A',
    rcode: 'NOERROR',
    answers: ['10.96.118.37'],
    ttl: 30,
    cnames: [],
    ...of,
  };
  return l7({ type: 'DNS', dns: exchange });
}

describe('a summary', () => {
  it.each<[string, Partial<Flow>]>([
    ['TCP Flags: SYN, ACK', { tcpFlags: tcpFlagNames(0x12) }],
    ['TCP Flags: SYN, ACK, RST, FIN, PSH, URG, ECE, CWR, NS', { tcpFlags: tcpFlagNames(0x1ff) }],
    ['TCP', {}],
    ['UDP', { protocol: 'UDP' }],
    ['ICMPv4 EchoRequest', { protocol: 'ICMPv4', icmpType: 8 }],
    ['ICMPv4 DestinationUnreachable(Port)', { protocol: 'ICMPv4', icmpType: 3, icmpCode: 3 }],
    ['ICMPv6 EchoReply', { protocol: 'ICMPv6', icmpType: 129 }],
    ['ICMPv6 200(7)', { protocol: 'ICMPv6', icmpType: 200, icmpCode: 7 }],
    ['HTTP/1.1 GET http://web/', { kind: 'l7_request', l7: http() }],
    ['HTTP/1.1 200 4ms (GET http://web/)', { kind: 'l7_response', l7: http() }],
    ['HTTP/1.1 200 4ms (GET http://x/y)', { kind: 'l7_response', l7: http({ path: 'http://x/y' }) }],
    ['HTTP/1.0 200 4ms (GET /)', { kind: 'l7_response', l7: http({ host: '', protocol: 'HTTP/1.0' }) }],
    ['DNS Query web.default.svc. A', { kind: 'l7_request', l7: dns() }],
    ['DNS Answer "10.96.118.37" TTL: 30 (Proxy web.default.svc. A)', { kind: 'l7_response', l7: dns() }],
    [
      'DNS Answer "10.0.0.1,10.0.0.2" CNAMEs: "real." TTL: 30 (Proxy web.default.svc. A)',
      { kind: 'l7_response', l7: dns({ answers: ['real.', '10.0.0.1', '10.0.0.2'] }) },
    ],
    [
      'DNS Answer "10.0.0.1" CNAMEs: "a.,b." TTL: 30 (Proxy web.default.svc. A)',
      { kind: 'l7_response', l7: dns({ answers: ['10.0.0.1'], cnames: ['a.', 'b.'] }) },
    ],
    [
      'DNS Answer CNAMEs: "b." TTL: 30 (Proxy web.default.svc. CNAME)',
      { kind: 'l7_response', l7: dns({ type: 'CNAME', answers: ['b.'], cnames: ['b.'] }) },
    ],
    [
      'DNS Answer "10 mail." TTL: 30 (Proxy web.default.svc. MX)',
      { kind: 'l7_response', l7: dns({ type: 'MX', answers: ['10 mail.'] }) },
    ],
    [
      'DNS Answer RCode: NXDOMAIN TTL: 0 (Proxy nowhere. AAAA)',
      { kind: 'l7_response', l7: dns({ name: 'nowhere.', type: 'AAAA', rcode: 'NXDOMAIN', answers: [], ttl: 0 }) },
    ],
    [
      'HTTP/2 200 4ms (POST http://web/shop.Cart/Add) gRPC: UNAVAILABLE',
      {
        kind: 'l7_response',
        l7: {
          ...http({ method: 'POST', path: '/shop.Cart/Add', protocol: 'HTTP/2' }),
          type: 'GRPC',
          grpcStatus: 'UNAVAILABLE',
        },
      },
    ],
    [
      'HTTP/2 GET http://web/ Error: REFUSED_STREAM',
      { kind: 'l7_request', l7: { ...http({ protocol: 'HTTP/2' }), error: 'REFUSED_STREAM' } },
    ],
    [
      'POSTGRESQL SELECT orders 2ms Error: 42P01',
      {
        kind: 'l7_response',
        l7: l7({ type: 'POSTGRESQL', command: 'SELECT', resource: 'orders', latencyNs: '2000000', error: '42P01' }),
      },
    ],
    ['REDIS GET', { kind: 'l7_request', l7: l7({ type: 'REDIS', command: 'GET' }) }],
    ['TLS SNI: api.stripe.com', { kind: 'l7_request', l7: l7({ type: 'TLS', sni: 'api.stripe.com' }) }],
    ['TCP Flags: SYN', { kind: 'connection_start', tcpFlags: ['SYN'], l7: l7({ type: 'TLS', sni: 'api.stripe.com' }) }],
  ])('reads %s', (summary, flow) => {
    expect(summarise(aFlow(flow))).toBe(summary);
  });
});
