/**
 * The Huffman code of HPACK (RFC 7541, appendix B), decoded four bits at a time. The code is canonical: the lengths of
 * the codes, in the order of the bytes they stand for, are the whole of it.
 */

/** For the bytes 0 to 255, then for the end of the string, which no string may contain. */
// prettier-ignore
const lengths: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];

const endOfString = 256;
const longestPadding = 7;
/** No shorter code than five bits: four bits end one code at most. */
const shortest = 5;

/** By state and the next four bits: the state after them, and the byte that they complete or -1. */
interface Machine {
  readonly next: Int16Array;
  readonly byte: Int16Array;
  /** How many bits lead to a state, if all of them are ones; else more than padding may have. */
  readonly ones: Uint8Array;
}

const broken = -1;

/** The codes as a tree: two children for each node, a leaf as the complement of its symbol. */
function buildTree(): number[][] {
  const nodes: number[][] = [[]];
  const order = lengths.map((length, symbol) => ({ length, symbol }));
  order.sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  let code = 0;
  let width = 0;
  for (const { length, symbol } of order) {
    code *= 2 ** (length - width);
    width = length;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit -= 1) {
      const branch = Math.floor(code / 2 ** bit) & 1;
      const child = nodes[node]?.[branch];
      if (child === undefined) {
        nodes.push([]);
        const made = nodes[node];
        if (made !== undefined) made[branch] = nodes.length - 1;
        node = nodes.length - 1;
      } else node = child;
    }
    const parent = nodes[node];
    if (parent !== undefined) parent[code & 1] = ~symbol;
    code += 1;
  }
  return nodes;
}

function buildMachine(): Machine {
  const nodes = buildTree();
  const next = new Int16Array(nodes.length * 16).fill(broken);
  const byte = new Int16Array(nodes.length * 16).fill(-1);
  const ones = new Uint8Array(nodes.length).fill(longestPadding + 1);
  for (let state = 0; state < nodes.length; state += 1) {
    for (let bits = 0; bits < 16; bits += 1) {
      let node = state;
      for (let bit = 3; bit >= 0; bit -= 1) {
        const to = nodes[node]?.[(bits >> bit) & 1] ?? 0;
        if (to === ~endOfString) {
          node = broken;
          break;
        }
        if (to < 0) byte[state * 16 + bits] = ~to;
        node = to < 0 ? 0 : to;
      }
      next[state * 16 + bits] = node;
    }
  }
  let node = 0;
  for (let depth = 0; depth <= longestPadding; depth += 1) {
    ones[node] = depth;
    node = nodes[node]?.[1] ?? 0;
  }
  return { next, byte, ones };
}

const machine = buildMachine();

/** Most bytes that so many coded ones may stand for. */
export function decodedLimit(coded: number): number {
  return Math.ceil((coded * 8) / shortest);
}

/** Writes the decoded bytes to `to`, which has room for `decodedLimit`; returns how many, or -1 if the code is broken. */
export function decodeHuffman(bytes: Buffer, from: number, end: number, to: Buffer): number {
  const { next, byte, ones } = machine;
  let state = 0;
  let size = 0;
  for (let at = from; at < end; at += 1) {
    const both = bytes[at] ?? 0;
    for (let shift = 4; shift >= 0; shift -= 4) {
      const step = state * 16 + ((both >> shift) & 15);
      const symbol = byte[step] ?? -1;
      if (symbol >= 0) {
        to[size] = symbol;
        size += 1;
      }
      state = next[step] ?? broken;
      if (state === broken) return -1;
    }
  }
  return (ones[state] ?? longestPadding + 1) <= longestPadding ? size : -1;
}
