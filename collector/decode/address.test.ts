import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, isShared, parseAddress } from './address.ts';

function key(text: string): string {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} did not parse`);
  return parsed;
}

describe('addresses', () => {
  it.each([
    ['10.77.1.10', '10.77.1.10'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['fd77:0:0:1::20', 'fd77:0:0:1::20'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['fe80::1%eth0', 'fe80::1'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:0:3:4:5:6:7:8', '1:0:3:4:5:6:7:8'],
  ])('%s is written %s', (text, expected) => {
    expect(key(text)).toHaveLength(16);
    expect(formatAddress(key(text))).toBe(expected);
  });

  it.each(['', 'host', '10.0.0', '1::2::3', '10.0.0.256'])('refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it('survives being written and read again, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const address = Buffer.from(bytes).toString('latin1');
        expect(parseAddress(formatAddress(address))).toBe(address);
      }),
    );
  });

  it('reads every IPv6 text that Node takes for one', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        fc.pre(isIPv6(text));
        expect(parseAddress(text)).toHaveLength(16);
      }),
    );
  });

  it.each([
    ['127.0.0.1', true],
    ['169.254.1.1', true],
    ['224.0.0.251', true],
    ['0.0.0.0', true],
    ['10.0.0.1', false],
    ['::1', true],
    ['fe80::1', true],
    ['fe80::8c8b:b6ff:fefa:4a9d', false],
    ['255.255.255.255', true],
    ['ff02::1', true],
    ['fd00::1', false],
  ])('%s is shared by many: %s', (text, expected) => {
    expect(isShared(key(text))).toBe(expected);
  });
});
