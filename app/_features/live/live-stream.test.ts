import { describe, expect, test } from 'vitest';

import { aFlow } from '../../../model/flow.fixture.ts';
import { createLiveStream, type Source } from './live-stream.ts';

/** An `EventSource` that the test speaks through, and a clock that the test winds. */
function stage() {
  const opened: { url: string; isClosed: boolean; source: Source; send: (type: string, data: string) => void }[] = [];
  const timers: { ms: number; callback: () => void; isOff: boolean }[] = [];
  const said: string[] = [];
  const stop = new AbortController();
  createLiveStream(
    { url: '/api/v1/live' },
    {
      open(url) {
        const listeners = new Map<string, (event: MessageEvent<string>) => void>();
        const source: Source = {
          onopen: null,
          onerror: null,
          addEventListener: (type, listener) => void listeners.set(type, listener),
          close: () => void (entry.isClosed = true),
        };
        const send = (type: string, data: string): void => listeners.get(type)?.(new MessageEvent(type, { data }));
        const entry = { url, isClosed: false, source, send };
        opened.push(entry);
        return source;
      },
      after(ms, callback) {
        const timer = { ms, callback, isOff: false };
        timers.push(timer);
        return () => void (timer.isOff = true);
      },
    },
    {
      onState: (state) => said.push(state),
      onTick: (tick) => said.push(`tick ${tick.rows}`),
      onFlows: (flows, skipped) => said.push(`flows ${flows.length} skipped ${skipped}`),
      onProblem: (message) => said.push(message),
    },
  ).start(stop.signal);
  const last = () => opened.at(-1) ?? expect.fail('nothing was opened');
  const fail = () => last().source.onerror?.(new Event('error'));
  const succeed = () => last().source.onopen?.(new Event('open'));
  return { opened, timers, said, stop, last, fail, succeed };
}

describe('the live stream', () => {
  test('passes on what it understands', () => {
    const { said, last, succeed } = stage();
    succeed();
    last().send('tick', JSON.stringify({ nowMs: 1, newestFlowMs: null, rows: 3 }));
    last().send('flows', JSON.stringify({ flows: [aFlow()], skipped: 2 }));
    last().send('problem', JSON.stringify({ message: 'the store is away' }));
    expect(said).toEqual(['connecting', 'open', 'tick 3', 'flows 1 skipped 2', 'the store is away']);
  });

  test.each(['{', '{"rows":"many"}'])('says so when a message cannot be read: %s', (data) => {
    const { said, last } = stage();
    last().send('tick', data);
    expect(said.at(-1)).toBe('A live message could not be read.');
  });

  test('comes back after a cut, with growing pauses', () => {
    const { opened, timers, fail } = stage();
    for (let cut = 0; cut < 6; cut++) {
      fail();
      timers.at(-1)?.callback();
    }
    expect(timers.map((timer) => timer.ms)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000]);
    expect(opened.slice(0, -1).every((entry) => entry.isClosed)).toBe(true);
    expect(opened.at(-1)?.isClosed).toBe(false);
  });

  test('starts with short pauses again once it was open', () => {
    const { timers, fail, succeed } = stage();
    fail();
    timers.at(-1)?.callback();
    succeed();
    fail();
    expect(timers.map((timer) => timer.ms)).toEqual([500, 500]);
  });

  test('leaves nothing behind when it is stopped', () => {
    const { said, stop, timers, fail, last } = stage();
    fail();
    stop.abort();
    expect(timers.at(-1)?.isOff).toBe(true);
    expect(last().isClosed).toBe(true);
    expect(said.at(-1)).toBe('off');
  });
});
