import { describe, expect, it } from 'vitest';
import { type Flow, liveEvents } from '../../model/api.ts';
import { aFlow } from '../../model/flow.fixture.ts';
import type { Batch } from './feed.ts';
import { type StreamConfig, createStream } from './stream.ts';

interface FakeSocket {
  writableNeedDrain: boolean;
  destroyed: boolean;
  readonly written: string[];
}

function open(config: Partial<StreamConfig> = {}) {
  const socket: FakeSocket = { writableNeedDrain: false, destroyed: false, written: [] };
  const response = {
    get writableNeedDrain() {
      return socket.writableNeedDrain;
    },
    write: (text: string) => socket.written.push(text) > 0,
    end: () => undefined,
    destroy: () => {
      socket.destroyed = true;
    },
  };
  const stream = createStream(
    { passes: () => true, wantsFlows: true, maxFlows: 2, maxStalled: 3, ...config },
    response,
  );
  return { stream, socket };
}

function batchOf(flows: readonly Flow[], skipped = 0): Batch {
  return { nowMs: 1000, newestFlowMs: null, rows: flows.length + skipped, skipped, flows: () => flows };
}

function events(socket: FakeSocket): [string, unknown][] {
  return socket.written.map((text) => {
    const [, name = '', data = ''] = /^event: (\w+)\ndata: (.*)\n\n$/.exec(text) ?? [];
    return [name, JSON.parse(data)];
  });
}

describe('an event stream', () => {
  it('sends the flows that pass and a tick', () => {
    const { stream, socket } = open({ passes: (flow) => flow.id !== '2' });
    stream.take(batchOf([aFlow({ id: '1' }), aFlow({ id: '2' })]));
    const [flows, tick] = events(socket);
    expect(liveEvents.flows.parse(flows?.[1])).toEqual({ flows: [aFlow({ id: '1' })], skipped: 0 });
    expect(tick).toEqual(['tick', { nowMs: 1000, newestFlowMs: null, rows: 2 }]);
  });

  it('ticks when nothing happens, and only ticks when no flows are wanted', () => {
    const quiet = open();
    quiet.stream.take(batchOf([]));
    const ticksOnly = open({ wantsFlows: false });
    ticksOnly.stream.take(batchOf([aFlow()]));
    expect(events(quiet.socket).map(([name]) => name)).toEqual(['tick']);
    expect(events(ticksOnly.socket).map(([name]) => name)).toEqual(['tick']);
  });

  it('keeps the newest flows when there are too many and counts the others', () => {
    const { stream, socket } = open();
    stream.take(
      batchOf(
        ['1', '2', '3'].map((id) => aFlow({ id })),
        5,
      ),
    );
    const event = liveEvents.flows.parse(events(socket)[0]?.[1]);
    expect(event.flows.map((flow) => flow.id)).toEqual(['2', '3']);
    expect(event.skipped).toBe(6);
    expect(stream.skipped).toBe(6);
  });

  it('writes nothing to a client that does not read, then owns up to what it missed', () => {
    const { stream, socket } = open();
    socket.writableNeedDrain = true;
    stream.take(batchOf([aFlow(), aFlow()]));
    stream.problem('away');
    expect(socket.written).toEqual([]);
    socket.writableNeedDrain = false;
    stream.take(batchOf([aFlow()]));
    expect(liveEvents.flows.parse(events(socket)[0]?.[1])).toMatchObject({ flows: [aFlow()], skipped: 2 });
    expect(socket.destroyed).toBe(false);
  });

  it('lets go of a client that never reads', () => {
    const { stream, socket } = open();
    socket.writableNeedDrain = true;
    for (let i = 0; i < 4; i++) stream.take(batchOf([]));
    expect(socket.destroyed).toBe(true);
  });
});
