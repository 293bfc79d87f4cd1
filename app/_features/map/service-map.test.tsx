// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { labWorld, mapOf } from '../../testing/fixture-data.ts';
import type { Selection } from '../url/investigation.ts';
import { createPicture } from './picture.ts';
import { ServiceMap } from './service-map.tsx';

const drawnCards = vi.hoisted(() => vi.fn(() => null));
// Part of every card, and so a count of the cards drawn.
vi.mock('./kind-icon.tsx', () => ({ KindIcon: drawnCards }));

beforeAll(() => {
  // jsdom draws nothing and has no layout, so nothing is ever resized.
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {}
      disconnect(): void {}
    },
  );
});
afterEach(cleanup);

const picture = createPicture(mapOf(labWorld(60_000), 0, 60_000, 'workload'));
const dropped: Selection = {
  kind: 'edge',
  source: 'default/production/Deployment/api',
  destination: 'default//name/payment.stripe.com',
};

function show(selection: Selection | null = null): (Selection | null)[] {
  const chosen: (Selection | null)[] = [];
  render(<ServiceMap picture={picture} selection={selection} isStale={false} onSelect={(next) => chosen.push(next)} />);
  return chosen;
}

describe('the service map', () => {
  let chosen: (Selection | null)[];
  beforeEach(() => {
    chosen = show();
  });

  test('has a card per workload that says what is wrong with it', () => {
    const card = screen.getByRole('button', { name: /^payment\.stripe\.com, name, / });
    expect(card.getAttribute('aria-label')).toContain('312 packets dropped');
    fireEvent.click(card);
    expect(chosen).toEqual([{ kind: 'node', id: 'default//name/payment.stripe.com' }]);
  });

  test('has a button per edge for the keyboard', () => {
    const edge = screen.getByRole('button', { name: 'api → payment.stripe.com, TCP 443, 312 dropped' });
    expect(edge.getAttribute('data-state')).toBe('dropped');
    fireEvent.click(edge);
    expect(chosen).toEqual([dropped]);
  });

  test('is one stop of the Tab key, walked by arrows', () => {
    const stops = () =>
      screen.getAllByRole('button').filter((b) => b.dataset['focus'] !== undefined && b.tabIndex === 0);
    expect(stops().map((b) => b.dataset['focus'])).toEqual(['node default/production/Deployment/frontend']);
    const map = screen.getByRole('application');
    fireEvent.keyDown(map, { key: 'ArrowRight' });
    fireEvent.keyDown(map, { key: 'ArrowRight' });
    expect(stops().map((b) => b.dataset['focus'])).toEqual(['node default/production/Deployment/api']);
    expect(document.activeElement).toBe(stops()[0]);
  });

  test('tells the same as a table', () => {
    const table = screen.getByRole('table', { name: 'Who talks to whom' });
    expect(within(table).getAllByRole('row')).toHaveLength(picture.edges.size + 1);
    expect(within(table).getByRole('row', { name: /^api payment\.stripe\.com TCP 443 .* 312 / })).toBeDefined();
  });
});

test('what is selected is pressed, and the words of other edges step back', () => {
  show(dropped);
  expect(screen.getByRole('button', { name: /^api → payment/ }).getAttribute('aria-pressed')).toBe('true');
  expect(document.querySelectorAll('.edge-label')).toHaveLength(1);
});

const marked = (attribute: string): (string | undefined)[] =>
  [...document.querySelectorAll<HTMLElement>(`[data-card][${attribute}]`)].map(({ title }) => title).sort();

test('pointing at a card lights it and what it talks to, and draws no card again', () => {
  show();
  drawnCards.mockClear();
  const card = screen.getByRole('button', { name: /^payment\.stripe\.com, name, / });
  fireEvent.pointerEnter(card);
  expect(marked('data-lit')).toEqual(['api', 'payment.stripe.com']);
  expect([...document.querySelectorAll('.edge[data-lit="true"]')]).toHaveLength(1);
  fireEvent.pointerLeave(card);
  expect(marked('data-lit')).toEqual([]);
  expect(drawnCards).not.toHaveBeenCalled();
});

test('a selection keeps its neighbourhood bright and dims the other cards', () => {
  show(dropped);
  expect(marked('data-kept')).toEqual(['api', 'payment.stripe.com']);
  expect(document.querySelector('[data-choosing]')?.contains(document.querySelector('[data-card]'))).toBe(true);
});

/** jsdom's own constructor refuses its own window as the view that d3-zoom asks an event for. */
function mouse(type: string, target: EventTarget, at = 0): void {
  const event = new MouseEvent(type, { bubbles: true, cancelable: true, clientX: at, clientY: at });
  Object.defineProperty(event, 'view', { value: window });
  target.dispatchEvent(event);
}

test('a button that goes down on a card leaves it in reach of the click', () => {
  show();
  const layer = document.querySelector('.map-layer');
  mouse('mousedown', screen.getByRole('button', { name: /^payment\.stripe\.com, name, / }));
  expect(layer?.hasAttribute('data-moving')).toBe(false);
  mouse('mousemove', window, 40);
  expect(layer?.hasAttribute('data-moving')).toBe(true);
  mouse('mouseup', window, 40);
  expect(layer?.hasAttribute('data-moving')).toBe(false);
});
