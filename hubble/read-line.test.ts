import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { Flow } from '../model/api.ts';
import { exportLines } from './flow-json.ts';
import { anyFlow } from './flow-json.fixture.ts';
import type { HubbleRow } from './flow-row.ts';
import { aHubbleFlow, anExportLine, apiEnd, at, flowLine, webEnd } from './read-line.fixture.ts';
import { isHubbleLine, readHubbleLine } from './read-line.ts';

type Given = Readonly<Record<string, unknown>>;
const row = (of: Given): HubbleRow => flowLine(of).row;
const back = { source: apiEnd, destination: webEnd, IP: { source: '10.0.1.9', destination: '10.0.1.7' } };
const get = { method: 'GET', url: 'http://api/orders?id=7', protocol: 'HTTP/1.1' };
const question = { query: 'api.shop.svc.cluster.local.', qtypes: ['A'] };

describe('a packet', () => {
  it('becomes a row of all that the store has a column for', () => {
    expect(row({})).toEqual({
      time: at,
      id: expect.stringMatching(/^[1-9]\d*$/),
      connection_id: expect.stringMatching(/^[1-9]\d*$/),
      cluster: 'prod',
      node: 'worker-1',
      source: 'hubble',
      reporter: 'destination',
      kind: 'datagram',
      verdict: 'FORWARDED',
      drop_reason: '',
      drop_location: '',
      direction: 'INGRESS',
      is_reply: 'no',
      src_ip: '10.0.1.7',
      src_port: 45240,
      src_namespace: 'shop',
      src_pod: 'web-5b9cc645cb-4slbs',
      src_workload: 'web',
      src_workload_kind: 'Deployment',
      src_service: '',
      src_labels: ['k8s:app=web', 'k8s:io.kubernetes.pod.namespace=shop'],
      src_identity: 26450,
      src_names: [],
      dst_ip: '10.0.1.9',
      dst_port: 8080,
      dst_namespace: 'shop',
      dst_pod: 'api-0',
      dst_workload: 'api',
      dst_workload_kind: 'StatefulSet',
      dst_service: '',
      dst_labels: ['k8s:app=api'],
      dst_identity: 32531,
      dst_names: [],
      protocol: 'TCP',
      ip_version: 4,
      tcp_flags: 2,
      icmp_type: 0,
      icmp_code: 0,
      connections: 0,
      packets_to_dst: '0',
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
      trace_id: '',
      interface: '',
      encrypted: 'unknown',
      tunnel: '',
      tunnel_id: 0,
      allowed_by: [],
      denied_by: [],
    });
  });

  it.each<[string, Given, Partial<HubbleRow>]>([
    [
      'of the answering side, whose sender stays the source',
      { ...back, l4: { TCP: { source_port: 8080, destination_port: 45240, flags: { SYN: true, ACK: true } } }, is_reply: true }, // prettier-ignore
      { src_pod: 'api-0', src_port: 8080, dst_pod: 'web-5b9cc645cb-4slbs', is_reply: 'yes', tcp_flags: 0x12 },
    ],
    ['of an unknown side', { is_reply: null }, { is_reply: 'unknown' }],
    ['without is_reply', { is_reply: undefined }, { is_reply: 'unknown' }],
    ['of an older Hubble, which had only reply', { is_reply: undefined, reply: true }, { is_reply: 'yes' }],
    ['of an older Hubble, whose reply was false', { is_reply: undefined, reply: false }, { is_reply: 'unknown' }],
    ['on its way out', { traffic_direction: 'EGRESS' }, { direction: 'EGRESS', reporter: 'source' }],
    [
      'without a direction',
      { traffic_direction: null },
      { direction: 'TRAFFIC_DIRECTION_UNKNOWN', reporter: 'unknown' },
    ],
    ['to a proxy', { verdict: 'REDIRECTED', event_type: { type: 4, sub_type: 1 } }, { verdict: 'REDIRECTED' }],
    ['with its verdict as a number', { verdict: 4 }, { verdict: 'AUDIT' }],
    ['without a verdict', { verdict: undefined }, { verdict: 'VERDICT_UNKNOWN' }],
    [
      'of UDP',
      { l4: { UDP: { source_port: 53, destination_port: 40000 } } },
      { protocol: 'UDP', src_port: 53, dst_port: 40_000, tcp_flags: 0 },
    ],
    ['of SCTP', { l4: { SCTP: { destination_port: 36412 } } }, { protocol: 'SCTP', src_port: 0, dst_port: 36_412 }],
    ['that asks for an echo', { l4: { ICMPv4: { type: 8 } } }, { protocol: 'ICMPv4', icmp_type: 8, src_port: 0 }],
    ['that echoes', { l4: { ICMPv4: {} } }, { protocol: 'ICMPv4', icmp_type: 0 }],
    ['of ICMPv6', { l4: { ICMPv6: { type: 1, code: 4 } } }, { protocol: 'ICMPv6', icmp_type: 1, icmp_code: 4 }],
    ['of IGMP', { l4: { IGMP: { type: 22, group_address: '224.0.0.22' } } }, { protocol: 'IP-2' }],
    ['of VRRP', { l4: { VRRP: { vrid: 1 } } }, { protocol: 'IP-112' }],
    ['of no known protocol', { l4: undefined }, { protocol: '' }],
    [
      'of IPv6, encrypted',
      { IP: { source: 'fd00::1', destination: 'fd00::2', ipVersion: 'IPv6', encrypted: true } },
      { src_ip: 'fd00::1', dst_ip: 'fd00::2', ip_version: 6, encrypted: 'yes' },
    ],
    [
      'that says it is not encrypted, which may be that nobody knows',
      { IP: { encrypted: false } },
      { encrypted: 'unknown' },
    ],
    ['at an interface', { interface: { index: 7, name: 'lxc1' } }, { interface: 'lxc1' }],
    [
      'inside of a tunnel',
      { tunnel: { protocol: 'GENEVE', vni: 9, IP: { source: '192.0.2.1' } } },
      { tunnel: 'GENEVE', tunnel_id: 9 },
    ],
    ['of a trace', { trace_context: { parent: { trace_id: '4bf9' } } }, { trace_id: '4bf9' }],
    ['seen by a node without a cluster in its name', { node_name: 'worker-2' }, { cluster: 'prod', node: 'worker-2' }],
    [
      'that no end tells the cluster of',
      { node_name: 'worker-2', source: {}, destination: {} },
      { cluster: 'default', node: 'worker-2' },
    ],
    ['whose line alone names the node', { node_name: undefined }, { cluster: 'prod', node: 'worker-1' }],
    ['whose line alone has the time', { time: undefined }, { time: at }],
  ])('%s', (_, given, said) => {
    expect(row(given)).toMatchObject(said);
  });

  it.each<[string, Given, number]>([
    ['handed to who answers', { trace_observation_point: 'TO_ENDPOINT', trace_reason: 'NEW' }, 1],
    [
      'leaving who opens it',
      { traffic_direction: 'EGRESS', trace_observation_point: 'TO_STACK', trace_reason: 'NEW' },
      1,
    ],
    ['by its SYN, where no reason is told', { trace_observation_point: 'TO_ENDPOINT' }, 1],
    [
      'as one of three that were made one line',
      { trace_observation_point: 101, trace_reason: 1, aggregate: { ingress_flow_count: 3 } },
      3,
    ],
    [
      'before the proxy, where it is not handed over yet',
      { trace_observation_point: 'TO_PROXY', trace_reason: 'NEW' },
      0,
    ],
    ['a second time', { trace_observation_point: 'TO_ENDPOINT', trace_reason: 'ESTABLISHED' }, 0],
    ['nowhere in particular', { trace_reason: 'NEW' }, 0],
    ['by the other side', { trace_observation_point: 'TO_ENDPOINT', is_reply: true }, 0],
    ['by nobody knows whom', { trace_observation_point: 'TO_ENDPOINT', is_reply: null }, 0],
  ])('opens a conversation %s: %o gives %d', (_, given, connections) => {
    expect(row(given)).toMatchObject({ connections });
  });
});

