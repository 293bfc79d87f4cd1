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

/*
 * Classes, because a row makes some fifty calls into them: methods of a prototype are compiled into their callers, and
 * closures made once for each column are not.
 */

/** UInt8, UInt16, UInt32 and Enum8 codes: `create` makes the typed array. */
export function createNumberColumn(create: (length: number) => Numbers, capacity: number): NumberColumn {
  return new Numerals(create, capacity);
}

class Numerals implements NumberColumn {
  length = 0;
  private readonly create: (length: number) => Numbers;
  private values: Numbers;

  constructor(create: (length: number) => Numbers, capacity: number) {
    this.create = create;
    this.values = create(capacity);
  }

  push(value: number): void {
    if (this.length === this.values.length) this.grow(this.length + 1);
    this.values[this.length++] = value;
  }

  fillTo(rows: number): void {
    if (rows <= this.length) return;
    if (rows > this.values.length) this.grow(rows);
    this.values.fill(0, this.length, rows);
    this.length = rows;
  }

  size(): number {
    return this.length * this.values.BYTES_PER_ELEMENT;
  }

  write(out: Uint8Array, at: number): number {
    out.set(bytesOf(this.values, this.length), at);
    return at + this.size();
  }

  reset(): void {
    this.length = 0;
  }

  private grow(least: number): void {
    const grown = this.create(Math.max(this.values.length * 2, least));
    grown.set(this.values);
    this.values = grown;
  }
}

/** UInt64 and DateTime64: pairs of 32-bit words, because most callers have no bigint at hand. */
export function createWideColumn(capacity: number): WideColumn {
  return new WideNumerals(capacity);
}

class WideNumerals implements WideColumn {
  length = 0;
  private words: Uint32Array<ArrayBuffer>;

  constructor(capacity: number) {
    this.words = new Uint32Array(capacity * 2);
  }

  push(value: bigint): void {
    this.pushParts(Number(value & 0xffff_ffffn), Number((value >> 32n) & 0xffff_ffffn));
  }

  pushParts(low: number, high: number): void {
    const at = this.length * 2;
    if (at === this.words.length) this.grow(this.length + 1);
    this.words[at] = low;
    this.words[at + 1] = high;
    this.length += 1;
  }

  fillTo(rows: number): void {
    if (rows <= this.length) return;
    if (rows * 2 > this.words.length) this.grow(rows);
    this.words.fill(0, this.length * 2, rows * 2);
    this.length = rows;
  }

  size(): number {
    return this.length * 8;
  }

  write(out: Uint8Array, at: number): number {
    out.set(bytesOf(this.words, this.length * 2), at);
    return at + this.size();
  }

  reset(): void {
    this.length = 0;
  }

  private grow(least: number): void {
    const grown = new Uint32Array(Math.max(this.words.length * 2, least * 2));
    grown.set(this.words);
    this.words = grown;
  }
}

const addressBytes = 16;

export function createAddressColumn(capacity: number): AddressColumn {
  return new Addresses(capacity);
}

class Addresses implements AddressColumn {
  private bytes: Uint8Array<ArrayBuffer>;
  private end = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity * addressBytes);
  }

  get length(): number {
    return this.end / addressBytes;
  }

  push(source: Uint8Array, offset: number): void {
    this.bytes = withRoom(this.bytes, this.end, addressBytes);
    const { bytes, end } = this;
    for (let i = 0; i < addressBytes; i += 1) bytes[end + i] = source[offset + i] ?? 0;
    this.end = end + addressBytes;
  }

  fillTo(rows: number): void {
    const filled = rows * addressBytes;
    if (filled <= this.end) return;
    this.bytes = withRoom(this.bytes, this.end, filled - this.end);
    this.bytes.fill(0, this.end, filled);
    this.end = filled;
  }

  size(): number {
    return this.end;
  }

  write(out: Uint8Array, at: number): number {
    out.set(this.bytes.subarray(0, this.end), at);
    return at + this.end;
  }

  reset(): void {
    this.end = 0;
  }
}

/** Longest ASCII string whose length fits one VarUInt byte. */
const shortString = 127;

export function createStringColumn(capacity: number): StringColumn {
  return new Strings(capacity);
}

