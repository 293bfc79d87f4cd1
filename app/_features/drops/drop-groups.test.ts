import { describe, expect, test } from 'vitest';

import { parseFilter } from '../../../model/filter/parse.ts';
import { aFlow, anEndpoint } from '../../../model/flow.fixture.ts';
import { dropsOf, labWorld } from '../../testing/fixture-data.ts';
import { connectGroups, dropGroups, dropsPart, isNew, sortProblems } from './drop-groups.ts';
import { explain, problemFilter, problemTitle } from './problem-words.ts';

const lab = dropsPart(dropsOf(labWorld(60_000), 0, 60_000));
const nothing = { groups: [], isCut: false };

describe('drops as problems', () => {
  test('are one group per reason, pair of ends and port', () => {
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

  test('are not called new when the stretch before was cut', () => {
    expect(dropGroups(lab, { groups: [], isCut: true })).toMatchObject([{ before: null }]);
  });

  test('at several places add up, bucket by bucket', () => {
    const elsewhere = lab.groups.map((group) => ({
      ...group,
      location: 'ip_rcv',
      packets: 8,
      trend: [8],
      firstMs: -900_000,
    }));
    const [one] = dropGroups({ ...lab, groups: [...elsewhere, ...lab.groups] }, null);
    expect(one).toMatchObject({ count: 320, location: 'ip_rcv, nft_do_chain', firstMs: -900_000 });
    expect(one?.trend.reduce((sum, packets) => sum + packets, 0)).toBe(320);
  });

  test('at another port are another problem', () => {
    const other = lab.groups.map((group) => ({ ...group, port: 80 }));
    expect(dropGroups({ ...lab, groups: [...other, ...lab.groups] }, lab)).toMatchObject([
      { ports: [80], before: 0 },
      { ports: [443], before: 312 },
    ]);
  });

  test('stand in the order that was chosen', () => {
    const early = lab.groups.map((group) => ({
      ...group,
      port: 80,
      packets: 900,
      firstMs: -900_000,
      lastMs: -800_000,
    }));
    const groups = dropGroups({ ...lab, groups: [...early, ...lab.groups] }, null);
    const ports = (order: 'worst' | 'latest' | 'newest') => sortProblems(groups, order).flatMap((group) => group.ports);
    expect([ports('worst'), ports('latest'), ports('newest')]).toEqual([
      [80, 443],
      [443, 80],
      [443, 80],
    ]);
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
