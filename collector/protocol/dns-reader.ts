/** DNS of one connection: a message in each datagram, or over TCP, where each has its length in front (RFC 7766). */
import type { Budget } from './budget.ts';
import { createDnsPairing, type DnsPairing, type DnsPairingDeps } from './dns-pairing.ts';
import type { Side } from './exchange.ts';
import { createFrames, type FrameLayout, type Frames } from './frames.ts';
import { isDnsQuery } from './dns-message.ts';
import type { Reader } from './reader.ts';
import { createStreams } from './streams.ts';

const lengthSize = 2;
const smallestMessage = 12;

const layout: FrameLayout = {
  headerSize: lengthSize,
  size(bytes, at) {
    const size = bytes.readUInt16BE(at);
    return size < smallestMessage ? -1 : size + lengthSize;
  },
  keep: () => Infinity,
  startsLike: isDnsQuery,
};

/** After a loss an answer is believed when its length is that of its packet. */
const answerLayout: FrameLayout = {
  ...layout,
  startsLike: (bytes) =>
    bytes.length > lengthSize + smallestMessage && bytes.readUInt16BE(0) + lengthSize === bytes.length,
};

function readerOf(pairing: DnsPairing, rest: Pick<Reader, 'wanted' | 'feed' | 'sweep' | 'end'>): Reader {
  return {
    get outstanding() {
      return pairing.outstanding;
    },
    ...rest,
  };
}

export function createDatagramReader(deps: DnsPairingDeps): Reader {
  const pairing = createDnsPairing(deps);
  return readerOf(pairing, {
    wanted: 'all',
    feed: ({ sender, bytes, atNs }) => pairing.message(sender, bytes, atNs),
    sweep: (nowNs) => pairing.sweep(nowNs),
    end: () => pairing.end(),
  });
}

export function createDnsReader(client: Side, deps: DnsPairingDeps & { readonly budget: Budget }): Reader {
  const pairing = createDnsPairing(deps);
  const framesOf = (sender: Side): Frames =>
    createFrames(
      sender === client ? layout : answerLayout,
      {
        frame({ bytes, start, end, firstNs, lastNs }) {
          // Latency counts from the query's end to the answer's start.
          const atNs = sender === client ? lastNs : firstNs;
          pairing.message(sender, bytes.subarray(start + lengthSize, end), atNs);
        },
        lost: (cause) => deps.counters.add(`dns_gave_up_${cause}`, 1),
      },
      deps.budget,
    );
  const queries = framesOf(client);
  const answers = framesOf(client === 0 ? 1 : 0);
  const streams = createStreams(client, queries, answers, deps.budget);
  return readerOf(pairing, {
    wanted: 'turns',
    feed: (segment) => streams.feed(segment),
    sweep(nowNs) {
      streams.sweep(nowNs);
      pairing.sweep(nowNs);
    },
    end() {
      streams.end();
      queries.end();
      answers.end();
      pairing.end();
    },
  });
}
