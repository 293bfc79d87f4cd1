import { describe, expect, it } from 'vitest';
import { createTurns, type Turns } from './turns.ts';

const { signal } = new AbortController();
const one = { parallel: 1, maxWaiting: 1 };
const narrow = (): Turns => createTurns({ light: one, heavy: one, export: one });

/** Work that goes on until it is told to end. */
function work(): { readonly run: () => Promise<string>; readonly end: () => void } {
  let end = (): void => undefined;
  const over = new Promise<void>((resolve) => (end = resolve));
  return { run: () => over.then(() => 'done'), end: () => end() };
}

describe('turns', () => {
  it('let a light question go while heavy ones run and wait', async () => {
    const turns = narrow();
    const [first, second] = [work(), work()];
    const heavy = [turns.take('heavy', signal, first.run), turns.take('heavy', signal, second.run)];
    expect(await turns.take('light', signal, () => Promise.resolve('at once'))).toBe('at once');
    expect(turns.state()).toMatchObject({ light: { running: 0 }, heavy: { running: 1, waiting: 1 } });
    first.end();
    second.end();
    expect(await Promise.all(heavy)).toEqual(['done', 'done']);
    expect(turns.state().heavy).toEqual({ running: 0, waiting: 0 });
  });

  it('refuse what finds too many waiting, and say how many there are', async () => {
    const turns = narrow();
    const [first, second] = [work(), work()];
    const heavy = [turns.take('heavy', signal, first.run), turns.take('heavy', signal, second.run)];
    await expect(turns.take('heavy', signal, () => Promise.resolve('never'))).rejects.toMatchObject({
      code: 'store_busy',
      message: '1 questions that read much are being answered and 1 wait: ask again in a moment',
    });
    first.end();
    second.end();
    await Promise.all(heavy);
  });

  it('never begin what was given up while it waited, and give its place to the next', async () => {
    const turns = narrow();
    const first = work();
    const running = turns.take('heavy', signal, first.run);
    const closed = new AbortController();
    let began = false;
    const waiting = turns.take('heavy', closed.signal, () => Promise.resolve((began = true)));
    closed.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    const next = turns.take('heavy', signal, () => Promise.resolve('next'));
    first.end();
    expect(await Promise.all([running, next])).toEqual(['done', 'next']);
    expect(began).toBe(false);
  });

  it('go on after a failure', async () => {
    const turns = narrow();
    await expect(turns.take('heavy', signal, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await turns.take('heavy', signal, () => Promise.resolve('fine'))).toBe('fine');
  });
});
