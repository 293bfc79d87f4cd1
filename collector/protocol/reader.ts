/** What every protocol's parser is to a conversation: fed with segments, asked now and then, told the end. */
import type { Side } from './exchange.ts';

/**
 * What the kernel should copy of a connection. `turns`: the beginning of what each side says before the other one answers;
 * `heads`: of that, the first bytes of each segment are enough.
 */
export type Wanted = 'probing' | 'all' | 'heads' | 'turns' | 'none';

export interface Segment {
  readonly sender: Side;
  readonly sequence: number;
  readonly payloadLength: number;
  readonly bytes: Buffer;
  readonly atNs: number;
  /** Read inside of TLS: `sequence` counts bytes of that. */
  readonly isPlaintext?: boolean;
}

export interface Reader {
  readonly wanted: Wanted;
  /** Requests still waiting for an answer. */
  readonly outstanding: number;
  feed(segment: Segment): void;
  sweep(nowNs: number): void;
  end(): void;
}
