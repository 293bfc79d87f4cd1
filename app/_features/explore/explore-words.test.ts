import { describe, expect, test } from 'vitest';

import { dimensions } from '../../../model/api.ts';
import { parseFilter } from '../../../model/filter/parse.ts';
import { dimensionName, dimensionNames, figuresOf, inSentence, keyFilter, keyName } from './explore-words.ts';

const api = 'c/shop/Deployment/api';
const samples: Readonly<Record<string, string>> = {
  port: '443',
  protocol: 'TCP',
  l7: 'HTTP',
  verdict: 'DROPPED',
  connect: 'NO_ANSWER',
  'http.status': '500',
  'http.path': '/orders/{}/a*"',
  'from.ip': '10.0.0.1',
  'to.ip': 'fd77::2',
  encryption: 'wireguard',
  tunnel: 'VXLAN',
  'from.workload': api,
  'to.workload': api,
};

test('every dimension of the API has a name, and a label is its own', () => {
  expect(dimensionNames.map(([by]) => by)).toEqual([...dimensions]);
  expect(dimensionName('to.label:app')).toBe('to.label:app');
});

describe('a group', () => {
  test.each([...dimensions, 'from.label:app'])('by %s leads to its flows by a filter that parses', (by) => {
    const key = by === 'edge' ? [api, 'c//name/a.b'] : [samples[by] ?? 'x y"*'];
    const filter = keyFilter(key, by);
    expect(filter).not.toBeNull();
    expect(parseFilter(filter ?? ''), filter ?? '').toMatchObject({ ok: true });
  });
  test('is called as on the map', () => {
    expect(keyName([api, 'c//name/a.b'], 'edge')).toBe('shop/api → a.b');
    expect(keyName([''], 'http.host')).toBe('none');
  });
});

describe('figures of the buckets', () => {
  test('are the least, the most, the mean and the 95th of a hundred', () => {
    const values = Array.from({ length: 20 }, (_, index) => index + 1);
    expect(figuresOf([...values, null])).toEqual({ min: 1, max: 20, avg: 10.5, p95: 19 });
  });
  test('are none where nothing was measured', () => {
    expect(figuresOf([null])).toBeNull();
  });
});

test.each([
  ['Source namespace', 'source namespace'],
  ['HTTP route', 'HTTP route'],
  ['gRPC status', 'gRPC status'],
  ['to.label:App', 'to.label:App'],
])('%s is %s within a sentence', (name, wanted) => {
  expect(inSentence(name)).toBe(wanted);
});
