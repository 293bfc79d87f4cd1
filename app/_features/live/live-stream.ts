/**
 * The event stream `/api/v1/live`, kept open: it comes back after every cut, with growing pauses, and checks every
 * message. Says nothing about what to do with them.
 */
import { liveEvents, type Flow } from '../../../model/api.ts';

export type LiveState = 'off' | 'connecting' | 'open' | 'waiting';

export interface Tick {
  readonly nowMs: number;
  readonly newestFlowMs: number | null;
  readonly rows: number;
}

export interface LiveHandlers {
  onState(state: LiveState): void;
  onTick(tick: Tick): void;
  onFlows(flows: readonly Flow[], skipped: number): void;
  /** The store cannot be read at the moment, or a message was not understood. */
  onProblem(message: string): void;
}

/** What of the browser's `EventSource` is used. */
export interface Source {
  onopen: ((event: Event) => void) | null;
  onerror: ((event: Event) => void) | null;
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

export interface LiveDeps {
  open(url: string): Source;
  /** Calls back once after `ms`; returns how to call it off. */
  after(ms: number, callback: () => void): () => void;
}

const firstPauseMs = 500;
const longestPauseMs = 8_000;

export function createLiveStream(config: { readonly url: string }, deps: LiveDeps, handlers: LiveHandlers) {
  return {
    /** Opens the stream and keeps it open until the signal. */
    start(signal: AbortSignal): void {
      if (signal.aborted) return;
      let pauseMs = firstPauseMs;
      let source: Source | null = null;
      let callOff: (() => void) | null = null;

      const connect = (): void => {
        handlers.onState('connecting');
        source = deps.open(config.url);
        source.onopen = () => {
          pauseMs = firstPauseMs;
          handlers.onState('open');
        };
        source.onerror = () => {
          // EventSource gives up for good on an HTTP error; one way back for both cases.
          source?.close();
          handlers.onState('waiting');
          callOff = deps.after(pauseMs, connect);
          pauseMs = Math.min(longestPauseMs, pauseMs * 2);
        };
        listen(source, handlers);
      };
      signal.addEventListener('abort', () => {
        callOff?.();
        source?.close();
        handlers.onState('off');
      });
      connect();
    },
  };
}

function listen(source: Source, handlers: LiveHandlers): void {
  source.addEventListener('tick', (event) => {
    const parsed = liveEvents.tick.safeParse(decode(event.data));
    if (parsed.success) handlers.onTick(parsed.data);
    else handlers.onProblem('A live message could not be read.');
  });
  source.addEventListener('flows', (event) => {
    const parsed = liveEvents.flows.safeParse(decode(event.data));
    if (parsed.success) handlers.onFlows(parsed.data.flows, parsed.data.skipped);
    else handlers.onProblem('A live message could not be read.');
  });
  source.addEventListener('problem', (event) => {
    const parsed = liveEvents.problem.safeParse(decode(event.data));
    handlers.onProblem(parsed.success ? parsed.data.message : 'A live message could not be read.');
  });
}

function decode(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Fails every schema, so the reader is told.
    return undefined;
  }
}
