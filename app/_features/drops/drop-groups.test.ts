import { describe, expect, test } from 'vitest';

import { parseFilter } from '../../../model/filter/parse.ts';
import { aFlow, anEndpoint } from '../../../model/flow.fixture.ts';
import { labWorld } from '../../testing/fixture-data.ts';
import { connectGroups, dropGroups, isNew } from './drop-groups.ts';
import { explain, problemFilter, problemTitle } from './problem-words.ts';

const lab = labWorld(60_000);
const nothing = { nodes: [], edges: [] };

describe('drops as problems', () => {
  test('are one group per reason and pair of ends', () => {
    const [group, ...others] = dropGroups(lab, nothing);
    expect(others).toEqual([]);
    expect(group).toMatchObject({ reason: 'NETFILTER_DROP', count: 312, before: 0, ports: [443] });
    expect(group === undefined ? '' : problemTitle(group)).toBe('api loses packets to payment.stripe.com:443');
  });

  test('are new when the stretch before had none, and not before that is known', () => {
    expect(dropGroups(lab, nothing).map(isNew)).toEqual([true]);
    expect(dropGroups(lab, lab).map(isNew)).toEqual([false]);
    expect(dropGroups(lab, null).map(isNew)).toEqual([false]);
  });

  test('of one edge at several places add up', () => {
    const edges = lab.edges.map((edge) =>
      edge.drops === 0
        ? edge
        : { ...edge, dropReasons: [...edge.dropReasons, { reason: 'NETFILTER_DROP', location: 'ip_rcv', packets: 8 }] },
    );
    expect(dropGroups({ ...lab, edges }, null)).toMatchObject([{ count: 320, location: 'nft_do_chain, ip_rcv' }]);
  });

  test('lead to their rows by a filter that parses', () => {
    for (const group of dropGroups(lab, null)) expect(parseFilter(problemFilter(group))).toMatchObject({ ok: true });
  });

  test('come with the command for their own destination', () => {
    const [group] = dropGroups(lab, null);
    const routed = group === undefined ? null : explain({ ...group, reason: 'IP_OUTNOROUTES' });
    expect(routed?.checks[0]).toBe('ip route get payment.stripe.com');
  });

  test('with a reason nobody knows say so', () => {
    const [group] = dropGroups(lab, null);
    expect(group === undefined ? '' : explain({ ...group, reason: 'FROM_THE_FUTURE' }).says).toContain(
      'not in the catalogue',
    );
  });
});

describe('failed connects as problems', () => {
  const refused = (atMs: number) =>
    aFlow({
      time: new Date(atMs).toISOString(),
      connectResult: 'REFUSED',
      connections: 1,
      from: anEndpoint({ node: 'c/shop/Deployment/web' }),
      to: anEndpoint({ node: 'c/shop/Deployment/api', port: 8080 }),
    });

  test('are counted per result and pair of ends', () => {
    const groups = connectGroups([refused(2_000), refused(1_000)], (flow) => Date.parse(flow.time));
    expect(groups).toMatchObject([{ kind: 'connect', count: 2, firstMs: 1_000, lastMs: 2_000, ports: [8080] }]);
    expect(groups.map(problemTitle)).toEqual(['web is refused by api:8080']);
    expect(groups.map((group) => parseFilter(problemFilter(group)).ok)).toEqual([true]);
  });

  test('are not made of connections that came about', () => {
    expect(connectGroups([aFlow({ connectResult: 'ESTABLISHED' })], () => 0)).toEqual([]);
  });
});
