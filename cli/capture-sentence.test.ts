import { expect, test } from 'vitest';

import type { Health } from '../model/api.ts';
import { describeCapture } from './capture-sentence.ts';

const health = (capture: Partial<Health['capture']>): Health => ({
  status: 'ok',
  version: '0.1.0',
  nowMs: 0,
  newestFlowMs: null,
  store: { state: 'ok', detail: '', url: '', version: '', embedded: true },
  capture: { state: 'ok', detail: '', mode: 'live', interfaces: [], missing: [], ...capture },
});
const attached = (name: string) => ({ name, state: 'attached', netns: '', error: '' });

test('live capture names its interfaces, and counts those that do not fit', () => {
  const one = health({ interfaces: [attached('eth0'), { ...attached('lo'), state: 'skipped' }] });
  expect(describeCapture(one, null)).toBe('1 interface: eth0');
  const many = health({ interfaces: Array.from({ length: 10 }, (_, i) => attached(`veth${i}`)) });
  expect(describeCapture(many, null)).toContain('10 interfaces: veth0, veth1');
  expect(describeCapture(many, null)).toContain('and 2 more');
});

test('nothing is said before capture has reported or attached', () => {
  expect(describeCapture(health({ mode: 'unknown' }), null)).toBeNull();
  expect(describeCapture(health({}), null)).toBeNull();
});

test('a recording is called one', () => {
  expect(describeCapture(health({ mode: 'recording' }), 'a.plr')).toBe('a recording: a.plr');
});
