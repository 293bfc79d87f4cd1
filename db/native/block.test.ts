import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBlock } from './block.ts';
import { varUintSize, writeCount, writeVarUint } from './bytes.ts';
import { typeName } from './type-name.ts';

const bytes = (...parts: readonly (number | string | readonly number[])[]): number[] =>
  parts.flatMap((part) =>
    typeof part === 'number' ? [part] : typeof part === 'string' ? [...Buffer.from(part)] : part,
  );
/** A little-endian integer of `size` bytes. */
const le = (value: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256);
const named = (name: string, type: string): number[] => bytes(name.length, name, type.length, type);

describe('a block', () => {
  it('writes numbers, wide numbers and enums in little-endian order', () => {
    const block = createBlock({ a: 'UInt16', b: 'UInt64', c: { enum8: ['x', 'y'] } }, 1);
    for (const [a, c] of [
      [1, 0],
      [0xff02, 1],
    ] as const) {
      block.columns.a.push(a);
      if (a === 1) block.columns.b.push(0x0102030405060708n);
      else block.columns.b.pushParts(7, 9);
      block.columns.c.push(c);
      block.endRow();
    }
    expect([...block.encode()]).toEqual(
      bytes(
        3,
        2,
        named('a', 'UInt16'),
        [1, 0, 2, 0xff],
        named('b', 'UInt64'),
        [8, 7, 6, 5, 4, 3, 2, 1],
        [7, 0, 0, 0, 9, 0, 0, 0],
        named('c', "Enum8('x' = 0, 'y' = 1)"),
        [0, 1],
      ),
    );
  });

  it('writes strings with their length and addresses as they come', () => {
    const block = createBlock({ s: 'String', ip: 'IPv6' }, 1);
    const long = 'ü'.repeat(100);
    const source = Uint8Array.from({ length: 20 }, (_, i) => i);
    for (const text of ['', 'ab', 'zoë', long]) {
      block.columns.s.push(text);
      block.columns.ip.push(source, 3);
      block.endRow();
    }
    const address = Array.from({ length: 16 }, (_, i) => i + 3);
    expect([...block.encode()]).toEqual(
      bytes(
        2,
        4,
        named('s', 'String'),
        [0],
        bytes(2, 'ab'),
        bytes(4, 'zoë'),
        bytes([0xc8, 0x01], long),
        named('ip', 'IPv6'),
        Array.from({ length: 4 }, () => address).flat(),
      ),
    );
  });

  it('writes a dictionary once and codes as narrow as it allows', () => {
    const block = createBlock({ w: 'LowCardinality(String)' }, 1);
    const { w } = block.columns;
    w.push('api');
    w.push('db');
    w.pushCode(w.code('api'));
    for (let i = 0; i < 3; i += 1) block.endRow();
    expect([...block.encode()]).toEqual(
      bytes(
        1,
        3,
        named('w', 'LowCardinality(String)'),
        le(1, 8),
        le(0x600, 8),
        le(2, 8),
        bytes(3, 'api', 2, 'db'),
        le(3, 8),
        [0, 1, 0],
      ),
    );
    block.reset();
    for (let i = 0; i < 300; i += 1) {
      w.push(`w${i}`);
      block.endRow();
    }
    const encoded = block.encode();
    expect([...encoded.subarray(encoded.length - 2)]).toEqual(le(299, 2));
  });

  it('writes arrays as ends and elements, with a dictionary only when there are elements', () => {
    const block = createBlock({ l: 'Array(LowCardinality(String))', s: 'Array(String)' }, 1);
    const add = (values: readonly string[]): void => {
      block.columns.l.push(values);
      block.columns.s.push(values);
      block.endRow();
    };
    add([]);
    expect([...block.encode()]).toEqual(
      bytes(
        2,
        1,
        named('l', 'Array(LowCardinality(String))'),
        le(1, 8),
        le(0, 8),
        named('s', 'Array(String)'),
        le(0, 8),
      ),
    );
    add(['b', 'b']);
    expect([...block.encode()]).toEqual(
      bytes(
        2,
        2,
        named('l', 'Array(LowCardinality(String))'),
        le(1, 8),
        [...le(0, 8), ...le(2, 8)],
        [...le(0x600, 8), ...le(1, 8), ...bytes(1, 'b'), ...le(2, 8), 0, 0],
        named('s', 'Array(String)'),
        [...le(0, 8), ...le(2, 8)],
        bytes(1, 'b', 1, 'b'),
      ),
    );
  });

  it('refuses to encode a row that misses a column, and names the column', () => {
    const block = createBlock({ a: 'UInt8', b: 'UInt8' }, 1);
    block.columns.a.push(1);
    block.endRow();
    expect(() => block.encode()).toThrow('column b has 0 values in a block of 1 rows');
    block.reset();
    expect([...block.encode().subarray(0, 2)]).toEqual([2, 0]);
  });

  it('changes its generation with every reset, because codes end there', () => {
    const block = createBlock({ w: 'LowCardinality(String)' }, 1);
    const before = block.generation;
    block.reset();
    expect(block.generation).not.toBe(before);
  });

  it('encodes the same after any growth', () => {
    const schema = { n: 'UInt32', w: 'LowCardinality(String)', s: 'String', l: 'Array(String)' } as const;
    const encode = (rows: readonly string[], capacity: number): Uint8Array => {
      const block = createBlock(schema, capacity);
      for (const text of rows) {
        block.columns.n.push(text.length);
        block.columns.w.push(text);
        block.columns.s.push(text);
        block.columns.l.push([text, text]);
        block.endRow();
      }
      return block.encode();
    };
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 80 }), { maxLength: 40 }), (rows) => {
        expect(encode(rows, 1)).toEqual(encode(rows, 64));
      }),
    );
  });
});

