// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react';
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
  render(
    <ServiceMap
      picture={picture}
      selection={selection}
      isStale={false}
      grouping="workload"
      onSelect={(next) => chosen.push(next)}
    />,
  );
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

test('a press beside the cards pans the map, and leaves cards in reach of the click until it moves', async () => {
  show();
  const layer = document.querySelector('.map-layer');
  mouse('mousedown', screen.getByRole('application'));
  expect(layer?.hasAttribute('data-moving')).toBe(false);
  mouse('mousemove', window, 40);
  expect(layer?.hasAttribute('data-moving')).toBe(true);
  mouse('mouseup', window, 40);
  expect(layer?.hasAttribute('data-moving')).toBe(false);
  // Until then d3 takes every click for the end of this pan.
  await new Promise((done) => setTimeout(done));
});

describe('a card that is taken elsewhere', () => {
  afterEach(() => window.localStorage.clear());
  const dns = () => screen.getByRole('button', { name: /^dns, / });
  const place = () => ({ left: dns().style.left, top: dns().style.top });
  const drag = (by: number): void => {
    act(() => {
      mouse('pointerdown', dns(), 100);
      mouse('mousedown', dns(), 100);
      mouse('pointermove', window, 100 + by);
      mouse('pointerup', window, 100 + by);
    });
    fireEvent.click(dns());
  };

  test('stays there, also when the map is opened again, until positions are reset', () => {
    const chosen = show();
    const before = place();
    drag(100);
    expect(document.querySelector('.map-layer')?.hasAttribute('data-moving')).toBe(false);
    const after = place();
    expect(Number.parseFloat(after.top)).toBeGreaterThan(Number.parseFloat(before.top) + 50);
    expect(after.left).toBe(before.left);
    expect(dns().getAttribute('aria-label')).toContain('pinned');
    expect(chosen).toEqual([]);

    cleanup();
    show();
    expect(place()).toEqual(after);
    fireEvent.click(screen.getByRole('button', { name: 'Reset positions' }));
    expect(place()).toEqual(before);
    expect(screen.queryByRole('button', { name: 'Reset positions' })).toBeNull();
  });

  test('by less than a hand trembles is a click', () => {
    const chosen = show();
    const before = place();
    drag(2);
    expect(place()).toEqual(before);
    expect(chosen).toHaveLength(1);
  });

  test('can be taken there by keys', () => {
    show({ kind: 'node', id: 'default/kube-system/Deployment/dns' });
    const before = place();
    fireEvent.keyDown(screen.getByRole('application'), { key: 'ArrowDown', altKey: true });
    expect(Number.parseFloat(place().top)).toBeGreaterThan(Number.parseFloat(before.top));
    expect(place().left).toBe(before.left);
  });
});
