/** What two ranges differ in, for tests: nothing but what the test says. */
import type { DiffResponse, DropChange, EdgeChange, Measure } from '../../model/api.ts';
import { aNode, anEdge } from './map.fixture.ts';

const nothing: Readonly<Record<Measure, number>> = { connections: 0, requests: 0, errors: 0, drops: 0, bytes: 0 };

/** Of the name of one workload of production to another. */
export function aChange(
  change: EdgeChange['change'],
  from: string,
  to: string,
  of: {
    readonly before?: Partial<Record<Measure, number>>;
    readonly after?: Partial<Record<Measure, number>>;
    readonly factors?: EdgeChange['factors'];
  } = {},
): EdgeChange {
  const [source, destination] = [aNode({ name: from }).id, aNode({ name: to }).id];
  return {
    change,
    id: `${source}>${destination}`,
    source,
    destination,
    before: change === 'new' ? null : { ...nothing, ...of.before },
    after: change === 'gone' ? null : { ...nothing, ...of.after },
    factors: of.factors ?? [],
    gone: change === 'gone' ? anEdge({ source, destination }) : null,
  };
}

export function aDropChange(of: Partial<DropChange> = {}): DropChange {
  const ends = { source: aNode({ name: 'api' }), destination: aNode({ name: 'postgres' }) };
  return {
    change: 'new',
    reason: 'NETFILTER_DROP',
    location: 'nft_do_chain',
    protocol: 'TCP',
    port: 5432,
    ...ends,
    packetsBefore: 0,
    packetsAfter: 42,
    factor: null,
    ...of,
  };
}

export function aDiff(of: Partial<DiffResponse> = {}): DiffResponse {
  const coverage = { lost: {}, packetsSeen: 1000, gaps: [], nodes: ['node-1'] };
  return {
    range: { fromMs: 86_400_000, toMs: 86_460_000 },
    before: { fromMs: 0, toMs: 60_000 },
    filter: '',
    grouping: 'workload',
    edges: [],
    drops: [],
    nodes: [],
    totals: { edges: of.edges?.length ?? 0, drops: of.drops?.length ?? 0 },
    uncertain: { edges: 0, drops: 0 },
    evidence: { rowsRead: 1, bytesRead: '1', elapsedMs: 1, truncated: false, limit: 500, coverage },
    coverageBefore: coverage,
    ...of,
  };
}
