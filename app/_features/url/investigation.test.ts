import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseAsSelection, type Selection } from './investigation.ts';

const ids = fc.string({ minLength: 1 }).filter((id) => !id.includes('~>'));
const selections: fc.Arbitrary<Selection> = fc.oneof(
  ids.map((id): Selection => ({ kind: 'node', id })),
  fc.tuple(ids, ids).map(([source, destination]): Selection => ({ kind: 'edge', source, destination })),
);

describe('a selection in the URL', () => {
  test('reopens as it was', () => {
    fc.assert(
      fc.property(
        selections.filter((s) => s.kind === 'node' || !s.source.endsWith('~')),
        (selection) => {
          expect(parseAsSelection.parse(parseAsSelection.serialize(selection))).toEqual(selection);
        },
      ),
    );
  });
  test('names both ends of an edge', () => {
    expect(parseAsSelection.parse('default/production/Deployment/api~>default//name/payment.stripe.com')).toEqual({
      kind: 'edge',
      source: 'default/production/Deployment/api',
      destination: 'default//name/payment.stripe.com',
    });
  });
  test('is none when empty', () => {
    expect(parseAsSelection.parse('')).toBeNull();
  });
});
