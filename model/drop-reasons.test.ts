import { describe, expect, it } from 'vitest';
import { refineDropReason, refinedReasons } from './drop-reasons.ts';

describe('a drop without a reason', () => {
  it.each([
    ['a blackhole of IPv4', 'ip_error', 22, 'ROUTE_BLACKHOLE'],
    ['a blackhole of IPv6', 'dst_discard_out', 22, 'ROUTE_BLACKHOLE'],
    ['an unreachable route', 'ip_error', 113, 'ROUTE_UNREACHABLE'],
    ['a prohibited route', 'ip_error', 13, 'ROUTE_PROHIBIT'],
    ['an input error without a route', 'ip_error', 0, 'INPUT_ERROR'],
    ['a function as the compiler split it', 'veth_xmit.constprop.0', 0, 'VETH_PEER_REFUSED'],
  ])('of %s has one by its place', (_name, location, routeError, word) => {
    expect(refineDropReason('NOT_SPECIFIED', location, routeError)).toBe(word);
  });

  it('keeps the word of the kernel at a place that nobody knows', () => {
    expect(refineDropReason('NOT_SPECIFIED', 'some_driver_xmit', 0)).toBe('NOT_SPECIFIED');
    expect(refineDropReason('NOT_SPECIFIED', '0xffffffff81000001', 0)).toBe('NOT_SPECIFIED');
  });
});

describe('a drop with a reason', () => {
  it('keeps it wherever it happens', () => {
    expect(refineDropReason('NETFILTER_DROP', 'ip_error', 22)).toBe('NETFILTER_DROP');
    expect(refineDropReason('IP_INNOROUTES', 'ip_error', 101)).toBe('IP_INNOROUTES');
  });

  it('of a missing route that was prohibited says that', () => {
    expect(refineDropReason('IP_INNOROUTES', 'ip6_pkt_prohibit', 13)).toBe('ROUTE_PROHIBIT');
  });
});

it('every word is made once and explained in a sentence', () => {
  expect(new Set(refinedReasons.map((row) => row.word)).size).toBe(refinedReasons.length);
  for (const row of refinedReasons) {
    expect(row.sentence).toMatch(/^[A-Z].*\.$/);
    expect(row.locations ?? row.routeError).toBeDefined();
  }
});
