import { describe, expect, it } from 'vitest';
import type { DropGroup, MapEdge } from '../model/api.ts';
import { compareDrops, compareEdges, compareNodes, type Side } from './compare-ranges.ts';

const hour = { fromMs: 0, toMs: 3_600_000 };
const twoHours = { fromMs: 3_600_000, toMs: 10_800_000 };
const threshold = { factor: 2, least: 10 };

const edge = (id: string, of: Partial<MapEdge> = {}): MapEdge => ({
  id,
  source: 'a',
  destination: id,
  protocols: [],
  connections: 100,
  bytesToDestination: '0',
  bytesToSource: '0',
  packets: 0,
  requests: 0,
  unanswered: 0,
  errors: 0,
  statuses: [],
  latencyMs: null,
  drops: 0,
  dropReasons: [],
  retransmits: 0,
  firstMs: 0,
  lastMs: 0,
  ...of,
});
const side = <T>(range: typeof hour, items: readonly T[], truncated = false): Side<T> => ({ range, items, truncated });

describe('compareEdges', () => {
  it('tells new, gone and changed edges, and leaves out what is as before', () => {
    const before = [edge('same'), edge('gone'), edge('failing', { errors: 5, requests: 100 })];
    const after = [edge('same'), edge('new'), edge('failing', { errors: 50, requests: 100 })];
    const { changes, uncertain } = compareEdges(side(hour, before), side(hour, after), threshold);
    expect(changes.map(({ change, id }) => [change, id])).toEqual([
      ['new', 'new'],
      ['gone', 'gone'],
      ['changed', 'failing'],
    ]);
    expect(changes[2]?.factors).toEqual([{ measure: 'errors', factor: 10 }]);
    expect(changes.map((change) => change.gone)).toEqual([null, before[1], null]);
    expect(uncertain).toBe(0);
  });

  it('compares rates, so that a range of twice the length is no change', () => {
    const twice = compareEdges(side(hour, [edge('a')]), side(twoHours, [edge('a', { connections: 200 })]), threshold);
    expect(twice.changes).toEqual([]);
    const equal = compareEdges(side(hour, [edge('a')]), side(twoHours, [edge('a')]), threshold);
    expect(equal.changes[0]?.factors).toEqual([{ measure: 'connections', factor: 0.5 }]);
  });

  it('takes few events for noise, and tells what began from nothing', () => {
    const from = side(hour, [edge('a')]);
    expect(compareEdges(from, side(hour, [edge('a', { drops: 9 })]), threshold).changes).toEqual([]);
    const { changes } = compareEdges(from, side(hour, [edge('a', { drops: 10 })]), threshold);
    expect(changes[0]?.factors).toEqual([{ measure: 'drops', factor: null }]);
    const bytes = edge('a', { bytesToSource: '9999' });
    expect(compareEdges(from, side(hour, [bytes]), threshold).changes).toEqual([]);
  });

  it('does not call an edge new or gone that a cut answer may have held', () => {
    const both = [side(hour, [edge('a')], true), side(hour, [edge('b')], true)] as const;
    expect(compareEdges(...both, threshold)).toEqual({ changes: [], uncertain: 2 });
  });
});

describe('compareNodes', () => {
  const node = (id: string) => ({ id, cluster: '', namespace: '', kind: 'unit', name: id, addresses: [], pods: [] });
  it('tells which nodes only one of the maps has', () => {
    const changes = compareNodes(side(hour, [node('stays'), node('left')]), side(hour, [node('stays'), node('came')]));
    expect(changes.map(({ change, node: { id } }) => [change, id])).toEqual([
      ['new', 'came'],
      ['gone', 'left'],
    ]);
  });

  it('says nothing of what a cut answer may have held', () => {
    expect(compareNodes(side(hour, [node('left')]), side(hour, [], true))).toEqual([]);
  });
});

describe('compareDrops', () => {
  it('tells groups apart by why, where, what and between whom', () => {
    const node = { id: 'a', cluster: 'c', namespace: '', kind: 'unit', name: 'a' };
    const group = (of: Partial<DropGroup>): DropGroup => ({
      reason: 'NO_SOCKET',
      location: 'tcp_v4_rcv',
      protocol: 'TCP',
      port: 80,
      source: node,
      destination: node,
      packets: 10,
      bytes: '0',
      firstMs: 0,
      lastMs: 0,
      isNew: null,
      trend: [],
      ...of,
    });
    const before = side(hour, [group({}), group({ port: 81 })]);
    const after = side(hour, [group({ packets: 40 }), group({ reason: 'NETFILTER_DROP' })]);
    const { changes } = compareDrops(before, after, threshold);
    expect(changes).toMatchObject([
      { change: 'new', reason: 'NETFILTER_DROP', packetsBefore: 0, packetsAfter: 10 },
      { change: 'gone', port: 81, packetsBefore: 10, packetsAfter: 0 },
      { change: 'changed', port: 80, factor: 4 },
    ]);
  });
});
