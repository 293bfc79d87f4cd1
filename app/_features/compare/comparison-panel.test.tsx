// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { useState, type ReactNode } from 'react';
import { afterEach, expect, test } from 'vitest';

import type { DiffResponse } from '../../../model/api.ts';
import { aChange, aDiff, aDropChange } from '../../testing/diff.fixture.ts';
import { InApp } from '../../testing/in-app.tsx';
import { aNode, anEdge } from '../../testing/map.fixture.ts';
import { createPicture } from '../map/picture.ts';
import type { Selection } from '../url/investigation.ts';
import { ComparisonPanel } from './comparison-panel.tsx';

afterEach(cleanup);

const map = {
  range: { fromMs: 0, toMs: 60_000 },
  grouping: 'workload' as const,
  filter: '',
  nodes: [aNode({ name: 'frontend' }), aNode({ name: 'api' })],
  edges: [anEdge()],
  evidence: aDiff().evidence,
};

function Panel({ diff, error = null }: { diff: DiffResponse | undefined; error?: Error | null }): ReactNode {
  const [selection, select] = useState<Selection | null>(null);
  return (
    <ComparisonPanel
      comparison={{ against: 'yesterday', diff, error, isStale: false, retry: () => undefined }}
      picture={createPicture(map, diff ?? null)}
      selection={selection}
      onSelect={select}
      panel={(lead) => <section aria-label="Selected">{lead}</section>}
    />
  );
}

const show = (diff: DiffResponse | undefined, error: Error | null = null) =>
  render(
    <InApp>
      <Panel diff={diff} error={error} />
    </InApp>,
  );

const changes = aDiff({
  edges: [
    aChange('new', 'frontend', 'api', { after: { requests: 50 } }),
    aChange('gone', 'api', 'cache', { before: { connections: 8 } }),
  ],
  drops: [aDropChange()],
});

test('a change opens what it is about, and the way back leads to where the reader was', () => {
  show(changes);
  const gone = screen.getByRole('button', { name: /api → cache/ });
  fireEvent.click(gone);
  const compared = within(screen.getByRole('region', { name: 'Compared' }));
  expect(compared.getByText('Gone: it was there yesterday')).toBeDefined();
  expect(compared.getByRole('row', { name: 'connections 8 0 to none' })).toBeDefined();
  expect(screen.getByText('3 of 3')).toBeDefined();
  const back = screen.getByRole('button', { name: 'What changed' });
  expect(document.activeElement).toBe(back);
  fireEvent.click(back);
  expect(document.activeElement?.textContent).toContain('api → cache');
});

test('the next change is one step away', () => {
  show(changes);
  fireEvent.click(screen.getByRole('button', { name: /api → postgres:5432/ }));
  fireEvent.click(screen.getByRole('button', { name: 'Next change' }));
  expect(screen.getByText('New: not there yesterday')).toBeDefined();
});

test('arrow keys walk the list across its sections', () => {
  show(changes);
  const first = screen.getByRole('button', { name: /api → postgres:5432/ });
  first.focus();
  fireEvent.keyDown(first, { key: 'ArrowDown' });
  expect(document.activeElement?.textContent).toContain('frontend → api');
});

test('says so when nothing changed, and what would have counted', () => {
  show(aDiff());
  expect(screen.getByText('Nothing changed')).toBeDefined();
  expect(screen.getByText(/Half or twice as much, from ten events on/)).toBeDefined();
});

test('says why there is no comparison', () => {
  show(undefined, new Error('The store does not answer.'));
  expect(screen.getByRole('alert').textContent).toContain('The store does not answer.');
});
