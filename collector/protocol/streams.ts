/** The two directions of a TCP connection, each put in order and given to its parser. */
import type { Budget } from './budget.ts';
import type { Side } from './exchange.ts';
import type { Segment } from './reader.ts';
import { createStream, type StreamSink } from './stream.ts';

export interface Streams {
  feed(segment: Segment): void;
  sweep(nowNs: number): void;
  end(): void;
}

export function createStreams(client: Side, requests: StreamSink, responses: StreamSink, budget: Budget): Streams {
  const request = createStream(requests, budget);
  const response = createStream(responses, budget);
  return {
    feed({ sender, sequence, payloadLength, bytes, atNs }) {
      (sender === client ? request : response).feed(sequence, payloadLength, bytes, atNs);
    },
    sweep(nowNs) {
      request.sweep(nowNs);
      response.sweep(nowNs);
    },
    end() {
      request.end();
      response.end();
    },
  };
}
