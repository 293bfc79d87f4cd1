import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { evaluateFilter } from '../../../model/filter/evaluate.ts';
import { parseFilter } from '../../../model/filter/parse.ts';
import { aFlow, anEndpoint } from '../../../model/flow.fixture.ts';
import type { Flow, MapNode } from '../../../model/api.ts';
import { aNode } from '../../testing/map.fixture.ts';
import { allOf, edgeFilter, nodeFilter, quote } from './filter-text.ts';

const passes = (filter: string, flow: Flow): boolean => {
  const parsed = parseFilter(filter);
  if (!parsed.ok) throw new Error(`${filter}: ${parsed.error.message}`);
  return evaluateFilter(parsed.value)(flow);
};
const endOf = ({ namespace, name, kind, pods }: MapNode) =>
  anEndpoint({ namespace, workload: name, workloadKind: kind, pod: pods[0] ?? '' });
const between = (from: MapNode, to: MapNode, of: Partial<Flow> = {}): Flow =>
  aFlow({ from: endOf(from), to: endOf(to), ...of });

const api = aNode();
const web = aNode({ name: 'web' });
const stripe = aNode({ namespace: '', kind: 'name', name: 'payment.stripe.com' });

describe('the filter of a card', () => {
  test('passes what it says and what it hears', () => {
    expect(passes(nodeFilter(api), between(api, stripe))).toBe(true);
    expect(passes(nodeFilter(api), between(web, api))).toBe(true);
    expect(passes(nodeFilter(api), between(web, stripe))).toBe(false);
  });
  test('does not take a namesake in another namespace for it', () => {
    expect(passes(nodeFilter(api), between(aNode({ namespace: 'staging' }), stripe))).toBe(false);
  });
  test('of a pod goes by the pod', () => {
    const pod = aNode({ kind: 'Pod', name: 'api-6f4c8d-lk3m1' });
    expect(passes(nodeFilter(pod), between(aNode({ pods: ['api-6f4c8d-lk3m1'] }), stripe))).toBe(true);
    expect(passes(nodeFilter(pod), between(aNode({ pods: ['api-6f4c8d-other'] }), stripe))).toBe(false);
  });
  test('of a folded domain passes all names under it and no other', () => {
    const domain = aNode({ namespace: '', kind: 'domain', name: 'stripe.com' });
    expect(passes(nodeFilter(domain), between(api, stripe))).toBe(true);
    expect(
      passes(nodeFilter(domain), between(api, aNode({ namespace: '', kind: 'name', name: 'notstripe.com' }))),
    ).toBe(false);
  });
});

describe('the filter of an edge', () => {
  test('passes what the opener sends, and the replies it gets', () => {
    expect(passes(edgeFilter(web, api), between(web, api))).toBe(true);
    expect(passes(edgeFilter(web, api), between(api, web, { isReply: true }))).toBe(true);
  });
  test('does not pass conversations opened the other way', () => {
    expect(passes(edgeFilter(web, api), between(api, web, { isReply: false }))).toBe(false);
  });
});

test('any name survives quoting', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 20 }), (name) => {
      const node = aNode({ name });
      expect(passes(nodeFilter(node), between(node, stripe))).toBe(true);
    }),
  );
});

test('filters are joined so that an or in one does not leak into the other', () => {
  expect(allOf('verdict:dropped or reply:true', 'ns:a')).toBe('(verdict:dropped or reply:true) (ns:a)');
  expect(allOf('', 'ns:a')).toBe('ns:a');
  expect(quote('or')).toBe('"or"');
});
