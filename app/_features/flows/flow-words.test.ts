import { describe, expect, test } from 'vitest';

import type { Flow } from '../../../model/api.ts';
import { aLayer7 } from '../../../model/flow.fixture.ts';
import { flowsOf, labWorld, seeded } from '../../testing/fixture-data.ts';
import { hasFailed, rowSummary } from './flow-words.ts';

const [any] = flowsOf(labWorld(0), 0, 1, seeded(1));
const aFlow = (of: Partial<Flow>): Flow => {
  if (any === undefined) throw new Error('the fixture made no flow');
  return { ...any, kind: 'connection_update', l7: null, summary: 'TCP Flags: ACK', ...of };
};
const l7 = (of: Partial<NonNullable<Flow['l7']>>): Flow['l7'] => aLayer7({ latencyNs: '1500000', ...of });
const http = { method: 'GET', host: 'api', path: '/orders/1?full=1', status: 500, protocol: 'HTTP/1.1' };
const dns = { name: 'payment.stripe.com', type: 'A', rcode: 'NOERROR', answers: ['198.51.100.10'], ttl: 5, cnames: [] };

test.each([
  ['HTTP: status, method and path', aFlow({ l7: l7({ http }) }), '500 GET /orders/1?full=1 in 1.5 ms'],
  [
    'HTTP without an answer',
    aFlow({ l7: l7({ http: { ...http, status: 0 }, latencyNs: '0' }) }),
    'no answer GET /orders/1?full=1',
  ],
  ['DNS with its answer', aFlow({ l7: l7({ dns }) }), 'NOERROR payment.stripe.com A = 198.51.100.10 in 1.5 ms'],
  [
    'DNS without one',
    aFlow({ l7: l7({ dns: { ...dns, rcode: '', answers: [] }, latencyNs: '0' }) }),
    'no answer payment.stripe.com A',
  ],
  ['a drop: where', aFlow({ kind: 'drop', dropLocation: 'nft_do_chain' }), 'TCP Flags: ACK at nft_do_chain'],
  ['anything else: as hubble observe has it', aFlow({}), 'TCP Flags: ACK'],
])('%s', (_name, flow, words) => {
  expect(rowSummary(flow)).toBe(words);
});

describe('rowSummary of newer facts', () => {
  test.each([
    [
      'a failed connect',
      aFlow({ connectResult: 'NO_ANSWER', socketError: 'ETIMEDOUT' }),
      'connect no answer (ETIMEDOUT)',
    ],
    [
      'a database command that failed',
      aFlow({
        l7: aLayer7({
          type: 'POSTGRESQL',
          command: 'SELECT',
          resource: 'orders',
          error: '42P01',
          latencyNs: '2000000',
        }),
      }),
      '42P01 SELECT orders in 2 ms',
    ],
    [
      'a gRPC call',
      aFlow({
        l7: aLayer7({
          type: 'GRPC',
          grpcStatus: 'UNAVAILABLE',
          http: { method: 'POST', host: 'cart', path: '/cart.Cart/Add', status: 200, protocol: 'HTTP/2' },
        }),
      }),
      'UNAVAILABLE /cart.Cart/Add',
    ],
  ])('%s', (_, flow, words) => {
    expect(rowSummary(flow)).toBe(words);
    expect(hasFailed(flow)).toBe(true);
  });
});
