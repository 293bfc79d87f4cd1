/** Conversations for tests: what both ends say, as the kernel would hand it over, and what is made of it. */
import { createCounters, type Counters } from '../counters.ts';
import { createBudget } from './budget.ts';
import { createConversation, type Conversation } from './conversation.ts';
import type { LearnedName } from './dns-pairing.ts';
import type { Exchange, Side } from './exchange.ts';
import type { Segment } from './reader.ts';
import { createRedaction, defaultRedaction } from './redaction.ts';
import type { TlsFacts } from './tls-reader.ts';

/** Who says what, in order. */
export type Line = readonly [Side, Buffer];

export interface Spoken {
  readonly conversation: Conversation;
  readonly exchanges: Exchange[];
  readonly names: LearnedName[];
  readonly tls: (TlsFacts & { readonly client: Side })[];
  readonly counters: Counters;
  readonly budget: { readonly used: number };
  /** Sends text as one segment, in order. */
  readonly say: (sender: Side, said: string | Buffer, atNs?: number) => void;
  /** Sends one packet of which only the beginning is captured. */
  readonly sayHead: (sender: Side, said: Buffer, captured: number, atNs?: number) => void;
  /** Leaves a hole: what was there is lost. */
  readonly skip: (sender: Side, bytes: number) => void;
}

interface Options {
  readonly protocol?: number;
  readonly ports?: readonly [number, number];
  readonly budgetBytes?: number;
}

export function converse({ protocol = 6, ports = [40000, 80], budgetBytes = 1 << 20 }: Options = {}): Spoken {
  const exchanges: Exchange[] = [];
  const names: LearnedName[] = [];
  const tls: (TlsFacts & { readonly client: Side })[] = [];
  const counters = createCounters();
  const budget = createBudget(budgetBytes);
  const conversation = createConversation(protocol, ports, {
    counters,
    budget,
    redaction: createRedaction(defaultRedaction),
    onExchange: (exchange) => exchanges.push(exchange),
    onName: (name) => names.push(name),
    onTls: (client, facts) => tls.push({ client, ...facts }),
  });
  const next: [number, number] = [0xffffff00, 1000];
  return {
    conversation,
    exchanges,
    names,
    tls,
    counters,
    budget,
    say(sender, said, atNs = 0) {
      const bytes = typeof said === 'string' ? Buffer.from(said, 'latin1') : said;
      conversation.feed({ sender, sequence: next[sender], payloadLength: bytes.length, bytes, atNs });
      next[sender] = (next[sender] + bytes.length) >>> 0;
    },
    sayHead(sender, said, captured, atNs = 0) {
      const bytes = said.subarray(0, captured);
      conversation.feed({ sender, sequence: next[sender], payloadLength: said.length, bytes, atNs });
      next[sender] = (next[sender] + said.length) >>> 0;
    },
    skip(sender, bytes) {
      next[sender] = (next[sender] + bytes) >>> 0;
    },
  };
}

/** Numbers from 0 to 1 that are the same for the same seed. */
export function createRandom(seed: number): () => number {
  let state = (seed ^ 0x5deece66) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x100000000;
  };
}

/**
 * The same conversation as a network might deliver it: cut anywhere, neighbours of one burst swapped, some repeated. The
 * first segment of a direction stays first, for it marks the start.
 */
export function mangled(lines: readonly Line[], seed: number, longest = 60): Segment[] {
  const random = createRandom(seed);
  const base: [number, number] = [Math.floor(random() * 0xffffffff), Math.floor(random() * 0xffffffff)];
  const said: [number, number] = [0, 0];
  return bursts(lines).flatMap(([sender, bytes], burst) => {
    const pieces: Segment[] = [];
    // A protocol is recognised in the first few segments, or not at all.
    const shortest = said[sender] === 0 ? Math.ceil(bytes.length / 4) : 1;
    for (let from = 0; from < bytes.length;) {
      const to = Math.min(bytes.length, from + shortest + Math.floor(random() * longest));
      const piece = bytes.subarray(from, to);
      const sequence = (base[sender] + said[sender] + from) >>> 0;
      pieces.push({ sender, sequence, payloadLength: piece.length, bytes: piece, atNs: burst * 1000 });
      from = to;
    }
    for (let i = said[sender] === 0 ? 1 : 0; i + 1 < pieces.length; i += 1) {
      const [left, right] = [pieces[i], pieces[i + 1]];
      if (left === undefined || right === undefined || random() > 0.3) continue;
      pieces[i] = right;
      pieces[i + 1] = left;
      i += 1;
    }
    said[sender] += bytes.length;
    return pieces.flatMap((piece) => (random() < 0.2 ? [piece, piece] : [piece]));
  });
}

/** What one side says before the other answers. */
function bursts(lines: readonly Line[]): Line[] {
  const merged: [Side, Buffer][] = [];
  for (const [sender, bytes] of lines) {
    const last = merged.at(-1);
    if (last?.[0] === sender) last[1] = Buffer.concat([last[1], bytes]);
    else merged.push([sender, bytes]);
  }
  return merged;
}

/** What the exchanges of a conversation are without their times, which depend on how it was cut. */
export function timeless(exchanges: readonly Exchange[]): object[] {
  return exchanges.map((exchange) => ({ ...exchange, requestNs: 0, latencyNs: 0 }));
}
