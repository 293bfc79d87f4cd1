import { describe, expect, test } from 'vitest';

import type { ConnectionEnd } from '../../../model/api.ts';
import { aFlow, aLayer7 } from '../../../model/flow.fixture.ts';
import { conversationLines, lostBetween } from './conversation-words.ts';

const at = (seconds: number) => `2026-11-23T12:00:0${seconds}.000000000Z`;

test('a connection is told in order: opened, what was said, how it ended', () => {
  const http = { method: 'GET', host: 'api', path: '/orders', status: 500, protocol: 'HTTP/1.1' };
  const flows = [
    aFlow({ kind: 'connection_start', time: at(0), packetsToDst: 2, packetsToSrc: 1 }),
    aFlow({ kind: 'l7_response', time: at(1), l7: aLayer7({ http }) }),
    aFlow({ kind: 'drop', verdict: 'DROPPED', time: at(2), summary: 'TCP Flags: SYN' }),
    aFlow({ kind: 'connection_end', time: at(3), endCause: 'FIN', packetsToDst: 1 }),
  ];
  const lines = conversationLines({ flows });
  expect(lines.map(({ way, after, text, isSaid }) => [way, after, text, isSaid])).toEqual([
    ['both', '+0 ms', 'opened: 2 packets there, 1 back', false],
    ['both', '+1 s', '500 GET /orders', true],
    ['dropped', '+2 s', 'TCP Flags: SYN', true],
    ['both', '+3 s', 'ended by fin: 1 packet there, 0 back', false],
  ]);
});

describe('what was lost between the ends', () => {
  const end = (of: Partial<ConnectionEnd>): ConnectionEnd => ({
    node: 'n',
    reporter: 'source',
    rows: 1,
    bytesToDst: '0',
    bytesToSrc: '0',
    packetsToDst: 10,
    packetsToSrc: 8,
    retransmits: 0,
    exchanges: 0,
    droppedPackets: 0,
    firstMs: 0,
    lastMs: 0,
    ...of,
  });
  test('is what one end sent and the other did not count', () => {
    const ends = [end({}), end({ reporter: 'destination', packetsToDst: 7, packetsToSrc: 9 })];
    expect(lostBetween(ends)).toBe('Lost on the way: 3 packets to the destination and 1 packet to the source.');
  });
  test('is not known from one end', () => {
    expect(lostBetween([end({})])).toBeNull();
  });
  test('is nothing when both count the same', () => {
    expect(lostBetween([end({}), end({ reporter: 'destination' })])).toBeNull();
  });
});
