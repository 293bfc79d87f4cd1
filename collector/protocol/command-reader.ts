/** Puts the parts of a database's or broker's parser together into what a conversation feeds. */
import type { Budget } from './budget.ts';
import type { Side } from './exchange.ts';
import type { Reader, Wanted } from './reader.ts';
import type { StreamSink } from './stream.ts';
import { createStreams } from './streams.ts';

interface Pending {
  readonly size: number;
  sweep(nowNs: number): void;
  end(): void;
}

/** Those that hold memory give it back at the end. */
interface Sink extends StreamSink {
  end?(): void;
}

export interface CommandReaderParts {
  readonly client: Side;
  readonly budget: Budget;
  readonly requests: Sink;
  readonly responses: Sink;
  readonly commands: Pending;
  /** Asked anew each time. */
  wanted(): Wanted;
  end?(): void;
}

export function createCommandReader(parts: CommandReaderParts): Reader {
  const { client, budget, requests, responses, commands } = parts;
  const streams = createStreams(client, requests, responses, budget);
  return {
    get wanted() {
      return parts.wanted();
    },
    get outstanding() {
      return commands.size;
    },
    feed: (segment) => streams.feed(segment),
    sweep(nowNs) {
      streams.sweep(nowNs);
      commands.sweep(nowNs);
    },
    end() {
      streams.end();
      requests.end?.();
      responses.end?.();
      commands.end();
      parts.end?.();
    },
  };
}