describe('an end', () => {
  const end = (destination: Given, more: Given = {}): HubbleRow => row({ destination, ...more });
  it.each<[string, HubbleRow, Partial<HubbleRow>]>([
    [
      'with a service',
      end(apiEnd, { destination_service: { name: 'api', namespace: 'shop' } }),
      { dst_service: 'api', dst_workload: 'api', dst_workload_kind: 'StatefulSet' },
    ],
    [
      'that is a pod without a workload',
      end({ pod_name: 'one', namespace: 'a' }),
      { dst_workload: 'one', dst_workload_kind: 'Pod' },
    ],
    [
      'that is a service',
      end({}, { destination_service: { name: 'dns', namespace: 'kube-system' } }),
      { dst_workload: 'dns', dst_workload_kind: 'Service', dst_namespace: 'kube-system', dst_service: 'dns' },
    ],
    [
      'that is the node',
      end({ identity: 1, labels: ['reserved:host'] }),
      { dst_workload: 'worker-1', dst_workload_kind: 'host', dst_identity: 1 },
    ],
    [
      'that is the API server',
      end({ labels: ['reserved:kube-apiserver', 'reserved:remote-node'] }),
      { dst_workload: 'kube-apiserver', dst_workload_kind: 'name' },
    ],
    [
      'that a DNS answer named',
      end({ identity: 2, labels: ['reserved:world'] }, { destination_names: ['api.example.com', 'b.example.com'] }),
      { dst_workload: 'api.example.com', dst_workload_kind: 'name', dst_names: ['api.example.com', 'b.example.com'] },
    ],
    [
      'that is another node',
      end({ labels: ['reserved:remote-node'] }),
      { dst_workload: '10.0.1.9', dst_workload_kind: 'address' },
    ],
    ['nobody knows', end({}), { dst_workload: '10.0.1.9', dst_workload_kind: 'address', dst_labels: [] }],
    [
      'without even an address',
      row({ IP: undefined, ethernet: { source: 'aa:bb', destination: 'cc:dd' }, destination: null }),
      { dst_ip: '', ip_version: 0, dst_workload: 'cc:dd', dst_workload_kind: 'address' },
    ],
  ])('%s', (_, made, said) => {
    expect(made).toMatchObject(said);
  });
});

