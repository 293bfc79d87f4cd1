import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Flow } from '../model/api.ts';
import { aFlow, aLayer7, anEndpoint } from '../model/flow.fixture.ts';
import { dropReasonOf, dropReasons } from './drop-reason.ts';
import { exportLines } from './flow-json.ts';
import { anyFlow } from './flow-json.fixture.ts';
import { hubbleExportSchema } from './hubble-flow.ts';

type Layer7 = NonNullable<Flow['l7']>;
type Dns = NonNullable<Layer7['dns']>;

const web = anEndpoint({
  ip: '10.0.1.7',
  port: 45240,
  namespace: 'shop',
  pod: 'web-5b9cc645cb-4slbs',
  workload: 'web',
  workloadKind: 'Deployment',
  labels: ['k8s:app=web'],
  identity: 26450,
});
const api = anEndpoint({
  ip: '10.0.1.9',
  port: 8080,
  namespace: 'shop',
  pod: 'api-0',
  workload: 'api',
  workloadKind: 'StatefulSet',
  service: 'api',
  labels: ['k8s:app=api'],
  identity: 32531,
  names: ['api.shop.svc.cluster.local'],
});
const request = { method: 'GET', host: 'api', path: '/orders?id=7', status: 503, protocol: 'HTTP/1.1' };
const question: Dns = { name: 'api.shop', type: 'A', rcode: 'NOERROR', answers: [], ttl: 0, cnames: [] };

/** The events of one flow, as a reader of the lines gets them. */
function exported(flow: Partial<Flow>): unknown[] {
  return exportLines([aFlow(flow)]).map((line): unknown => JSON.parse(line));
}

/** What the only line says of the flow. */
function one(flow: Partial<Flow>): unknown {
  const events = exported(flow);
  expect(events).toHaveLength(1);
  return hubbleExportSchema.parse(events[0]).flow;
}

function layer7(of: Partial<Layer7>): Layer7 {
  return aLayer7({ latencyNs: '4200000', ...of });
}

