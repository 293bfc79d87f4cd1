/**
 * Decodes HPACK header blocks (RFC 7541), also of a connection whose beginning was not seen. Entries of the dynamic table
 * are counted from the newest, so those that came since we look are known by their right names whatever was before; an
 * index beyond them is unknown, never guessed. Values of fields that nobody asked for are not kept.
 */
import type { Budget } from './budget.ts';
import { decodedLimit, decodeHuffman } from './hpack-huffman.ts';

/** Name and value of entries 1 to 61. */
// prettier-ignore
const staticTable: readonly (readonly [string, string])[] = [
  [':authority', ''], [':method', 'GET'], [':method', 'POST'], [':path', '/'], [':path', '/index.html'],
  [':scheme', 'http'], [':scheme', 'https'], [':status', '200'], [':status', '204'], [':status', '206'],
  [':status', '304'], [':status', '400'], [':status', '404'], [':status', '500'], ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'], ['accept-language', ''], ['accept-ranges', ''], ['accept', ''],
  ['access-control-allow-origin', ''], ['age', ''], ['allow', ''], ['authorization', ''], ['cache-control', ''],
  ['content-disposition', ''], ['content-encoding', ''], ['content-language', ''], ['content-length', ''],
  ['content-location', ''], ['content-range', ''], ['content-type', ''], ['cookie', ''], ['date', ''], ['etag', ''],
  ['expect', ''], ['expires', ''], ['from', ''], ['host', ''], ['if-match', ''], ['if-modified-since', ''],
  ['if-none-match', ''], ['if-range', ''], ['if-unmodified-since', ''], ['last-modified', ''], ['link', ''],
  ['location', ''], ['max-forwards', ''], ['proxy-authenticate', ''], ['proxy-authorization', ''], ['range', ''],
  ['referer', ''], ['refresh', ''], ['retry-after', ''], ['server', ''], ['set-cookie', ''],
  ['strict-transport-security', ''], ['transfer-encoding', ''], ['user-agent', ''], ['vary', ''], ['via', ''],
  ['www-authenticate', ''],
];

const entryOverhead = 32;
const firstTableSize = 4096;
/** What a peer may have beyond this is forgotten, and then unknown. */
const tableSizeLimit = 64 * 1024;
const stringLimit = 64 * 1024;

interface Entry {
  /** Undefined: its name was an unknown entry's. */
  readonly name: string | undefined;
  readonly value: string;
  /** As the peer counts it. */
  readonly size: number;
}

export interface FieldSink {
  /** Fields whose value is to be handed over and remembered. */
  wants(name: string): boolean;
  field(name: string, value: string): void;
}

export interface HpackDecoder {
  /** How many fields were unknown; undefined: the block is broken, and the table with it. */
  decode(bytes: Buffer, from: number, end: number, sink: FieldSink): number | undefined;
  /** Blocks were lost: what the table held has moved. */
  forget(): void;
  readonly tableSize: number;
}

interface Text {
  /** Empty when it is not wanted. */
  readonly text: string;
  readonly length: number;
}

const nothing: Text = { text: '', length: 0 };
const scratch = Buffer.allocUnsafe(decodedLimit(stringLimit));

export function createHpackDecoder(budget: Budget): HpackDecoder {
  /** Oldest first. */
  const table: Entry[] = [];
  let size = 0;
  let sizeLimit = firstTableSize;
  // Where the block is read; a cursor of -1 says that it is broken.
  let block: Buffer = scratch;
  let at = 0;
  let end = 0;

  const evict = (): void => {
    let count = 0;
    while (size > sizeLimit) {
      const oldest = table[count];
      if (oldest === undefined) break;
      size -= oldest.size;
      budget.give(oldest.size);
      count += 1;
    }
    if (count > 0) table.splice(0, count);
  };

  const forget = (): void => {
    budget.give(size);
    table.length = 0;
    size = 0;
  };

  const isBroken = (): boolean => at < 0;

  const fail = (): number => {
    at = -1;
    return 0;
  };

  /** An integer with a prefix of so many bits (section 5.1). */
  const integer = (bits: number): number => {
    const mask = (1 << bits) - 1;
    let value = (block[at] ?? 0) & mask;
    at += 1;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (at >= end) return fail();
      const byte = block[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return fail();
  };

  const noText = (): Text => {
    at = -1;
    return nothing;
  };

  const string = (isWanted: boolean): Text => {
    if (at < 0 || at >= end) return noText();
    const isCoded = ((block[at] ?? 0) & 0x80) !== 0;
    const length = integer(7);
    if (at < 0 || length > end - at || length > stringLimit) return noText();
    const from = at;
    at += length;
    if (!isCoded) return { text: isWanted ? block.toString('latin1', from, at) : '', length };
    const decoded = decodeHuffman(block, from, at, scratch);
    if (decoded < 0) return noText();
    return { text: isWanted ? scratch.toString('latin1', 0, decoded) : '', length: decoded };
  };

  const entryOf = (index: number): Entry | undefined => {
    const fixed = staticTable[index - 1];
    if (fixed !== undefined) return { name: fixed[0], value: fixed[1], size: 0 };
    return table[table.length - (index - staticTable.length)];
  };

  const insert = (entry: Entry): void => {
    if (!budget.take(entry.size)) {
      forget();
      return;
    }
    table.push(entry);
    size += entry.size;
    evict();
  };

  /** Returns how many fields were unknown: none or one. */
  const literal = (nameBits: number, isIndexed: boolean, sink: FieldSink): number => {
    const index = integer(nameBits);
    if (isBroken()) return 0;
    const name = index === 0 ? string(true).text : entryOf(index)?.name;
    if (isBroken()) return 0;
    const isWanted = name !== undefined && sink.wants(name);
    const value = string(isWanted);
    if (isBroken()) return 0;
    if (isIndexed) insert({ name, value: value.text, size: (name?.length ?? 0) + value.length + entryOverhead });
    if (isWanted) sink.field(name, value.text);
    return name === undefined ? 1 : 0;
  };

  const indexed = (sink: FieldSink): number => {
    const index = integer(7);
    if (isBroken()) return 0;
    if (index === 0) return fail();
    const entry = entryOf(index);
    if (entry?.name === undefined) return 1;
    if (sink.wants(entry.name)) sink.field(entry.name, entry.value);
    return 0;
  };

  const resize = (): void => {
    const asked = integer(5);
    if (isBroken()) return;
    sizeLimit = Math.min(asked, tableSizeLimit);
    evict();
  };

  /** One instruction (section 6). */
  const step = (sink: FieldSink): number => {
    const first = block[at] ?? 0;
    if (first >= 0x80) return indexed(sink);
    if (first >= 0x40) return literal(6, true, sink);
    if (first >= 0x20) {
      resize();
      return 0;
    }
    return literal(4, false, sink);
  };

  return {
    decode(bytes, from, to, sink) {
      block = bytes;
      at = from;
      end = to;
      let unknown = 0;
      while (at >= 0 && at < end) unknown += step(sink);
      block = scratch;
      if (at === end) return unknown;
      forget();
      return undefined;
    },
    forget,
    get tableSize() {
      return size;
    },
  };
}
