/** Flows for tests: valid ones with nothing in them but what the test says. */
import type { Flow, FlowEndpoint } from './api.ts';

export function anEndpoint(of: Partial<FlowEndpoint> = {}): FlowEndpoint {
  return {
    node: 'default//address/192.0.2.1',
    ip: '192.0.2.1',
    port: 0,
    namespace: '',
    pod: '',
    workload: '192.0.2.1',
    workloadKind: 'address',
    service: '',
    labels: [],
    identity: 0,
    names: [],
    process: '',
    unit: '',
    container: '',
    ...of,
  };
}

export function aLayer7(of: Partial<NonNullable<Flow['l7']>> = {}): NonNullable<Flow['l7']> {
  return {
    type: 'HTTP',
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
    ...of,
  };
}

export function aFlow(of: Partial<Flow> = {}): Flow {
  return {
    id: '1',
    connectionId: '1',
    time: '2026-11-23T12:00:00.000000000Z',
    cluster: 'default',
    node: 'node-1',
    source: 'probe',
    reporter: 'source',
    kind: 'connection_update',
    verdict: 'FORWARDED',
    dropReason: '',
    dropLocation: '',
    direction: 'EGRESS',
    isReply: false,
    from: anEndpoint(),
    to: anEndpoint(),
    protocol: 'TCP',
    ipVersion: 4,
    tcpFlags: [],
    icmpType: 0,
    icmpCode: 0,
    endCause: '',
    connections: 0,
    bytesToDst: '0',
    bytesToSrc: '0',
    packetsToDst: 0,
    packetsToSrc: 0,
    peer: null,
    connectResult: '',
    handshakeUs: 0,
    srttUs: 0,
    retransmits: 0,
    zeroWindows: 0,
    resets: 0,
    icmpErrors: 0,
    socketError: '',
    durationNs: '0',
    l7: null,
    interface: '',
    encrypted: null,
    encryption: '',
    tunnel: null,
    askedFor: null,
    summary: '',
    ...of,
  };
}
