import { describe, expect, it } from 'vitest';
import { flowSchema } from '../model/api.ts';
import { renderFlow } from './render-flow.ts';
import { aRow } from './testing/fake-store.ts';

describe('a rendered row', () => {
  it('keeps 64-bit numbers, nanoseconds and addresses whole', () => {
    const row = aRow({ bytes_to_dst: '18446744073709551615', src_ip: '::ffff:10.0.0.1', dst_ip: '2001:db8::1' });
    expect(flowSchema.parse(renderFlow(row))).toMatchObject({
      connectionId: '18446744073709551615',
      time: '2026-11-23T12:00:00.000000001Z',
      bytesToDst: '18446744073709551615',
      from: { ip: '10.0.0.1' },
      to: { ip: '2001:db8::1' },
      peer: null,
      l7: null,
    });
  });

  it('names its ends as the map does', () => {
    const row = aRow({ dst_namespace: 'production', dst_workload: 'api', dst_workload_kind: 'Deployment' });
    expect(renderFlow(row).to.node).toBe('default/production/Deployment/api');
  });

  it('has a layer 7 part with what was spoken', () => {
    const http = renderFlow(
      aRow({ kind: 'l7_response', l7_type: 'HTTP', http_method: 'GET', http_path: '/', http_status: 200 }),
    );
    const dns = renderFlow(aRow({ kind: 'l7_request', l7_type: 'DNS', dns_name: 'a.b', dns_type: 'A' }));
    const tls = renderFlow(aRow({ tls_sni: 'a.b' }));
    expect(http.l7).toMatchObject({ type: 'HTTP', http: { method: 'GET', status: 200 }, dns: null });
    expect(dns.l7).toMatchObject({ type: 'DNS', http: null, dns: { name: 'a.b' } });
    expect(dns.summary).toBe('DNS Query a.b. A');
    expect(tls.l7).toMatchObject({ type: '', http: null, dns: null, sni: 'a.b' });
  });

  it('knows what it does not know', () => {
    expect(renderFlow(aRow({ is_reply: 'unknown' })).isReply).toBeNull();
    expect(renderFlow(aRow({ is_reply: 'yes', encrypted: 'no' }))).toMatchObject({ isReply: true, encrypted: false });
  });

  it('has the other end beside it when this node saw both', () => {
    const row = aRow({ both_ends: 1, peer_bytes_to_dst: '5', peer_packets_to_src: '6' });
    expect(renderFlow(row).peer).toEqual({ bytesToDst: '5', bytesToSrc: '0', packetsToDst: 0, packetsToSrc: 6 });
  });
});
