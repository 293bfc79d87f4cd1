// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';

import { labWorld, mapOf } from '../../testing/fixture-data.ts';
import type { Selection } from '../url/investigation.ts';
import { AdjacencyMatrix } from './adjacency-matrix.tsx';
import { EdgeList } from './edge-list.tsx';
import { createPicture } from './picture.ts';

afterEach(cleanup);

const picture = createPicture(mapOf(labWorld(60_000), 0, 60_000, 'workload'), null, true);
const dropped: Selection = {
  kind: 'edge',
  source: 'default/production/Deployment/api',
  destination: 'default//name/payment.stripe.com',
};

test('a row of the list selects its edge, and a title ranks by its column', () => {
  const chosen: Selection[] = [];
  render(<EdgeList picture={picture} typed="" selection={null} onSelect={(next) => chosen.push(next)} />);
  const rows = () => screen.getAllByRole('row').slice(1);
  expect(rows()).toHaveLength(picture.edges.size);
  fireEvent.click(within(rows()[0] ?? expect.fail('no row')).getByRole('button'));
  expect(chosen).toEqual([dropped]);
  fireEvent.click(screen.getByRole('button', { name: 'Requests' }));
  expect(screen.getByRole('columnheader', { name: 'Requests' }).getAttribute('aria-sort')).toBe('descending');
  expect(rows()[0]?.textContent).toContain('production/frontend → production/api');
});

test('arrows walk the rows of the list', () => {
  render(<EdgeList picture={picture} typed="" selection={null} onSelect={() => undefined} />);
  const buttons = screen.getAllByRole('button').filter((button) => button.dataset['row'] !== undefined);
  buttons[0]?.focus();
  fireEvent.keyDown(buttons[0] ?? expect.fail('no row'), { key: 'ArrowDown' });
  expect(document.activeElement).toBe(buttons[1]);
});

test('a list in which nothing is found says what was looked for', () => {
  render(<EdgeList picture={picture} typed="nowhere" selection={null} onSelect={() => undefined} />);
  expect(screen.getByText(/“nowhere”/)).toBeDefined();
});

test('a cell of the matrix says its edge and selects it; arrows lead to the next cell', () => {
  const chosen: Selection[] = [];
  render(<AdjacencyMatrix picture={picture} typed="" selection={dropped} onSelect={(next) => chosen.push(next)} />);
  const cell = screen.getByRole('button', { name: 'production/api → payment.stripe.com, TCP 443, 312 dropped' });
  expect(cell.textContent).toBe('✕');
  expect(cell.getAttribute('aria-pressed')).toBe('true');
  expect(cell.tabIndex).toBe(0);
  fireEvent.click(cell);
  expect(chosen).toEqual([dropped]);
  cell.focus();
  fireEvent.keyDown(cell, { key: 'ArrowLeft' });
  expect(document.activeElement?.getAttribute('aria-label')).toContain('production/api → production/postgres');
});