describe('a verdict', () => {
  const denied = { verdict: 'DROPPED', event_type: { type: 1, sub_type: 133 } };
  it.each<[string, Given, Partial<HubbleRow>]>([
    [
      'of a drop counts its packet, and says why and where',
      { ...denied, drop_reason: 133, drop_reason_desc: 'POLICY_DENIED', file: { name: 'bpf_lxc.c', line: 1812 } },
      {
        kind: 'drop',
        verdict: 'DROPPED',
        drop_reason: 'POLICY_DENIED',
        drop_location: 'bpf_lxc.c:1812',
        packets_to_dst: '1',
      },
    ],
    ['of a drop by its code', { ...denied, drop_reason: 133 }, { drop_reason: 'POLICY_DENIED' }],
    ['of a drop by a code nobody named', { ...denied, drop_reason: 159 }, { drop_reason: 'CODE_159' }],
    [
      'of drops that were made one line',
      { ...denied, aggregate: { ingress_flow_count: 2, egress_flow_count: '40' } },
      { packets_to_dst: '42' },
    ],
    ['of a drop without an event type', { verdict: 'DROPPED', event_type: undefined }, { kind: 'drop' }],
    [
      'of a policy that denied, whose drop comes by itself',
      {
        verdict: 'DROPPED',
        event_type: { type: 5 },
        policy_match_type: 2,
        drop_reason_desc: 'POLICY_DENIED',
        ingress_denied_by: [{ name: 'deny-all', kind: 'CiliumClusterwideNetworkPolicy', labels: ['a'], revision: '7' }],
      },
      {
        kind: 'policy_verdict',
        verdict: 'DROPPED',
        packets_to_dst: '0',
        denied_by: ['CiliumClusterwideNetworkPolicy//deny-all'],
      },
    ],
    [
      'of policies that allowed',
      {
        event_type: { type: 5 },
        egress_allowed_by: [{ name: 'web', namespace: 'shop', kind: 'NetworkPolicy' }, { name: 'x' }],
      },
      { kind: 'policy_verdict', verdict: 'FORWARDED', allowed_by: ['NetworkPolicy/shop/web', '//x'] },
    ],
    [
      'before a socket is translated',
      {
        verdict: 'TRACED',
        Type: 'SOCK',
        event_type: { type: 7 },
        sock_xlate_point: 'SOCK_XLATE_POINT_PRE_DIRECTION_FWD',
      },
      { kind: 'unknown', verdict: 'TRACED' },
    ],
    [
      'after a socket was translated',
      { verdict: 'TRANSLATED', Type: 'SOCK', event_type: undefined },
      { kind: 'unknown', verdict: 'TRANSLATED' },
    ],
    ['of a debug capture', { event_type: { type: 3 } }, { kind: 'unknown' }],
  ])('%s', (_, given, said) => {
    expect(row(given)).toMatchObject(said);
  });
});

