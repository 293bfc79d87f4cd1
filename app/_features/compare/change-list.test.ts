import { describe, expect, test } from 'vitest';

import { aChange, aDiff, aDropChange } from '../../testing/diff.fixture.ts';
import { listChanges } from './change-list.ts';

const said = (diff: Parameters<typeof listChanges>[0]) =>
  listChanges(diff).map(({ title, changes }) => [title, ...changes.map((item) => `${item.title}: ${item.detail}`)]);

describe('the list of what changed', () => {
  test('begins with new drops, then what is new, gone and changed, and ends with drops that stopped', () => {
    const diff = aDiff({
      edges: [
        aChange('new', 'web', 'api', { after: { requests: 12, bytes: 2000, connections: 3 } }),
        aChange('gone', 'api', 'cache', { before: { connections: 7, bytes: 10 } }),
        aChange('changed', 'web', 'search', {
          before: { requests: 10 },
          after: { requests: 32 },
          factors: [{ measure: 'requests', factor: 3.2 }],
        }),
      ],
      drops: [
        aDropChange({ change: 'gone', port: 53, packetsBefore: 9, packetsAfter: 0 }),
        aDropChange({ change: 'changed', port: 80, packetsBefore: 20, packetsAfter: 5, factor: 0.25 }),
        aDropChange(),
      ],
    });
    expect(said(diff)).toEqual([
      ['New drops', 'api → postgres:5432: NETFILTER_DROP: 42 packets dropped, none before'],
      ['New', 'web → api: 12 requests, 2 kB'],
      ['Gone', 'api → cache: had 7 connections, 10 B'],
      ['Changed', 'web → search: requests ×3.2 (10 → 32)'],
      [
        'Fewer drops',
        'api → postgres:53: NETFILTER_DROP: none dropped, 9 before',
        'api → postgres:80: NETFILTER_DROP: 5 packets dropped, ×0.25',
      ],
    ]);
  });

  test('puts the greatest change first, and what came from nothing before all', () => {
    const changed = (to: string, factor: number | null) =>
      aChange('changed', 'api', to, { factors: [{ measure: 'requests', factor }] });
    const [section] = listChanges(aDiff({ edges: [changed('a', 2), changed('b', 0.1), changed('c', null)] }));
    expect(section?.changes.map(({ title, trend }) => [title, trend])).toEqual([
      ['api → c', 'more'],
      ['api → b', 'less'],
      ['api → a', 'more'],
    ]);
  });

  test('does not say twice what is dropped on an edge, but does say what else became of it', () => {
    const drops = [aDropChange()];
    const onlyDrops = aChange('changed', 'api', 'postgres', { factors: [{ measure: 'drops', factor: null }] });
    expect(said(aDiff({ drops, edges: [onlyDrops] })).map(([title]) => title)).toEqual(['New drops']);
    const both = { ...onlyDrops, factors: [...onlyDrops.factors, { measure: 'requests' as const, factor: 0 }] };
    expect(said(aDiff({ drops, edges: [both] })).at(-1)).toEqual([
      'Changed',
      'api → postgres: requests to none (0 → 0)',
    ]);
  });

  test('leads to the cards of namespaces when the map shows those', () => {
    const [section] = listChanges(aDiff({ grouping: 'namespace', drops: [aDropChange()] }));
    expect(section?.changes[0]?.source).toBe('default/production/Namespace/production');
  });
});
