import { describe, expect, test } from 'vitest';

import { anEdge } from '../../testing/map.fixture.ts';
import { edgeWords } from './edge-words.ts';

const names = { source: 'api', destination: 'payment.stripe.com' };
const clock = (): string => '09:14:02';
const words = (of: Parameters<typeof anEdge>[0]) => edgeWords(anEdge(of), names, 60, clock);

describe('an edge in words', () => {
  test('says what cannot be reached, how often it failed, where and since when', () => {
    const said = words({
      drops: 312,
      bytesToSource: '0',
      protocols: [{ l4: 'TCP', port: 443, l7: '' }],
      dropReasons: [{ reason: 'NETFILTER_DROP', location: 'nft_do_chain', packets: 312 }],
    });
    expect(said).toEqual({
      tone: 'dropped',
      headline: 'api cannot reach payment.stripe.com:443',
      detail: '312 packets dropped, NETFILTER_DROP at nft_do_chain, since 09:14:02. Nothing came back.',
    });
  });

  test('tells a loss from an outage', () => {
    const said = words({ drops: 3, packets: 297, dropReasons: [{ reason: 'NO_SOCKET', location: '', packets: 3 }] });
    expect(said.headline).toBe('api loses packets to payment.stripe.com:8080');
    expect(said.detail).toBe('3 packets dropped (1.0 %), NO_SOCKET.');
  });

  test('tells failing requests', () => {
    const said = words({ requests: 200, errors: 20, unanswered: 10 });
    expect(said.headline).toBe('15 % of requests to payment.stripe.com:8080 fail');
    expect(said.detail).toBe('20 errors and 10 unanswered of 200 requests.');
  });

  test('is calm when all is well', () => {
    const said = words({ requests: 120, latencyMs: { p50: 1, p95: 4, p99: 9 } });
    expect(said).toEqual({
      tone: 'plain',
      headline: 'api talks to payment.stripe.com:8080',
      detail: '2/s, 95 % within 4 ms, nothing dropped.',
    });
  });

  test('leaves the port out when there are several', () => {
    const protocols = [443, 80].map((port) => ({ l4: 'TCP', port, l7: '' }));
    expect(words({ protocols }).headline).toBe('api talks to payment.stripe.com');
  });
});
