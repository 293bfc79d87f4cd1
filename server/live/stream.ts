/**
 * One client's event stream. A client that does not read is not written to: its flows are counted as skipped until it
 * reads again, and a client that has not read for long is let go.
 */
import type { z } from 'zod';
import type { liveEvents } from '../../model/api.ts';
import type { FlowPredicate } from '../../model/filter/evaluate.ts';
import type { Batch, FeedClient } from './feed.ts';

type LiveEvents = { readonly [E in keyof typeof liveEvents]: z.infer<(typeof liveEvents)[E]> };

export interface StreamConfig {
  readonly passes: FlowPredicate;
  readonly wantsFlows: boolean;
  /** Most flows in one event. */
  readonly maxFlows: number;
  /** Let go after so many events that could not be written. */
  readonly maxStalled: number;
}

/** What of a ServerResponse a stream writes to. */
export interface EventSink {
  readonly writableNeedDrain: boolean;
  write(text: string): boolean;
  end(): void;
  destroy(): void;
}

export interface Stream extends FeedClient {
  readonly skipped: number;
  end(): void;
}

export function createStream(config: StreamConfig, response: EventSink): Stream {
  let owed = 0;
  let skipped = 0;
  let stalled = 0;

  function send<E extends keyof LiveEvents>(event: E, data: LiveEvents[E]): void {
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Counts what the client could not be given in full. */
  function skip(count: number): void {
    owed += count;
    skipped += count;
  }

  function isStalled(): boolean {
    if (!response.writableNeedDrain) {
      stalled = 0;
      return false;
    }
    if (++stalled > config.maxStalled) response.destroy();
    return true;
  }

  function sendFlows(batch: Batch, canWrite: boolean): void {
    const passing = batch.flows().filter(config.passes);
    const shown = canWrite ? passing.slice(-config.maxFlows) : [];
    skip(passing.length - shown.length + batch.skipped);
    if (!canWrite || (shown.length === 0 && owed === 0)) return;
    send('flows', { flows: [...shown], skipped: owed });
    owed = 0;
  }

  return {
    get skipped() {
      return skipped;
    },
    take(batch) {
      const canWrite = !isStalled();
      if (config.wantsFlows && batch.rows > 0) sendFlows(batch, canWrite);
      if (canWrite) send('tick', { nowMs: batch.nowMs, newestFlowMs: batch.newestFlowMs, rows: batch.rows });
    },
    problem(message) {
      if (!isStalled()) send('problem', { message });
    },
    end() {
      response.end();
    },
  };
}
