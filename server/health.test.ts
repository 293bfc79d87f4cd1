import { describe, expect, it } from 'vitest';
import { healthSchema } from '../model/api.ts';
import { type HealthFacts, assessHealth } from './health.ts';
import type { NodeStatus } from './store.ts';

const nowMs = 1_000_000;
const well = { url: 'http://s', embedded: true, version: '26.7', problem: null };
const aNode = (of: Partial<NodeStatus> = {}): NodeStatus => ({
  node: 'n1',
  timeMs: nowMs - 1000,
  mode: 'live',
  detail: '',
  missing: [],
  interfaces: [],
  ...of,
});
const eth0 = { name: 'eth0', state: 'watched', netns: 'host', error: '' };

describe('health', () => {
  it.each<[string, Partial<HealthFacts>, object]>([
    ['ok', { nodes: [aNode({ interfaces: [eth0] })] }, { status: 'ok', capture: { state: 'ok', interfaces: [eth0] } }],
    [
      'ok while a recording is played',
      { nodes: [aNode({ mode: 'recording', missing: ['capture: not root'] })] },
      { status: 'ok', capture: { mode: 'recording', missing: ['capture: not root'] } },
    ],
    ['degraded before the first report', {}, { status: 'degraded', capture: { state: 'off', mode: 'unknown' } }],
    [
      'degraded when capture lacks something',
      { nodes: [aNode({ missing: ['fentry: x'] })] },
      { status: 'degraded', capture: { state: 'degraded', missing: ['fentry: x'] } },
    ],
    [
      'degraded when an interface failed',
      { nodes: [aNode({ interfaces: [{ ...eth0, error: 'EPERM' }] })] },
      { capture: { state: 'degraded' } },
    ],
    [
      'degraded when the collector fell silent',
      { nodes: [aNode({ timeMs: nowMs - 60_000 })] },
      {
        status: 'degraded',
        capture: { state: 'down', mode: 'live', detail: 'the collector on n1 last reported 60 s ago' },
      },
    ],
    [
      'degraded when one of two fell silent',
      { nodes: [aNode(), aNode({ node: 'n2', timeMs: 0 })] },
      { capture: { state: 'degraded', detail: 'the collector on n2 last reported 1000 s ago' } },
    ],
    [
      'off without capture',
      { nodes: [aNode({ mode: 'off', detail: 'not root' })] },
      { status: 'degraded', capture: { state: 'off', detail: 'not root' } },
    ],
    [
      'degraded without tables',
      { store: { ...well, problem: 'the tables are being created' } },
      { status: 'degraded', store: { state: 'degraded' } },
    ],
    [
      'down without a store',
      { store: { ...well, version: null, problem: 'ECONNREFUSED' }, nodes: [aNode()] },
      { status: 'down', store: { state: 'down', detail: 'ECONNREFUSED' }, capture: { mode: 'unknown' } },
    ],
    [
      'told by node when there are several',
      { nodes: [aNode({ missing: ['a'] }), aNode({ node: 'n2', missing: ['a'] })] },
      { capture: { missing: ['n1: a', 'n2: a'] } },
    ],
  ])('is %s', (_, facts, expected) => {
    const health = assessHealth({ version: '1', nowMs, store: well, newestFlowMs: null, nodes: [], ...facts });
    expect(healthSchema.parse(health)).toMatchObject(expected);
  });
});
