import { describe, expect, test } from 'vitest';

import { aNode } from '../../testing/map.fixture.ts';
import { anInvestigation } from '../../testing/investigation.fixture.ts';
import { findEntries, paletteEntries } from './palette-entries.ts';

function open(typed: string) {
  const did: string[] = [];
  const note =
    (what: string) =>
    (value?: unknown): void =>
      void did.push(`${what} ${JSON.stringify(value)}`);
  const entries = paletteEntries({
    investigation: anInvestigation({ setFilter: note('filter'), showPreset: note('range'), select: note('select') }),
    go: note('go'),
    copyLink: note('link'),
    showHelp: note('help'),
    nodes: [aNode()],
    saved: [
      { kind: 'view', id: '1', text: 'Payments', place: '/drops?range=1h', changedMs: 2 },
      { kind: 'filter', id: '2', text: 'Payments', place: 'to.name:*.stripe.com', changedMs: 1 },
      { kind: 'known', id: '3', text: 'Payments ticket', place: '', changedMs: 0 },
    ],
    open: note('open'),
  });
  return { did, found: findEntries(entries, typed) };
}

describe('the command palette', () => {
  test.each([
    ['drops', 'go "/drops"'],
    ['last hour', 'range "1h"'],
    ['dropped', 'filter "verdict:dropped"'],
    ['production select', 'select {"kind":"node","id":"default/production/Deployment/api"}'],
    ['keys', 'help undefined'],
    ['payments view', 'open "/drops?range=1h"'],
    ['payments filter', 'filter "to.name:*.stripe.com"'],
    ['saved payments', 'open "/drops?range=1h"'],
    ['share', 'link undefined'],
  ])('"%s" does %s', (typed, done) => {
    const { did, found } = open(typed);
    found[0]?.run();
    expect(did).toEqual([done]);
  });

  test('offers to clear a filter only where there is one', () => {
    expect(open('clear').found).toEqual([]);
  });

  test('every entry has an id of its own', () => {
    const { found } = open('');
    expect(new Set(found.map((entry) => entry.id)).size).toBe(found.length);
  });
});
