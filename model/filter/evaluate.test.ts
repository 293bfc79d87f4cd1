import { describe, expect, it } from 'vitest';
import { anEndpoint, aFlow, aLayer7 } from '../flow.fixture.ts';
import type { Flow } from '../api.ts';
import { evaluateFilter } from './evaluate.ts';
import { parseFilter } from './parse.ts';

function passes(text: string, flow: Flow): boolean {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error.message}`);
  return evaluateFilter(parsed.value)(flow);
}

const request = aFlow({
  kind: 'l7_response',
  from: anEndpoint({ namespace: 'production', pod: 'frontend-5d', ip: '10.0.1.2', port: 40_000 }),
  to: anEndpoint({
    namespace: 'production',
    pod: 'api-7f9',
    ip: 'fd00::5',
    port: 8080,
    labels: ['k8s:app=api', 'k8s:io.kubernetes.pod.namespace=production'],
    names: ['API.internal.example.com', 'other'],
  }),
  bytesToDst: '600000',
  bytesToSrc: '600000',
  isReply: false,
  l7: aLayer7({
    latencyNs: '120000000',
    http: { method: 'GET', host: 'api', path: '/v1/Orders', status: 503, protocol: 'HTTP/1.1' },
  }),
});
const drop = aFlow({ kind: 'drop', verdict: 'DROPPED', dropReason: 'NETFILTER_DROP', isReply: null });

describe('a flow', () => {
  it.each([
    ['', true],
    ['ns:production', true],
    ['ns:Production', false],
    ['from.pod:front*', true],
    ['to.pod:front*', false],
    ['pod:front*', true],
    ['pod:*-7*', true],
    ['pod:a*7*9', true],
    ['pod:a*9*9', false],
    ['service:*', false],
    ['service:""', true],
    ['not to.pod:""', true],
    ['to.port:8080', true],
    ['port:40000', true],
    ['port:>8080', true],
    ['to.port:>8080', false],
    ['port:8000..9000', true],
    ['ip:10.0.0.0/8', true],
    ['ip:fd00::/16', true],
    ['to.ip:10.0.0.0/8', false],
    ['label:app=api', true],
    ['label:k8s:app=a*', true],
    ['label:any:app', false],
    ['label:app', true],
    ['label:app=""', false],
    ['label:pod', false],
    ['to.name:*.EXAMPLE.com', true],
    ['from.name:""', true],
    ['to.name:""', false],
    ['http.status:5xx', true],
    ['http.status:<503', false],
    ['http.method:get', true],
    ['http.path:/v1/orders', false],
    ['http.path:/v1/*', true],
    ['latency:>100ms', true],
    ['latency:>120ms', false],
    ['bytes:>1MB', true],
    ['protocol:http', true],
    ['protocol:tcp', true],
    ['protocol:icmp', false],
    ['event:l7', true],
    ['event:connection', false],
    ['reply:false', true],
    ['ns:production verdict:dropped', false],
    ['ns:other or verdict:forwarded', true],
    ['not (ns:other or verdict:dropped)', true],
  ])('with an HTTP exchange, %j: %s', (text, expected) => {
    expect(passes(text, request)).toBe(expected);
  });

  it.each([
    ['verdict:dropped reason:netfilter_drop', true],
    ['reason:*', true],
    ['reply:unknown', true],
    ['reply:true or reply:false', false],
    ['http.status:<500', false],
    ['http.status:0..500', false],
    ['http.status:0', true],
    ['latency:<1s', false],
    ['http.method:*', false],
  ])('that was dropped, %j: %s', (text, expected) => {
    expect(passes(text, drop)).toBe(expected);
  });
});
