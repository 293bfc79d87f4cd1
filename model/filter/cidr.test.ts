import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cidrBounds, cidrContains, parseAddress, parseCidr, printAddress, printCidr } from './cidr.ts';

describe('an address', () => {
  it('survives printing and parsing', () => {
    const anyBytes = fc.array(fc.constantFrom(0, 0, 0, 1, 0xff, 0x20), { minLength: 16, maxLength: 16 });
    fc.assert(fc.property(anyBytes, (bytes) => isDeepStrictEqual(parseAddress(printAddress(bytes)), bytes)));
  });

  it.each([
    ['2001:0DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:0:1:1:1:1:1:1', '1:0:1:1:1:1:1:1'],
    ['::', '::'],
    ['1::', '1::'],
    ['::1.2.3.4', '::102:304'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
  ])('%s is printed %s', (text, printed) => {
    expect(printAddress(parseAddress(text) ?? [])).toBe(printed);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1:2',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    '1.2.3.4::',
    '::g',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeNull();
  });
});

describe('a network', () => {
  it.each([
    ['10.1.2.3/8', '10.0.0.0/8', '::ffff:10.0.0.0', '::ffff:10.255.255.255'],
    ['10.1.2.3', '10.1.2.3', '::ffff:10.1.2.3', '::ffff:10.1.2.3'],
    ['0.0.0.0/0', '0.0.0.0/0', '::ffff:0.0.0.0', '::ffff:255.255.255.255'],
    ['fd00::1/9', 'fd00::/9', 'fd00::', 'fd7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8', '::ffff:10.0.0.0', '::ffff:10.255.255.255'],
  ])('%s is %s, from %s to %s', (text, printed, first, last) => {
    const cidr = parseCidr(text);
    if (cidr === null) throw new Error(`${text} was refused`);
    expect(printCidr(cidr)).toBe(printed);
    expect(cidrBounds(cidr)).toEqual({ first, last });
  });

  it.each([
    ['10.0.0.0/8', '10.200.1.1', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '::ffff:10.0.0.1', true],
    ['0.0.0.0/0', 'fd00::1', false],
    ['fd00::/8', 'fd12::1', true],
    ['fd00::/8', '10.0.0.1', false],
    ['fd00::/8', '', false],
  ])('%s holds %s: %s', (network, address, holds) => {
    const cidr = parseCidr(network);
    expect(cidr !== null && cidrContains(cidr, address)).toBe(holds);
  });

  it.each(['10.0.0.0/33', 'fd00::/129', '10.0.0.0/', '10.0.0.0/08', '10.0.0.0/8/8', 'api'])('%s is none', (text) => {
    expect(parseCidr(text)).toBeNull();
  });
});