describe('a connection', () => {
  it('is one trace of layers 3 and 4, with nothing in it that we do not know', () => {
    const flow = aFlow({
      id: '42',
      time: '2026-11-23T12:00:00.120000000Z',
      from: web,
      to: api,
      tcpFlags: ['SYN', 'ACK'],
      interface: 'lxc0',
      encrypted: false,
    });
    expect(exported(flow)).toEqual([
      {
        flow: {
          time: '2026-11-23T12:00:00.120Z',
          uuid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
          verdict: 'FORWARDED',
          IP: { source: '10.0.1.7', destination: '10.0.1.9', ipVersion: 'IPv4' },
          l4: { TCP: { source_port: 45240, destination_port: 8080, flags: { SYN: true, ACK: true } } },
          source: {
            identity: 26450,
            cluster_name: 'default',
            namespace: 'shop',
            labels: ['k8s:app=web'],
            pod_name: 'web-5b9cc645cb-4slbs',
            workloads: [{ name: 'web', kind: 'Deployment' }],
          },
          destination: {
            identity: 32531,
            cluster_name: 'default',
            namespace: 'shop',
            labels: ['k8s:app=api'],
            pod_name: 'api-0',
            workloads: [{ name: 'api', kind: 'StatefulSet' }],
          },
          Type: 'L3_L4',
          node_name: 'default/node-1',
          destination_names: ['api.shop.svc.cluster.local'],
          event_type: { type: 4 },
          destination_service: { name: 'api', namespace: 'shop' },
          traffic_direction: 'EGRESS',
          is_reply: false,
          interface: { name: 'lxc0' },
          Summary: 'TCP Flags: SYN, ACK',
        },
        node_name: 'default/node-1',
        time: '2026-11-23T12:00:00.120Z',
      },
    ]);
  });

  it.each<[string, Partial<Flow>, object]>([
    ['UDP', { protocol: 'UDP', to: api }, { l4: { UDP: { destination_port: 8080 } }, Summary: 'UDP' }],
    ['SCTP', { protocol: 'SCTP', to: api }, { l4: { SCTP: { destination_port: 8080 } } }],
    ['an echo request', { protocol: 'ICMPv4', icmpType: 8 }, { l4: { ICMPv4: { type: 8 } } }],
    ['an echo reply, whose type is zero', { protocol: 'ICMPv4' }, { l4: { ICMPv4: {} } }],
    ['ICMP of IPv6', { protocol: 'ICMPv6', icmpType: 1, icmpCode: 4 }, { l4: { ICMPv6: { type: 1, code: 4 } } }],
    ['IPv6', { ipVersion: 6, encrypted: true }, { IP: { ipVersion: 'IPv6', encrypted: true } }],
    ['the answering direction', { isReply: true, direction: 'INGRESS' }, { is_reply: true, reply: true }],
    ['the far side reporting', { direction: 'INGRESS' }, { traffic_direction: 'INGRESS' }],
    ['IGMP', { protocol: 'IP-2' }, { l4: { IGMP: {} } }],
    ['VRRP', { protocol: 'IP-112' }, { l4: { VRRP: {} } }],
    [
      'the inside of a tunnel',
      { tunnel: { type: 'VXLAN', id: 7, isOutside: false } },
      { tunnel: { protocol: 'VXLAN', vni: 7 } },
    ],
    ['a traced request', { traceId: '4bf92f3577' }, { trace_context: { parent: { trace_id: '4bf92f3577' } } }],
    [
      'a policy that allowed it',
      { allowedBy: ['NetworkPolicy/shop/web'] },
      { egress_allowed_by: [{ name: 'web', namespace: 'shop', kind: 'NetworkPolicy' }] },
    ],
    [
      'policies that denied it on its way in',
      { direction: 'INGRESS', deniedBy: ['CiliumClusterwideNetworkPolicy//deny', '//bare'] },
      { ingress_denied_by: [{ name: 'deny', kind: 'CiliumClusterwideNetworkPolicy' }, { name: 'bare' }] },
    ],
    [
      "a socket's translation",
      { kind: 'unknown', verdict: 'TRANSLATED' },
      { verdict: 'TRANSLATED', Type: 'SOCK', event_type: { type: 7 } },
    ],
    ['a redirection', { verdict: 'REDIRECTED' }, { verdict: 'REDIRECTED', event_type: { type: 4 } }],
    ['a policy verdict', { kind: 'policy_verdict' }, { event_type: { type: 5 } }],
    [
      'a unit of the host',
      { from: anEndpoint({ workload: 'sshd.service', workloadKind: 'unit' }) },
      { source: { workloads: [{ name: 'sshd.service', kind: 'unit' }] } },
    ],
  ])('of %s', (_, flow, said) => {
    expect(one(flow)).toMatchObject(said);
  });

  it.each<[string, Partial<Flow>, string[]]>([
    ['a protocol that Hubble has no message for', { protocol: 'IP-47' }, ['l4']],
    ['an unknown direction', { direction: 'TRAFFIC_DIRECTION_UNKNOWN' }, ['traffic_direction']],
    ['an unknown side', { isReply: null }, ['is_reply', 'reply']],
    ['the opening side', { isReply: false }, ['reply']],
    ['no verdict', { verdict: 'VERDICT_UNKNOWN' }, ['verdict']],
    [
      'nothing more to tell',
      {},
      ['interface', 'l7', 'drop_reason', 'drop_reason_desc', 'source_names', 'source_service'],
    ],
    ['a tunnel seen from outside', { tunnel: { type: 'GENEVE', id: 7, isOutside: true } }, ['tunnel']],
    ['a function of the kernel', { dropLocation: 'nf_hook_slow' }, ['file']],
    ['what is no policy', { allowedBy: ['web'], deniedBy: [''] }, ['egress_allowed_by', 'egress_denied_by']],
    ['a TLS server name', { l7: layer7({ type: 'TLS', sni: 'example.com' }) }, ['l7']],
  ])('with %s lacks the fields', (_, flow, absent) => {
    const said = one(flow);
    for (const name of absent) expect(said).not.toHaveProperty(name);
  });

  it.each(['address', 'name', 'Service'])('makes no workload of a bare %s', (workloadKind) => {
    const said = one({ from: anEndpoint({ workload: 'x', workloadKind }) });
    expect(said).toMatchObject({ source: {} });
    expect(said).not.toHaveProperty('source.workloads');
    expect(said).not.toHaveProperty('source.cluster_name');
  });
});

