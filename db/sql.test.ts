import { describe, expect, it } from 'vitest';
import { empty, ident, join, param, sql } from './sql.ts';

describe('sql', () => {
  it('numbers parameters in the order of the text, through fragments', () => {
    const inner = sql`a = ${param.string('x')}`;
    const query = sql`SELECT ${param.uint32(1)} WHERE ${inner} AND ${inner} LIMIT ${param.uint8(2)}`;
    expect(query.text).toBe('SELECT {p0:UInt32} WHERE a = {p1:String} AND a = {p2:String} LIMIT {p3:UInt8}');
    expect(query.params).toEqual({ p0: 1, p1: 'x', p2: 'x', p3: 2 });
  });

  it('joins fragments, and leaves empty ones invisible', () => {
    expect(join([ident('node'), ident('cluster')], ', ').text).toBe('node, cluster');
    expect(sql`a${empty}b`.text).toBe('ab');
  });

  it('refuses names that are no table or column', () => {
    expect(ident('flows').text).toBe('flows');
    const injected: string = 'flows; DROP TABLE flows';
    expect(() => ident(injected as 'flows')).toThrow(RangeError);
  });

  it('does not type-check with a bare string in it', () => {
    // @ts-expect-error -- the point of the test
    expect(() => sql`SELECT ${'1'}`).toThrow();
  });

  it('writes times to the nanosecond and 64-bit integers as text', () => {
    expect(param.dateTime64(1_700_000_000_000_000_042n).value).toBe('1700000000.000000042');
    expect(param.dateTime64Ms(1_700_000_000_123).value).toBe('1700000000.123000000');
    expect(param.uint64(2n ** 64n - 1n).value).toBe('18446744073709551615');
  });

  it('refuses numbers that are no unsigned integers of their size', () => {
    for (const bad of [-1, 0.5, 256, NaN]) expect(() => param.uint8(bad)).toThrow(RangeError);
  });
});
