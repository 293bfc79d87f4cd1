/** Random flows for property tests: every field within what the API allows. */
import fc from 'fast-check';
import type { Flow, FlowEndpoint } from '../model/api.ts';
import { aFlow, anEndpoint } from '../model/flow.fixture.ts';
import { flowKinds, hostKinds, l7Types, trafficDirections, verdicts } from '../model/words.ts';
import { dropReasons } from './drop-reason.ts';
import { timestampOf } from './time.ts';

const text = fc.oneof(fc.constant(''), fc.string({ unit: 'binary', maxLength: 8 }), fc.constant('two\nlines'));
const texts = fc.array(text, { maxLength: 3 });
const port = fc.nat({ max: 0xffff });
const byte = fc.nat({ max: 0xff });
const uint32 = fc.nat({ max: 0xffff_ffff });

const endpoint: fc.Arbitrary<FlowEndpoint> = fc
  .record({
    ip: fc.oneof(fc.ipV4(), fc.ipV6()),
    port,
    namespace: text,
    pod: text,
    workload: text.filter((name) => name !== ''),
    workloadKind: fc.constantFrom(...hostKinds, 'Deployment', 'Service', 'name', 'address'),
    service: text,
    labels: texts,
    identity: uint32,
    names: texts,
  })
  .map(anEndpoint);

const http = fc.record({ method: text, host: text, path: text, status: fc.nat({ max: 999 }), protocol: text });
const dns = fc.record({
  name: text,
  type: fc.constantFrom('A', 'AAAA', 'CNAME', 'MX', ''),
  rcode: fc.constantFrom('NOERROR', 'NXDOMAIN', 'RCODE4095', 'constructor', ''),
  answers: fc.array(fc.oneof(text, fc.ipV4(), fc.ipV6()), { maxLength: 4 }),
  ttl: uint32,
  cnames: texts,
});
const layer7 = fc.record({
  type: fc.constantFrom(...l7Types),
  latencyNs: fc.bigInt({ min: 0n, max: 1n << 40n }).map(String),
  http: fc.option(http),
  dns: fc.option(dns),
  grpcStatus: text,
  command: text,
  resource: text,
  error: text,
  tlsVersion: text,
  alpn: text,
  sni: text,
});

export const anyFlow: fc.Arbitrary<Flow> = fc
  .record({
    id: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(String),
    time: fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }).map(timestampOf),
    cluster: text,
    node: text,
    kind: fc.constantFrom(...flowKinds),
    verdict: fc.constantFrom(...verdicts),
    dropReason: fc.oneof(text, fc.constantFrom(...dropReasons, 'NETFILTER_DROP', 'constructor')),
    direction: fc.constantFrom(...trafficDirections),
    isReply: fc.option(fc.boolean()),
    from: endpoint,
    to: endpoint,
    protocol: fc.constantFrom('TCP', 'UDP', 'SCTP', 'ICMPv4', 'ICMPv6', 'IP-47'),
    ipVersion: fc.constantFrom(4, 6),
    tcpFlags: fc.subarray(['SYN', 'ACK', 'RST', 'FIN', 'PSH', 'URG', 'ECE', 'CWR', 'NS']),
    icmpType: byte,
    icmpCode: byte,
    l7: fc.option(layer7),
    interface: text,
    encrypted: fc.option(fc.boolean()),
    dropLocation: fc.oneof(text, fc.constantFrom('nf_hook_slow', 'bpf_lxc.c:1812')),
    tunnel: fc.option(
      fc.record({ type: fc.constantFrom('VXLAN', 'GENEVE', 'GRE'), id: uint32, isOutside: fc.boolean() }),
    ),
    traceId: text,
    allowedBy: fc.array(fc.oneof(text, fc.constantFrom('NetworkPolicy/shop/web', '//bare')), { maxLength: 2 }),
    deniedBy: fc.array(fc.oneof(text, fc.constant('CiliumClusterwideNetworkPolicy//deny')), { maxLength: 2 }),
  })
  .map(aFlow);
