/**
 * Column builders: each holds one column of a block in the form in which the Native format wants it, so that encoding
 * is copying. Hosts are little-endian, as every platform that the engine runs on is.
 */
import { varUintSize, withRoom, writeCount, writeVarUint } from './bytes.ts';

/** What every column can do for the block that owns it. */
export interface ColumnBuilder {
  readonly length: number;
  /** Appends defaults (0, '', none) until there are so many values. */
  fillTo(rows: number): void;
  /** Bytes that `write` will take. */
  size(): number;
  /** Writes prefix and data, returns the position after them. */
  write(out: Uint8Array, at: number): number;
  reset(): void;
}

export interface NumberColumn extends ColumnBuilder {
  push(value: number): void;
}
export interface WideColumn extends ColumnBuilder {
  push(value: bigint): void;
  /** The low and high 32 bits, for callers that hold no bigint. */
  pushParts(low: number, high: number): void;
}
export interface StringColumn extends ColumnBuilder {
  push(value: string): void;
}
export interface CodedColumn extends ColumnBuilder {
  push(value: string): void;
  /** The code of a word in this block; valid until `reset`. */
  code(value: string): number;
  pushCode(code: number): void;
}
export interface AddressColumn extends ColumnBuilder {
  /** Sixteen bytes from `offset`, in network order; IPv4 as ::ffff:a.b.c.d. */
  push(bytes: Uint8Array, offset: number): void;
}
export interface ListColumn extends ColumnBuilder {
  push(values: readonly string[]): void;
}

type Numbers = Uint8Array | Uint16Array | Uint32Array;

function bytesOf(values: Numbers, length: number): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, length * values.BYTES_PER_ELEMENT);
}

/** UInt8, UInt16, UInt32 and Enum8 codes: `create` makes the typed array. */
export function createNumberColumn(create: (length: number) => Numbers, capacity: number): NumberColumn {
  let values = create(capacity);
  let length = 0;
  const grow = (least: number): void => {
    const grown = create(Math.max(values.length * 2, least));
    grown.set(values);
    values = grown;
  };
  return {
    get length() {
      return length;
    },
    push(value) {
      if (length === values.length) grow(length + 1);
      values[length++] = value;
    },
    fillTo(rows) {
      if (rows <= length) return;
      if (rows > values.length) grow(rows);
      values.fill(0, length, rows);
      length = rows;
    },
    size: () => length * values.BYTES_PER_ELEMENT,
    write(out, at) {
      out.set(bytesOf(values, length), at);
      return at + length * values.BYTES_PER_ELEMENT;
    },
    reset() {
      length = 0;
    },
  };
}

/** UInt64 and DateTime64: pairs of 32-bit words, because most callers have no bigint at hand. */
export function createWideColumn(capacity: number): WideColumn {
  let words = new Uint32Array(capacity * 2);
  let wide = new BigUint64Array(words.buffer);
  let length = 0;
  const grow = (least = 0): void => {
    const grown = new Uint32Array(Math.max(words.length * 2, least * 2));
    grown.set(words);
    words = grown;
    wide = new BigUint64Array(grown.buffer);
  };
  return {
    get length() {
      return length;
    },
    push(value) {
      if (length === wide.length) grow();
      wide[length++] = value;
    },
    pushParts(low, high) {
      if (length === wide.length) grow();
      words[length * 2] = low;
      words[length * 2 + 1] = high;
      length += 1;
    },
    fillTo(rows) {
      if (rows <= length) return;
      if (rows > wide.length) grow(rows);
      words.fill(0, length * 2, rows * 2);
      length = rows;
    },
    size: () => length * 8,
    write(out, at) {
      out.set(bytesOf(words, length * 2), at);
      return at + length * 8;
    },
    reset() {
      length = 0;
    },
  };
}

const addressBytes = 16;

export function createAddressColumn(capacity: number): AddressColumn {
  let bytes = new Uint8Array(capacity * addressBytes);
  let end = 0;
  return {
    get length() {
      return end / addressBytes;
    },
    push(source, offset) {
      bytes = withRoom(bytes, end, addressBytes);
      for (let i = 0; i < addressBytes; i += 1) bytes[end + i] = source[offset + i] ?? 0;
      end += addressBytes;
    },
    fillTo(rows) {
      const filled = rows * addressBytes;
      if (filled <= end) return;
      bytes = withRoom(bytes, end, filled - end);
      bytes.fill(0, end, filled);
      end = filled;
    },
    size: () => end,
    write(out, at) {
      out.set(bytes.subarray(0, end), at);
      return at + end;
    },
    reset() {
      end = 0;
    },
  };
}

/** Longest ASCII string whose length fits one VarUInt byte. */
const shortString = 127;

