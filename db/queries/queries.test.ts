import { describe, expect, it } from 'vitest';
import { all, type Filter } from '../../model/filter/ast.ts';
import { parseFilter } from '../../model/filter/parse.ts';
import { buildDrops } from './drops.ts';
import { buildExchanges } from './exchanges.ts';
import { buildSeries } from './series.ts';
import { buildMap, type MapRow } from './map-sql.ts';
import { assembleMap } from './map.ts';
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

const aRow = (of: Partial<MapRow> = {}): MapRow => ({
  cluster: 'c',
  from_namespace: '',
  from_kind: 'process',
  from_name: 'a',
  to_namespace: '',
  to_kind: 'address',
  to_name: 'b',
  counts: ['1', '2', '3', '4', '5'],
  exchanges: ['0', '0', '0', [[], []], [[], []]],
  ports: [],
  l7_ports: [],
  drops: '0',
  reasons: [[], []],
  from_ips: [],
  to_ips: [],
  from_endpoints: [],
  to_endpoints: [],
  totals: ['1', '6', '0', '2'],
  first_ms: '1',
  last_ms: '2',
  ...of,
});

describe('the text of the queries', () => {
  it.each(['workload', 'namespace', 'pod'] as const)('of a map grouped by %s', (grouping) => {
    const { text, params } = buildMap({ range, filter: all, grouping, limit: 10 });
    expect(text).toMatchSnapshot();
    expect(params).toMatchSnapshot();
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

describe('assembleMap', () => {
  it('keeps edges with drops, and the first others whose nodes fit', () => {
    const totals: MapRow['totals'] = ['9', '600', '4', '12'];
    const drops = aRow({ from_name: 'e', to_name: 'f', drops: '4', totals });
    const rows = [aRow({ totals }), aRow({ to_name: 'c', totals }), aRow({ to_name: 'd', totals }), drops];
    const few = assembleMap(rows, 3);
    expect(few.edges.map(({ id }) => id)).toEqual([
      'c//process/a>c//address/b',
      'c//process/a>c//address/c',
      'c//process/e>c//address/f',
    ]);
    expect(few).toMatchObject({
      truncated: true,
      budget: {
        nodes: { shown: 5, total: 12 },
        edges: { shown: 3, total: 9 },
        bytes: { shown: 15, total: 600 },
        drops: { shown: 4, total: 4 },
      },
    });
    expect(assembleMap([aRow()], 9)).toMatchObject({ truncated: false });
  });

  it('gathers what was seen of a node from all its edges, up to eight of each', () => {
    const ips = (from: number): string[] => Array.from({ length: 6 }, (_, i) => `::ffff:10.0.0.${from + i}`);
    const { nodes } = assembleMap([aRow({ from_ips: ips(0) }), aRow({ to_name: 'c', from_ips: ips(3) })], 9);
    const addresses = nodes.find(({ name }) => name === 'a')?.addresses;
    expect(addresses).toHaveLength(8);
    expect(addresses?.[0]).toBe('10.0.0.0');
  });

  it('lists a port with the protocol spoken on it', () => {
    const row = aRow({
      ports: [
        ['TCP', 80],
        ['TCP', 5432],
      ],
      l7_ports: [['TCP', 80, 'HTTP']],
    });
    expect(assembleMap([row], 2).edges[0]?.protocols).toEqual([
      { l4: 'TCP', port: 80, l7: 'HTTP' },
      { l4: 'TCP', port: 5432, l7: '' },
    ]);
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
