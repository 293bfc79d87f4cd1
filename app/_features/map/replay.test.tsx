// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { TimeRange } from '../range/time-range.ts';
import { ReplayBar } from './replay-bar.tsx';
import { slicesOf, usePlaying, useReplay } from './replay.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('slices together are the range, thirty at most and none shorter than five seconds', () => {
  const hour = slicesOf({ fromMs: 1000, toMs: 3_601_000 });
  expect(hour).toHaveLength(30);
  expect(hour[0]?.fromMs).toBe(1000);
  expect(hour.at(-1)?.toMs).toBe(3_601_000);
  hour.slice(1).forEach((slice, at) => expect(slice.fromMs).toBe(hour[at]?.toMs));
  expect(slicesOf({ fromMs: 0, toMs: 16_000 })).toHaveLength(3);
  expect(slicesOf({ fromMs: 0, toMs: 10 })).toEqual([{ fromMs: 0, toMs: 10 }]);
});

const range: TimeRange = { kind: 'relative', preset: '15m' };

function Walker({ of = range, isAnswered = true }: { of?: TimeRange; isAnswered?: boolean }): ReactNode {
  const { replay, slice, start } = useReplay(of);
  usePlaying(replay, isAnswered);
  return (
    <>
      <p data-testid="slice">{slice === null ? 'whole' : slice.fromMs}</p>
      {replay === null ? (
        <button type="button" onClick={() => start({ fromMs: 0, toMs: 15_000 })}>
          Replay
        </button>
      ) : (
        <ReplayBar replay={replay} />
      )}
    </>
  );
}

const shown = (): string => screen.getByTestId('slice').textContent;
const press = (name: string): void => void fireEvent.click(screen.getByRole('button', { name }));
const wait = (): void => act(() => void vi.advanceTimersByTime(1_000));

describe('a replay', () => {
  test('is stepped by hand, and left for the whole range', () => {
    render(<Walker />);
    expect(shown()).toBe('whole');
    press('Replay');
    press('Step on');
    expect(shown()).toBe('5000');
    fireEvent.change(screen.getByRole('slider'), { target: { value: '2' } });
    expect(shown()).toBe('10000');
    wait();
    expect(shown()).toBe('10000');
    press('Show the whole range');
    expect(shown()).toBe('whole');
  });

  test('plays to its end and begins again from there', () => {
    render(<Walker />);
    press('Replay');
    press('Play');
    wait();
    expect(shown()).toBe('5000');
    press('Pause');
    wait();
    expect(shown()).toBe('5000');
    press('Play');
    wait();
    expect(shown()).toBe('10000');
    press('Play');
    expect(shown()).toBe('0');
  });

  test('waits for a slice that is not answered yet', () => {
    const { rerender } = render(<Walker isAnswered={false} />);
    press('Replay');
    press('Play');
    wait();
    expect(shown()).toBe('0');
    rerender(<Walker isAnswered />);
    wait();
    expect(shown()).toBe('5000');
  });

  test('ends with the range that it walks through', () => {
    const { rerender } = render(<Walker />);
    press('Replay');
    rerender(<Walker of={{ kind: 'relative', preset: '1h' }} />);
    expect(shown()).toBe('whole');
  });

  test('does not play by itself for who wants nothing to move', () => {
    vi.stubGlobal('matchMedia', (query: string) => ({ matches: query.includes('reduced-motion') }));
    render(<Walker />);
    press('Replay');
    expect(screen.queryByRole('button', { name: 'Play' })).toBeNull();
    expect(screen.getByRole('button', { name: 'Step on' })).toBeDefined();
  });
});