describe('a message of layer 7', () => {
  const asked = { Type: 'L7', event_type: { type: 129 } };
  const answered = {
    ...asked, ...back, is_reply: true, l4: { TCP: { source_port: 8080, destination_port: 45240 } },
  }; // prettier-ignore

  it('that answers is turned round, at the time of its request', () => {
    const l7 = {
      type: 'RESPONSE',
      latency_ns: '23456789',
      http: { ...get, code: 503, headers: [{ key: 'a', value: 'b' }] },
    };
    expect(row({ ...answered, l7 })).toMatchObject({
      time: '2026-11-23T12:00:00.100Z',
      kind: 'l7_response',
      is_reply: 'no',
      src_pod: 'web-5b9cc645cb-4slbs',
      src_port: 45240,
      src_ip: '10.0.1.7',
      dst_pod: 'api-0',
      dst_port: 8080,
      l7_type: 'HTTP',
      latency_ns: '23456789',
      http_method: 'GET',
      http_host: 'api',
      http_path: '/orders?id=7',
      http_status: 503,
      http_protocol: 'HTTP/1.1',
    });
  });

  it.each<[string, Given, Partial<HubbleRow>]>([
    [
      'that asks',
      { ...asked, l7: { type: 'REQUEST', http: get } },
      { kind: 'l7_request', http_status: 0, latency_ns: '0' },
    ],
    [
      'that is refused',
      { ...asked, verdict: 'DROPPED', l7: { type: 'REQUEST', http: get } },
      { kind: 'l7_request', verdict: 'DROPPED', packets_to_dst: '0' },
    ],
    ['that is a sample', { ...asked, l7: { type: 'SAMPLE' } }, { kind: 'l7_request', l7_type: '' }],
    [
      'to https keeps the whole URL',
      { ...asked, l7: { type: 'REQUEST', http: { ...get, url: 'https://api.example.com/x?y' } } },
      { http_host: 'api.example.com', http_path: 'https://api.example.com/x?y' },
    ],
    [
      'with a password in its URL keeps that out of the host',
      { ...asked, l7: { type: 'REQUEST', http: { ...get, url: 'http://me:HUBBLE_REDACTED@api/x' } } },
      { http_host: 'api', http_path: 'http://me:HUBBLE_REDACTED@api/x' },
    ],
    [
      'with a path alone',
      { ...asked, l7: { type: 'REQUEST', http: { url: '/x' } } },
      { http_host: '', http_path: '/x' },
    ],
    [
      'with a host alone',
      { ...asked, l7: { type: 'REQUEST', http: { url: 'http://api' } } },
      { http_host: 'api', http_path: 'http://api' },
    ],
    [
      'that asks for a name',
      { ...asked, l7: { type: 'REQUEST', dns: { ...question, observation_source: 'proxy' } } },
      { l7_type: 'DNS', dns_name: 'api.shop.svc.cluster.local', dns_type: 'A', dns_rcode: '' },
    ],
    [
      'that answers with addresses',
      { ...answered, l7: { type: 'RESPONSE', dns: { ...question, ips: ['10.0.1.9'], ttl: 30, cnames: ['b.'] } } },
      { kind: 'l7_response', dns_rcode: 'NOERROR', dns_answers: ['10.0.1.9'], dns_ttl: 30, dns_cnames: ['b'] },
    ],
    [
      'that answers that there is no such name',
      { ...answered, l7: { type: 'RESPONSE', dns: { ...question, rcode: 3 } } },
      { dns_rcode: 'NXDOMAIN', dns_answers: [] },
    ],
    [
      'with a code nobody named',
      { ...answered, l7: { type: 'RESPONSE', dns: { rcode: 4000 } } },
      { dns_rcode: 'RCODE4000' },
    ],
    [
      'of Kafka',
      { ...answered, l7: { type: 'RESPONSE', kafka: { api_key: 'produce', topic: 'orders', error_code: 6 } } },
      { l7_type: 'KAFKA', l7_command: 'produce', l7_resource: 'orders', l7_error: 'CODE_6' },
    ],
  ])('%s', (_, given, said) => {
    expect(row(given)).toMatchObject(said);
  });
});