export function createStringColumn(capacity: number): StringColumn {
  let bytes = new Uint8Array(capacity * 16);
  /** The same memory, for the encoder. */
  let text = Buffer.from(bytes.buffer);
  let end = 0;
  let length = 0;

  const pushEncoded = (value: string): void => {
    const size = Buffer.byteLength(value);
    bytes = withRoom(bytes, end, size + varUintSize(size));
    end = writeVarUint(bytes, end, size);
    if (text.buffer !== bytes.buffer) text = Buffer.from(bytes.buffer);
    text.write(value, end);
    end += size;
  };

  return {
    get length() {
      return length;
    },
    push(value) {
      length += 1;
      const characters = value.length;
      if (characters > shortString) {
        pushEncoded(value);
        return;
      }
      // Short ASCII is nearly everything, and copying it here is several times faster than a call into the encoder.
      bytes = withRoom(bytes, end, characters + 1);
      for (let i = 0; i < characters; i += 1) {
        const unit = value.charCodeAt(i);
        if (unit > 0x7f) {
          pushEncoded(value);
          return;
        }
        bytes[end + 1 + i] = unit;
      }
      bytes[end] = characters;
      end += characters + 1;
    },
    fillTo(rows) {
      const absent = rows - length;
      if (absent <= 0) return;
      bytes = withRoom(bytes, end, absent);
      bytes.fill(0, end, end + absent);
      end += absent;
      length = rows;
    },
    size: () => end,
    write(out, at) {
      out.set(bytes.subarray(0, end), at);
      return at + end;
    },
    reset() {
      end = 0;
      length = 0;
    },
  };
}

/** SerializationLowCardinality.cpp: the only key version there is, and the flags of a self-contained dictionary. */
const keysVersion = 1;
const hasAdditionalKeys = 1 << 9;
const needsUpdate = 1 << 10;

export interface Dictionary extends CodedColumn {
  /** Key version, which an array writes before its offsets. */
  writePrefix(out: Uint8Array, at: number): number;
  writeData(out: Uint8Array, at: number): number;
}

/** LowCardinality(String): the block's own dictionary, then a code per row, as narrow as the dictionary allows. */
export function createDictionary(capacity: number): Dictionary {
  const codes = new Map<string, number>();
  const keys = createStringColumn(16);
  let rows = new Uint32Array(capacity);
  let length = 0;
  /** Most rows say what the one before said: comparing it costs a tenth of looking it up. */
  let latest: string | null = null;
  let latestCode = 0;

  const width = (): 0 | 1 | 2 => (codes.size <= 0x100 ? 0 : codes.size <= 0x1_0000 ? 1 : 2);

  const code = (value: string): number => {
    if (value === latest) return latestCode;
    let known = codes.get(value);
    if (known === undefined) {
      known = codes.size;
      codes.set(value, known);
      keys.push(value);
    }
    latest = value;
    latestCode = known;
    return known;
  };
  const grow = (least: number): void => {
    const grown = new Uint32Array(Math.max(rows.length * 2, least));
    grown.set(rows);
    rows = grown;
  };
  const pushCode = (value: number): void => {
    if (length === rows.length) grow(length + 1);
    rows[length++] = value;
  };
  const writePrefix = (out: Uint8Array, at: number): number => writeCount(out, at, keysVersion);
  const writeData = (out: Uint8Array, at: number): number => {
    // A column without rows has no dictionary either; the reader expects nothing.
    if (length === 0) return at;
    const kind = width();
    let position = writeCount(out, at, kind | hasAdditionalKeys | needsUpdate);
    position = writeCount(out, position, codes.size);
    position = keys.write(out, position);
    position = writeCount(out, position, length);
    const used = rows.subarray(0, length);
    const narrow = kind === 0 ? Uint8Array.from(used) : kind === 1 ? Uint16Array.from(used) : used;
    out.set(bytesOf(narrow, length), position);
    return position + narrow.byteLength;
  };
  return {
    get length() {
      return length;
    },
    push: (value) => pushCode(code(value)),
    code,
    pushCode,
    fillTo(wanted) {
      if (wanted <= length) return;
      if (wanted > rows.length) grow(wanted);
      rows.fill(code(''), length, wanted);
      length = wanted;
    },
    size: () => (length === 0 ? 8 : 32 + keys.size() + length * 2 ** width()),
    writePrefix,
    writeData,
    write: (out, at) => writeData(out, writePrefix(out, at)),
    reset() {
      codes.clear();
      keys.reset();
      length = 0;
      latest = null;
    },
  };
}

/** Array(String) and, with a dictionary as `elements`, Array(LowCardinality(String)). */
export function createListColumn(elements: StringColumn | Dictionary, capacity: number): ListColumn {
  const ends = createWideColumn(capacity);
  const coded = 'writePrefix' in elements ? elements : null;
  return {
    get length() {
      return ends.length;
    },
    push(values) {
      for (const value of values) elements.push(value);
      ends.pushParts(elements.length, 0);
    },
    fillTo(rows) {
      for (let row = ends.length; row < rows; row += 1) ends.pushParts(elements.length, 0);
    },
    size: () => ends.size() + elements.size(),
    write(out, at) {
      if (coded === null) return elements.write(out, ends.write(out, at));
      return coded.writeData(out, ends.write(out, coded.writePrefix(out, at)));
    },
    reset() {
      ends.reset();
      elements.reset();
    },
  };
}