describe('columns that rows may leave out', () => {
  const schema = {
    n: 'UInt16',
    w: 'UInt64',
    ip: 'IPv6',
    s: 'String',
    c: 'LowCardinality(String)',
    l: 'Array(String)',
    lc: 'Array(LowCardinality(String))',
    e: { enum8: ['', 'x'] },
  } as const;
  const text = fc.string({ maxLength: 3 });
  const value = fc.record({ n: fc.nat(9), s: text, l: fc.array(text, { maxLength: 2 }), given: fc.nat(255) });

  it('are the same bytes as if every row had said the default', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 40 }), fc.integer({ min: 1, max: 50 }), (values, capacity) => {
        const plain = createBlock(schema, 64);
        const sparse = createBlock(schema, capacity, new Set(Object.keys(schema)));
        for (const { n, s, l, given } of values) {
          const address = new Uint8Array(16).fill(n);
          // Each bit says whether the row gives that column, in the order of the schema.
          const has = (at: number): boolean => ((given >> at) & 1) === 1;
          plain.columns.n.push(has(0) ? n : 0);
          plain.columns.w.pushParts(has(1) ? n : 0, 0);
          plain.columns.ip.push(has(2) ? address : new Uint8Array(16), 0);
          plain.columns.s.push(has(3) ? s : '');
          plain.columns.c.push(has(4) ? s : '');
          plain.columns.l.push(has(5) ? l : []);
          plain.columns.lc.push(has(6) ? l : []);
          plain.columns.e.push(has(7) ? n % 2 : 0);
          plain.endRow();
          const { columns, rows } = sparse;
          const names = ['n', 'w', 'ip', 's', 'c', 'l', 'lc', 'e'] as const;
          names.forEach((name, at) => {
            if (has(at)) columns[name].fillTo(rows);
          });
          if (has(0)) columns.n.push(n);
          if (has(1)) columns.w.pushParts(n, 0);
          if (has(2)) columns.ip.push(address, 0);
          if (has(3)) columns.s.push(s);
          if (has(4)) columns.c.push(s);
          if (has(5)) columns.l.push(l);
          if (has(6)) columns.lc.push(l);
          if (has(7)) columns.e.push(n % 2);
          sparse.endRow();
        }
        expect(sparse.encode()).toEqual(plain.encode());
        // Memory is used again after a reset: what an earlier block left in it must not show.
        sparse.reset();
        plain.reset();
        for (let row = 0; row < values.length; row += 1) {
          sparse.endRow();
          plain.columns.n.push(0);
          plain.columns.w.pushParts(0, 0);
          plain.columns.ip.push(new Uint8Array(16), 0);
          plain.columns.s.push('');
          plain.columns.c.push('');
          plain.columns.l.push([]);
          plain.columns.lc.push([]);
          plain.columns.e.push(0);
          plain.endRow();
        }
        expect(sparse.encode()).toEqual(plain.encode());
      }),
    );
  });
});

describe('the integers of the format', () => {
  it('writes a VarUInt in as many bytes as it says', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const out = new Uint8Array(10);
        const end = writeVarUint(out, 0, value);
        expect(end).toBe(varUintSize(value));
        const read = out.subarray(0, end).reduceRight((sum, byte) => sum * 128 + (byte & 0x7f), 0);
        expect(read).toBe(value);
      }),
    );
  });

  it('writes counts past 32 bits', () => {
    const out = new Uint8Array(8);
    writeCount(out, 0, 2 ** 40 + 3);
    expect([...out]).toEqual([3, 0, 0, 0, 0, 1, 0, 0]);
  });

  it('quotes the words of an enumeration', () => {
    expect(typeName({ enum8: ["it's", 'a\\b'] })).toBe("Enum8('it\\'s' = 0, 'a\\\\b' = 1)");
  });
});
