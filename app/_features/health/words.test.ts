import { describe, expect, test } from 'vitest';

import { healthOf, labWorld, mapOf } from '../../testing/fixture-data.ts';
import { captureNotice } from './capture-words.ts';
import { evidenceWords } from './evidence-words.ts';

const { evidence } = mapOf(labWorld(0), 0, 1, 'workload');
const covered = (of: Partial<typeof evidence.coverage>) => ({
  ...evidence,
  coverage: { ...evidence.coverage, lost: {}, ...of },
});

describe('the honest strip', () => {
  test('is calm when nothing was lost', () => {
    expect(evidenceWords(covered({}), String)).toMatchObject({ seen: '100 %', lost: '0', isWhole: true, details: [] });
  });
  test('never rounds a loss away', () => {
    const words = evidenceWords(covered({ lost: { ring_full: 1 }, packetsSeen: 10_000_000 }), String);
    expect(words).toMatchObject({ seen: '99.99 %', lost: '1', isWhole: false });
    expect(words.details).toEqual(['ring full: 1 event lost']);
  });
  test('names the node and the time of a gap', () => {
    const words = evidenceWords(covered({ gaps: [{ node: 'node-2', fromMs: 5, toMs: 9 }] }), (ms) => `t${ms}`);
    expect(words.gaps).toBe('1 of 0 s');
    expect(words.details).toEqual(['node-2 reported nothing from t5 to t9']);
  });
  test('claims nothing when nothing was counted', () => {
    expect(evidenceWords(covered({ packetsSeen: 0 }), String).seen).toBe('–');
  });
});

describe('the banner', () => {
  test('is absent while capture is live and well', () => {
    expect(captureNotice(healthOf('live', 0))).toBeNull();
  });
  test('says that a recording is one', () => {
    expect(captureNotice(healthOf('recording', 0))?.title).toBe('This is a recording');
  });
  test('says why there is no capture, and how to get it', () => {
    const notice = captureNotice(healthOf('off', 0));
    expect(notice).toMatchObject({ title: 'No live capture', detail: expect.stringContaining('privileges') as string });
    expect(notice?.missing[0]).toContain('`sudo npm start`');
  });
  test('puts a store that is down before anything else', () => {
    const health = healthOf('off', 0);
    const notice = captureNotice({ ...health, store: { ...health.store, state: 'down', detail: 'refused' } });
    expect(notice).toMatchObject({ tone: 'problem', detail: 'refused' });
  });
});
