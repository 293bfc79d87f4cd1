import { describe, expect, it } from 'vitest';
import { all, type Filter } from '../../model/filter/ast.ts';
import { parseFilter } from '../../model/filter/parse.ts';
import { buildDrops } from './drops.ts';
import { buildExchanges } from './exchanges.ts';
import { buildSeries } from './series.ts';
import {
  buildEdges,
  buildEnds,
  buildOutcomes,
  buildWorkloads,
  type EdgeRow,
  type EndsRow,
  type OutcomeRow,
} from './map-sql.ts';
import { assembleMap, budgetOf, chooseEdges } from './assemble-map.ts';
import { buildConnection, buildFlows, timeNs } from './flows.ts';
import { buildEndpoints, buildPods } from './endpoints.ts';
import { buildLive, nextMark } from './live.ts';
import { buildTop } from './top.ts';
import { buildCounters, buildGaps } from './coverage.ts';
import { newestFlowSql, statusSql } from './status.ts';
import { buildDisks, buildFlowPartitions, buildStoredTables } from './storage.ts';

function parsed(text: string): Filter {
  const result = parseFilter(text);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const range = { fromMs: 1_700_000_000_000, toMs: 1_700_003_600_000 };

const edgeRow = (of: Partial<EdgeRow>): EdgeRow => ({
  cluster: 'c',
  from_key: '1',
  to_key: '2',
  pair: '7',
  counts: ['1', '2', '3', '4', '0'],
  exchanges: ['0', '0', '0', 'source'],
  drops: '0',
  totals: ['1', '6', '0', '2'],
  first_ms: '1',
  last_ms: '2',
  ...of,
});
const outcomeRow = (of: Partial<OutcomeRow>): OutcomeRow => ({
  pair: '7',
  reporter: 'source',
  latency: [[], []],
  statuses: [[], []],
  reasons: [[], []],
  ...of,
});
const endsRow = (of: Partial<EndsRow>): EndsRow => ({
  pair: '7',
  reporter: 'source',
  ports: [],
  l7_ports: [],
  from_ips: [],
  to_ips: [],
  from_endpoints: [],
  to_endpoints: [],
  ...of,
});

describe('the text of the queries', () => {
  it.each(['workload', 'namespace', 'pod'] as const)('of a map grouped by %s', (grouping) => {
    const input = { range, filter: all, grouping, limit: 10 };
    const edges = buildEdges(input);
    expect(edges.params).toMatchSnapshot();
    for (const { text } of [edges, buildOutcomes(input, ['7']), buildEnds(input, ['7']), buildWorkloads(['7'])]) {
      expect(text).toMatchSnapshot();
      expect(text).toMatch(/\nLIMIT /);
    }
  });

  it('of series and drops, from rollups and from flows', () => {
    for (const filter of [all, parsed('ns:shop'), parsed('pod:api-1')]) {
      expect(buildSeries({ range, filter, points: 60 }).text).toMatchSnapshot();
      expect(buildDrops({ range, filter, limit: 10, sinceMs: null }).text).toMatchSnapshot();
    }
  });

  it.each(['routes', 'dns', 'commands'] as const)('of %s, from the rollup and from flows', (topic) => {
    for (const filter of [all, parsed('pod:api-1')]) {
      const { text, params } = buildExchanges({ topic, range, filter, order: 'slowest', limit: 10 });
      expect(text).toMatchSnapshot();
      expect(Object.values(params)).toContain(10);
    }
  });

  it.each(['edge', 'to.ns', 'from.pod', 'http.path', "from.label:a'b"] as const)('of a breakdown by %s', (by) => {
    for (const measure of ['bytes', 'latency'] as const) {
      const { text, params } = buildTop({ range, filter: all, by, measure, limit: 10, points: 60 });
      expect(text).toMatchSnapshot();
      expect(text).not.toContain("a'b");
      expect(Object.values(params)).toContain(11);
    }
  });

  it('of flows, endpoints, live, coverage and status', () => {
    const before = { timeNs: '1700000000000000001', id: '7' };
    const texts = [
      buildFlows({ range, filter: all, limit: 10, before }),
      buildConnection({ range, connectionId: '18446744073709551615', limit: 10 }),
      buildEndpoints(['7']),
      buildPods(['7']),
      buildLive({ fromMs: 5, seen: [['7', 6]] }, 10),
      buildCounters(range),
      buildGaps(range),
      statusSql,
      newestFlowSql,
      buildStoredTables(null),
      buildFlowPartitions(null),
      buildDisks(null),
      buildDisks('three'),
    ].map(({ text }) => text);
    expect(texts).toMatchSnapshot();
    for (const text of texts) expect(text).toMatch(/\nLIMIT /);
  });
});

describe('a map', () => {
  it('keeps edges with drops, and the first others whose nodes fit', () => {
    const totals: EdgeRow['totals'] = ['9', '600', '4', '12'];
    const drops = edgeRow({ from_key: '5', to_key: '6', drops: '4', totals });
    const rows = [edgeRow({ totals }), edgeRow({ to_key: '3', totals }), edgeRow({ to_key: '4', totals }), drops];
    const chosen = chooseEdges(rows, 3);
    expect(chosen).toEqual([rows[0], rows[1], drops]);
    expect(budgetOf(rows, chosen)).toEqual({
      nodes: { shown: 5, total: 12 },
      edges: { shown: 3, total: 9 },
      bytes: { shown: 15, total: 600 },
      drops: { shown: 4, total: 4 },
    });
  });

  it('counts a node that talks to itself as one', () => {
    const rows = [edgeRow({ to_key: '1' }), edgeRow({ to_key: '2' })];
    expect(chooseEdges(rows, 2)).toEqual(rows);
    expect(chooseEdges(rows, 1)).toEqual(rows.slice(0, 1));
  });

  it('gathers what was seen of a node from all its edges, up to eight of each', () => {
    const ips = (from: number): string[] => Array.from({ length: 6 }, (_, i) => `::ffff:10.0.0.${from + i}`);
    const rows = [edgeRow({ pair: '7' }), edgeRow({ pair: '8', to_key: '3' })];
    const ends = [endsRow({ pair: '7', from_ips: ips(0) }), endsRow({ pair: '8', from_ips: ips(3) })];
    const { nodes } = assembleMap(rows, [], ends, [{ id: '1', namespace: 'shop', kind: 'Deployment', name: 'a' }]);
    const addresses = nodes.find(({ id }) => id === 'c/shop/Deployment/a')?.addresses;
    expect(addresses).toHaveLength(8);
    expect(addresses?.[0]).toBe('10.0.0.0');
  });

  it('shows an end that did not reach the store by its address, and one with a name by that', () => {
    const rows = [edgeRow({ to_key: '/name/a/b' })];
    const { edges } = assembleMap(rows, [], [endsRow({ from_ips: ['::ffff:10.0.0.9'] })], []);
    expect(edges[0]?.id).toBe('c//address/10.0.0.9>c//name/a/b');
  });

  it('lists a port with the protocol spoken on it, whoever told of it', () => {
    const ends = [
      endsRow({ ports: [['TCP', 80]] }),
      endsRow({
        reporter: 'destination',
        ports: [
          ['TCP', 80],
          ['TCP', 5432],
        ],
        l7_ports: [['TCP', 80, 'HTTP']],
      }),
    ];
    expect(assembleMap([edgeRow({})], [], ends, []).edges[0]?.protocols).toEqual([
      { l4: 'TCP', port: 80, l7: 'HTTP' },
      { l4: 'TCP', port: 5432, l7: '' },
    ]);
  });

  it('takes exchanges from the account that counts, and drops from all', () => {
    const drops = (packets: string): OutcomeRow['reasons'] => [['NO_SOCKET\ntcp_v4_rcv'], [packets]];
    const outcomes = [
      outcomeRow({ reporter: 'source', statuses: [['200'], ['3']], reasons: drops('2') }),
      outcomeRow({ reporter: 'destination', statuses: [['500'], ['3']], reasons: drops('5') }),
    ];
    const [edge] = assembleMap([edgeRow({ exchanges: ['3', '0', '0', 'source'] })], outcomes, [], []).edges;
    expect(edge).toMatchObject({
      statuses: [{ status: '200', count: 3 }],
      dropReasons: [{ reason: 'NO_SOCKET', location: 'tcp_v4_rcv', packets: 7 }],
    });
  });
});

describe('nextMark', () => {
  const row = (id: string, ms: number): { id: string; ingested_ms: string } => ({ id, ingested_ms: String(ms) });

  it('goes back from the newest arrival and remembers what it has seen since', () => {
    const mark = nextMark({ fromMs: 0, seen: [['a', 9000]] }, [row('c', 10_000), row('b', 5000)], false);
    expect(mark).toEqual({
      fromMs: 7000,
      seen: [
        ['c', 10_000],
        ['a', 9000],
      ],
    });
    expect(nextMark(mark, [], false)).toEqual(mark);
  });

  it('does not come back to what it skipped', () => {
    expect(nextMark({ fromMs: 0, seen: [['a', 1]] }, [row('c', 10_000)], true)).toEqual({ fromMs: 10_000, seen: [] });
  });
});

describe('timeNs', () => {
  it('reads the nanoseconds of a printed time', () => {
    expect(timeNs('2026-11-23T12:00:00.000000001Z')).toBe(1_795_435_200_000_000_001n);
    expect(timeNs('2026-11-23T12:00:00Z')).toBe(1_795_435_200_000_000_000n);
    expect(() => timeNs('yesterday')).toThrow(RangeError);
  });
});