describe('a line', () => {
  it('may be a flow without anything around it', () => {
    const bare = readHubbleLine(JSON.stringify(aHubbleFlow()));
    expect(bare).toEqual(readHubbleLine(anExportLine(aHubbleFlow())));
  });

  it('names what the store has no column for, and what a later Hubble may have added', () => {
    const given = {
      ethernet: { source: 'a' },
      trace_observation_point: 'TO_STACK',
      interface: { index: 3 },
      aggregate: { ingress_flow_count: 2 },
      starlight: 1,
    };
    expect(flowLine(given).leftOut).toEqual([
      'ethernet',
      'source.ID',
      'destination.ID',
      'trace_observation_point',
      'interface.index',
      'starlight',
      'aggregate',
    ]);
  });

  it.each([
    [
      'lost events',
      { lost_events: { source: 'HUBBLE_RING_BUFFER', num_events_lost: '12', cpu: 5 } },
      { is: 'lost', source: 'HUBBLE_RING_BUFFER', count: 12 },
    ],
    [
      'the state of nodes',
      { node_status: { state_change: 'NODE_UNAVAILABLE', node_names: ['worker-2'], message: 'gone' } },
      { is: 'node_status', state: 'NODE_UNAVAILABLE', nodes: ['worker-2'], message: 'gone' },
    ],
    ['an agent event', { agent_event: { type: 'AGENT_STARTED' } }, { is: 'other', name: 'agent_event' }],
    ['a debug event', { debug_event: {} }, { is: 'other', name: 'debug_event' }],
  ])('may be %s', (_, given, value) => {
    expect(readHubbleLine(JSON.stringify({ ...given, node_name: 'prod/worker-1', time: at }))).toEqual({
      ok: true,
      value,
    });
  });

  it.each([
    ['{"flow":{"time":', 'this is no whole JSON object: the line is cut off'],
    ['{nothing}', 'this is no JSON'],
    ['[1]', 'this is no JSON object'],
    ['{"hello":1}', 'this is no flow of Hubble: it has neither "flow" nor the fields of one'],
    [anExportLine(aHubbleFlow({ verdict: 'MAYBE' })), 'verdict: Hubble has no "MAYBE" here'],
    [anExportLine(aHubbleFlow({ time: 'today' })), 'time: this is no time in UTC such as 2026-11-23T12:00:00.5Z'],
    [anExportLine(aHubbleFlow({ time: '2026-13-23T12:00:00Z' })), 'time: this time is outside of what the store holds'],
    [JSON.stringify(aHubbleFlow({ time: undefined })), 'it has no time'],
    [anExportLine(aHubbleFlow({ IP: { source: 'here' } })), 'IP.source: this is no address'],
    [
      anExportLine(aHubbleFlow({ l4: { TCP: { source_port: 70_000 } } })),
      'l4.TCP.source_port: Too big: expected number to be <=65535',
    ],
    [anExportLine(aHubbleFlow({ source: { labels: 'a' } })), 'source.labels: expected array, received string'],
    [
      anExportLine(aHubbleFlow({ l7: { type: 'RESPONSE', latency_ns: '18446744073709551615' } })),
      'l7.latency_ns: longer than the time since 1970',
    ],
  ])('that is %s is refused: %s', (text, error) => {
    expect(readHubbleLine(text)).toEqual({ ok: false, error });
  });

  it('has one id, however often and wherever it is written', () => {
    const id = (of: Given): string => row(of).id;
    expect(id({})).toBe(id({ Summary: 'otherwise' }));
    expect(id({})).not.toBe(id({ uuid: '9d6bc5ae-3f0e-4c6f-8a55-6a8c0c3c3a11' }));
    const nameless = { uuid: undefined };
    expect(id(nameless)).toBe(id(nameless));
    expect(id(nameless)).not.toBe(id({ ...nameless, is_reply: true }));
  });

  it('belongs to the conversation of both directions', () => {
    const l4 = { TCP: { source_port: 8080, destination_port: 45240 } };
    expect(row({ ...back, l4 }).connection_id).toBe(row({}).connection_id);
    expect(row({ l4 }).connection_id).not.toBe(row({}).connection_id);
  });

  it.each([
    [anExportLine({}), true],
    [JSON.stringify(aHubbleFlow()), true],
    ['{"time":"2026-11-23T12:00:00Z","id":"1","src_ip":"::","verdict":"DROPPED","interface":"lo"}', false],
    ['[]', false],
    ['null', false],
  ])('%s is one of Hubble: %s', (text, is) => {
    expect(isHubbleLine(JSON.parse(text))).toBe(is);
  });
});