describe('a drop', () => {
  it.each([
    ['drop', 'NETFILTER_DROP', undefined, 'DROP_REASON_UNKNOWN'],
    ['drop', 'POLICY_DENIED', 133, 'POLICY_DENIED'],
    ['connection_end', 'policy_denied', undefined, 'DROP_REASON_UNKNOWN'],
    ['connection_end', 'SERVICE_BACKEND_NOT_FOUND', 158, 'SERVICE_BACKEND_NOT_FOUND'],
    ['drop', 'DROP_PUNT_PROXY', 205, 'DROP_PUNT_PROXY'],
    ['drop', 'toString', undefined, 'DROP_REASON_UNKNOWN'],
  ])('of kind %s for %s has the reason %s %s', (kind, dropReason, code, name) => {
    const said = one({ kind, verdict: 'DROPPED', dropReason, tcpFlags: ['SYN'] });
    expect(said).toMatchObject({
      verdict: 'DROPPED',
      Type: 'L3_L4',
      event_type: code === undefined ? { type: 1 } : { type: 1, sub_type: code },
      drop_reason_desc: name,
      Summary: 'TCP Flags: SYN',
    });
    if (code === undefined) expect(said).not.toHaveProperty('drop_reason');
    else expect(said).toHaveProperty('drop_reason', code);
  });

  it("of Cilium's own has the line of its datapath", () => {
    expect(one({ kind: 'drop', dropLocation: 'bpf_lxc.c:1812' })).toMatchObject({
      file: { name: 'bpf_lxc.c', line: 1812 },
    });
  });

  it('has 76 reasons, each under its own code', () => {
    const codes = dropReasons.map((name) => dropReasonOf(name).code);
    expect(new Set(codes).size).toBe(76);
    expect(codes).not.toContain(159);
    expect(Math.max(...codes)).toBe(205);
  });
});