class Strings implements StringColumn {
  length = 0;
  private bytes: Uint8Array<ArrayBuffer>;
  /** The same memory, for the encoder. */
  private text: Buffer;
  private end = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity * 16);
    this.text = Buffer.from(this.bytes.buffer);
  }

  push(value: string): void {
    this.length += 1;
    const characters = value.length;
    if (characters > shortString) {
      this.pushEncoded(value);
      return;
    }
    // Short ASCII is nearly everything, and copying it here is several times faster than a call into the encoder.
    this.bytes = withRoom(this.bytes, this.end, characters + 1);
    const { bytes, end } = this;
    for (let i = 0; i < characters; i += 1) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) {
        this.pushEncoded(value);
        return;
      }
      bytes[end + 1 + i] = unit;
    }
    bytes[end] = characters;
    this.end = end + characters + 1;
  }

  fillTo(rows: number): void {
    const absent = rows - this.length;
    if (absent <= 0) return;
    this.bytes = withRoom(this.bytes, this.end, absent);
    this.bytes.fill(0, this.end, this.end + absent);
    this.end += absent;
    this.length = rows;
  }

  size(): number {
    return this.end;
  }

  write(out: Uint8Array, at: number): number {
    out.set(this.bytes.subarray(0, this.end), at);
    return at + this.end;
  }

  reset(): void {
    this.end = 0;
    this.length = 0;
  }

  private pushEncoded(value: string): void {
    const size = Buffer.byteLength(value);
    this.bytes = withRoom(this.bytes, this.end, size + varUintSize(size));
    this.end = writeVarUint(this.bytes, this.end, size);
    if (this.text.buffer !== this.bytes.buffer) this.text = Buffer.from(this.bytes.buffer);
    this.text.write(value, this.end);
    this.end += size;
  }
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
  return new CodedStrings(capacity);
}

class CodedStrings implements Dictionary {
  length = 0;
  private readonly codes = new Map<string, number>();
  private readonly keys = createStringColumn(16);
  private rows: Uint32Array<ArrayBuffer>;
  /** Most rows say what the one before said: comparing it costs a tenth of looking it up. */
  private latest: string | null = null;
  private latestCode = 0;

  constructor(capacity: number) {
    this.rows = new Uint32Array(capacity);
  }

  push(value: string): void {
    this.pushCode(value === this.latest ? this.latestCode : this.code(value));
  }

  code(value: string): number {
    let known = this.codes.get(value);
    if (known === undefined) {
      known = this.codes.size;
      this.codes.set(value, known);
      this.keys.push(value);
    }
    this.latest = value;
    this.latestCode = known;
    return known;
  }

  pushCode(code: number): void {
    if (this.length === this.rows.length) this.grow(this.length + 1);
    this.rows[this.length++] = code;
  }

  fillTo(wanted: number): void {
    if (wanted <= this.length) return;
    if (wanted > this.rows.length) this.grow(wanted);
    this.rows.fill(this.code(''), this.length, wanted);
    this.length = wanted;
  }

  size(): number {
    return this.length === 0 ? 8 : 32 + this.keys.size() + this.length * 2 ** this.width();
  }

  writePrefix(out: Uint8Array, at: number): number {
    return writeCount(out, at, keysVersion);
  }

  writeData(out: Uint8Array, at: number): number {
    // A column without rows has no dictionary either; the reader expects nothing.
    if (this.length === 0) return at;
    const kind = this.width();
    let position = writeCount(out, at, kind | hasAdditionalKeys | needsUpdate);
    position = writeCount(out, position, this.codes.size);
    position = this.keys.write(out, position);
    position = writeCount(out, position, this.length);
    const used = this.rows.subarray(0, this.length);
    const narrow = kind === 0 ? Uint8Array.from(used) : kind === 1 ? Uint16Array.from(used) : used;
    out.set(bytesOf(narrow, this.length), position);
    return position + narrow.byteLength;
  }

  write(out: Uint8Array, at: number): number {
    return this.writeData(out, this.writePrefix(out, at));
  }

  reset(): void {
    this.codes.clear();
    this.keys.reset();
    this.length = 0;
    this.latest = null;
  }

  private width(): 0 | 1 | 2 {
    return this.codes.size <= 0x100 ? 0 : this.codes.size <= 0x1_0000 ? 1 : 2;
  }

  private grow(least: number): void {
    const grown = new Uint32Array(Math.max(this.rows.length * 2, least));
    grown.set(this.rows);
    this.rows = grown;
  }
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