/** What a row says in the words of the API, as far as Hubble's lines carry it. */
function carried(flow: Flow): Record<string, unknown> {
  const isExchange = flow.kind === 'l7_request' || flow.kind === 'l7_response';
  return {
    id: BigInt.asUintN(64, BigInt(flow.id)).toString(),
    verdict: flow.verdict,
    direction: flow.direction,
    is_reply: flow.isReply === null ? 'unknown' : flow.isReply ? 'yes' : 'no',
    src_ip: flow.from.ip,
    dst_ip: flow.to.ip,
    src_identity: flow.from.identity,
    dst_namespace: flow.to.namespace,
    src_pod: flow.from.pod,
    src_labels: flow.from.labels.filter((label) => label !== ''),
    dst_names: flow.to.names.filter((name) => name !== ''),
    interface: flow.interface,
    trace_id: flow.traceId,
    latency_ns: flow.kind === 'l7_response' ? (flow.l7?.latencyNs ?? '0') : '0',
    kind: isExchange || flow.kind === 'policy_verdict' ? flow.kind : expect.any(String),
  };
}

it('is read as the flow that it was written of, under its own id', () => {
  fc.assert(
    fc.property(anyFlow, (given) => {
      // A name of a node has no slash in it.
      const flow = { ...given, time: '2026-11-23T12:00:00.5Z', node: given.node.replaceAll('/', '') };
      const [first = ''] = exportLines([flow]);
      const line = readHubbleLine(first);
      expect(line).toMatchObject({ ok: true, value: { is: 'flow', row: { ...carried(flow), source: 'import' } } });
    }),
  );
});
