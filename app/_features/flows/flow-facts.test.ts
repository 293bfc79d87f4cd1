import { describe, expect, test } from 'vitest';

import { aFlow, aLayer7, anEndpoint } from '../../../model/flow.fixture.ts';
import { parseFilter } from '../../../model/filter/parse.ts';
import { factGroups } from './flow-facts.ts';
import { hubbleCommand } from './hubble-command.ts';

const rich = aFlow({
  connectResult: 'NO_ANSWER',
  socketError: 'ETIMEDOUT',
  encrypted: true,
  encryption: 'wireguard',
  tunnel: { type: 'VXLAN', id: 7, isOutside: false },
  askedFor: { ip: '10.96.0.10', port: 80 },
  handshakeUs: 1500,
  retransmits: 4,
  zeroWindows: 2,
  resets: 1,
  icmpErrors: 3,
  l7: aLayer7({
    type: 'POSTGRESQL',
    command: 'SELECT',
    resource: 'my orders',
    error: '42P01',
    tlsVersion: 'TLS 1.3',
    alpn: 'h2',
    grpcStatus: 'OK',
  }),
});
const shown = new Map(factGroups(rich).flatMap(({ rows }) => rows.map((row) => [row[0], row] as const)));

describe('the facts of a flow', () => {
  test.each([
    ['Connecting', 'no-answer'],
    ['Socket error', 'ETIMEDOUT'],
    ['Encrypted', 'yes, wireguard'],
    ['Tunnel', 'inside of VXLAN 7'],
    ['Asked for', '10.96.0.10:80'],
    ['Handshake', '1.5 ms'],
    ['Zero windows', '2'],
    ['Resets', '1'],
    ['ICMP errors', '3'],
    ['Command', 'SELECT'],
    ['Resource', 'my orders'],
    ['Error', '42P01'],
    ['TLS', 'TLS 1.3'],
    ['ALPN', 'h2'],
    ['gRPC status', 'OK'],
  ])('have %s', (name, value) => {
    expect(shown.get(name)?.[1]).toBe(value);
  });

  test('lead to filters that parse', () => {
    const terms = [...shown.values()].flatMap(([, value, term]) => (value === '' || term === undefined ? [] : [term]));
    expect(terms.length).toBeGreaterThan(14);
    for (const term of terms) expect(parseFilter(term), term).toMatchObject({ ok: true });
  });
});

describe('hubbleCommand', () => {
  test('names pods, names and ports, and the second around the flow', () => {
    const flow = aFlow({
      time: '2026-11-23T09:41:23.501123456Z',
      verdict: 'DROPPED',
      from: anEndpoint({ namespace: 'production', pod: 'api-1' }),
      to: anEndpoint({ names: ['payment.stripe.com'], port: 443 }),
    });
    expect(hubbleCommand(flow)).toBe(
      'hubble observe --since 2026-11-23T09:41:22.501Z --until 2026-11-23T09:41:24.501Z --from-pod production/api-1 --to-fqdn payment.stripe.com --to-port 443 --protocol tcp --verdict DROPPED',
    );
  });

  test('quotes what a shell would read', () => {
    expect(hubbleCommand(aFlow({ to: anEndpoint({ names: ["it's; rm"] }) }))).toContain("--to-fqdn 'it'\\''s; rm'");
  });
});