describe('an exchange', () => {
  const answered = { kind: 'l7_response', from: web, to: api, interface: 'lxc0' };

  it('is two flows: the answer back and later, the request before it', () => {
    const [response, sent, ...more] = exported({ ...answered, l7: layer7({ http: request }) });
    expect(more).toEqual([]);
    expect(response).toMatchObject({
      time: '2026-11-23T12:00:00.004200Z',
      flow: {
        time: '2026-11-23T12:00:00.004200Z',
        IP: { source: '10.0.1.9', destination: '10.0.1.7' },
        l4: { TCP: { source_port: 8080, destination_port: 45240 } },
        source: { pod_name: 'api-0' },
        destination: { pod_name: 'web-5b9cc645cb-4slbs' },
        Type: 'L7',
        source_names: ['api.shop.svc.cluster.local'],
        source_service: { name: 'api', namespace: 'shop' },
        event_type: { type: 129 },
        traffic_direction: 'EGRESS',
        is_reply: true,
        reply: true,
        l7: {
          type: 'RESPONSE',
          latency_ns: '4200000',
          http: { code: 503, method: 'GET', url: 'http://api/orders?id=7', protocol: 'HTTP/1.1' },
        },
        Summary: 'HTTP/1.1 503 4ms (GET http://api/orders?id=7)',
      },
    });
    expect(sent).toMatchObject({
      time: '2026-11-23T12:00:00Z',
      flow: {
        IP: { source: '10.0.1.7', destination: '10.0.1.9' },
        l4: { TCP: { source_port: 45240, destination_port: 8080 } },
        source: { pod_name: 'web-5b9cc645cb-4slbs' },
        destination_service: { name: 'api', namespace: 'shop' },
        traffic_direction: 'EGRESS',
        is_reply: false,
        Summary: 'HTTP/1.1 GET http://api/orders?id=7',
      },
    });
    expect(sent).toHaveProperty('flow.l7', {
      type: 'REQUEST',
      http: { method: 'GET', url: 'http://api/orders?id=7', protocol: 'HTTP/1.1' },
    });
  });

  it('without an answer is its request', () => {
    const said = one({
      ...answered,
      kind: 'l7_request',
      l7: layer7({ latencyNs: '0', http: { ...request, status: 0 } }),
    });
    expect(said).toMatchObject({ Type: 'L7', is_reply: false, l7: { type: 'REQUEST' } });
    expect(said).not.toHaveProperty('l7.latency_ns');
    expect(said).not.toHaveProperty('l7.http.code');
  });

  it.each<[string, Partial<Dns>, object]>([
    ['an address', { answers: ['10.96.118.37'], ttl: 30 }, { ips: ['10.96.118.37'], ttl: 30 }],
    ['an alias', { answers: ['b.shop', '10.0.0.1'] }, { ips: ['10.0.0.1'], cnames: ['b.shop.'] }],
    ['aliases apart', { type: 'HTTPS', answers: ['1 .'], cnames: ['b.shop', 'c'] }, { cnames: ['b.shop.', 'c.'] }],
    ['no such name', { rcode: 'NXDOMAIN' }, { rcode: 3 }],
    ['a code nobody named', { rcode: 'RCODE13' }, { rcode: 13 }],
    ['a mail host, which has no field', { type: 'MX', answers: ['mx.shop'] }, { qtypes: ['MX'] }],
    ['nothing', {}, {}],
  ])('of DNS answers %s', (_, of, said) => {
    const l7 = layer7({ type: 'DNS', dns: { ...question, ...of } });
    const [response, sent] = exported({ ...answered, protocol: 'UDP', l7 });
    const asked = { query: 'api.shop.', qtypes: [of.type ?? 'A'] };
    expect(response).toHaveProperty('flow.l7.dns', { ...asked, ...said });
    expect(sent).toHaveProperty('flow.l7', { type: 'REQUEST', dns: asked });
  });
});

describe('lines', () => {
  it('are newest first, an answer at its own time', () => {
    const at = (second: number) => `2026-11-23T12:00:0${second}.000000000Z`;
    const slow = aFlow({ kind: 'l7_response', time: at(1), l7: layer7({ latencyNs: '3000000000', http: request }) });
    const lines = exportLines([aFlow({ time: at(3) }), aFlow({ time: at(2) }), slow]);
    expect(lines.map((line) => hubbleExportSchema.parse(JSON.parse(line)).time)).toEqual([
      '2026-11-23T12:00:04Z',
      '2026-11-23T12:00:03Z',
      '2026-11-23T12:00:02Z',
      '2026-11-23T12:00:01Z',
    ]);
  });

  it('have an id each, the same whenever they are made', () => {
    const flows = [
      aFlow({ id: '1', kind: 'l7_response', l7: layer7({ http: request }) }),
      aFlow({ id: '2' }),
      aFlow({ id: '2', node: 'node-2' }),
    ];
    const ids = (): unknown[] => exportLines(flows).map((line) => hubbleExportSchema.parse(JSON.parse(line)).flow.uuid);
    expect(new Set(ids()).size).toBe(4);
    expect(ids()).toEqual(ids());
  });

  it('fit the schema and one line each, whatever the flow', () => {
    fc.assert(
      fc.property(fc.array(anyFlow, { maxLength: 4 }), (flows) => {
        const lines = exportLines(flows);
        const answered = flows.filter(({ kind }) => kind === 'l7_response').length;
        expect(lines).toHaveLength(flows.length + answered);
        for (const line of lines) {
          expect(line).not.toMatch(/[\r\n]/);
          hubbleExportSchema.parse(JSON.parse(line));
        }
      }),
    );
  });
});
