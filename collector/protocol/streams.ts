/** The two directions of a TCP connection, each put in order and given to its parser. */
import type { Budget } from './budget.ts';
import type { Side } from './exchange.ts';
import type { Segment } from './reader.ts';
import { createStream, type Stream, type StreamSink } from './stream.ts';

export interface Streams {
  feed(segment: Segment): void;
  sweep(nowNs: number): void;
  end(): void;
}

export function createStreams(client: Side, requests: StreamSink, responses: StreamSink, budget: Budget): Streams {
  return new BothStreams(client, createStream(requests, budget), createStream(responses, budget));
}

/** A class, because closures for every connection cost memory that a prototype does not. */
class BothStreams implements Streams {
  private readonly client: Side;
  private readonly request: Stream;
  private readonly response: Stream;

  constructor(client: Side, request: Stream, response: Stream) {
    this.client = client;
    this.request = request;
    this.response = response;
  }

  feed({ sender, sequence, payloadLength, bytes, atNs }: Segment): void {
    (sender === this.client ? this.request : this.response).feed(sequence, payloadLength, bytes, atNs);
  }

  sweep(nowNs: number): void {
    this.request.sweep(nowNs);
    this.response.sweep(nowNs);
  }

  end(): void {
    this.request.end();
    this.response.end();
  }
}
