import { describe, expect, it } from 'vitest';
import { healthSchema } from '../model/api.ts';
import type { Storage } from '../db/queries/storage.ts';
import { type HealthFacts, assessHealth } from './health.ts';
import type { NodeStatus } from './store.ts';
import { aRetention } from './testing/test-app.ts';

const nowMs = 1_000_000;
const well = {
  url: 'http://s',
  embedded: true,
  version: '26.7',
  problem: null,
  storage: null,
  retention: aRetention(),
};
const mib = 2 ** 20;
const disk = (freeMib: number, totalMib: number): Storage['disk'] => ({
  totalBytes: totalMib * mib,
  freeBytes: freeMib * mib,
  usedBytes: 10 * mib,
  occupiedBytes: 10 * mib,
});
const onDisk = (of: Storage['disk']): HealthFacts['store'] => ({
  ...well,
  storage: {
    disk: of,
    tables: [{ table: 'flows', rows: 7, bytes: 70, oldestMs: 5000 }],
  },
});
const aNode = (of: Partial<NodeStatus> = {}): NodeStatus => ({
  node: 'n1',
  timeMs: nowMs - 1000,
  mode: 'live',
  detail: '',
  missing: [],
  interfaces: [],
  spill: { rows: 0, bytes: '0', problem: '' },
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
    [
      'degraded when the disk of the store is full, and says what to do',
      { store: onDisk(disk(100, 10_000)), nodes: [aNode({ timeMs: 0 })] },
      {
        status: 'degraded',
        store: {
          state: 'degraded',
          detail: expect.stringMatching(
            /^the disk of the store is full, 100 MiB of 10,000 MiB are free: .* lower PALOMAR_/,
          ),
          disk: { isFull: true, freeBytes: String(100 * mib) },
        },
        capture: { state: 'degraded', detail: expect.stringMatching(/cannot tell how they are$/) },
      },
    ],
    [
      'ok on a small disk of which more than a tenth is free',
      { store: onDisk(disk(100, 900)), nodes: [aNode({ interfaces: [eth0] })] },
      {
        status: 'ok',
        store: {
          disk: { isFull: false },
          retention: {
            tables: [{ table: 'flows', days: 14, rows: 7, bytes: '70', oldestMs: 5000 }],
            dropped: { days: 0, lastMs: null },
            problem: '',
          },
        },
      },
    ],
    [
      'told what waits on the disks of the nodes',
      {
        nodes: [
          aNode(),
          aNode({ node: 'n2', spill: { rows: 5, bytes: '600', problem: '' } }),
          aNode({ node: 'n3', spill: { rows: 0, bytes: '0', problem: 'ENOSPC' } }),
        ],
      },
      {
        capture: {
          waiting: [
            { node: 'n2', rows: 5, bytes: '600', problem: '' },
            { node: 'n3', rows: 0, bytes: '0', problem: 'ENOSPC' },
          ],
        },
      },
    ],
  ])('is %s', (_, facts, expected) => {
    const health = assessHealth({ version: '1', nowMs, store: well, newestFlowMs: null, nodes: [], ...facts });
    expect(healthSchema.parse(health)).toMatchObject(expected);
  });
});
