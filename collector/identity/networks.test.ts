import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressBytes, formatAddress, parseAddress, type AddressKey } from '../decode/address.ts';
import { createRanges, maskAddress, parsePrefix, type Prefix } from './address-ranges.ts';
import { parseNetworks } from './networks.ts';

describe('a file of networks', () => {
  it('names every mistake by its line and takes nothing of it', () => {
    const text = [
      '# ours',
      '10.20.0.0/16 office',
      '10.20.0.1/16 desk',
      'fd00::/129 far',
      '10.0.0.0/8',
      'somewhere there',
      '',
      '10.20.0.0/16 again',
    ].join('\n');
    expect(parseNetworks(text)).toEqual({
      ok: false,
      error: [
        'line 3: 10.20.0.1/16 has bits set after the first 16',
        'line 4: fd00::/129 is not a network: its length must be from 0 to 128',
        'line 5: 10.0.0.0/8 has no name; write a name after the network',
        'line 6: somewhere is not a network',
        'line 8: 10.20.0.0/16 is already named on line 2',
      ],
    });
  });

  it('may be empty', () => {
    expect(parseNetworks('\n# nothing yet\n')).toMatchObject({ ok: true, value: { size: 0 } });
  });
});

const address = fc.oneof(
  fc.ipV4().map((text) => parseAddress(text) ?? ''),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

/** Bit by bit, without any of the code under test. */
function isInside(inner: AddressKey, prefix: Prefix): boolean {
  const bitsOf = (key: AddressKey): string =>
    [...addressBytes(key)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bitsOf(inner).slice(0, prefix.bits) === bitsOf(prefix.address).slice(0, prefix.bits);
}

describe('the longest prefix', { timeout: 60_000 }, () => {
  it('is the one found', () => {
    const prefix = fc.tuple(address, fc.integer({ min: 0, max: 32 })).map(([key, short]): Prefix => {
      const text = formatAddress(key);
      const bits = text.includes(':') ? short * 4 : 96 + short;
      return { address: maskAddress(key, bits), bits, text };
    });
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 12 }), address, (prefixes, asked) => {
        const isV4 = !formatAddress(asked).includes(':');
        const longest = prefixes
          .filter((each) => isInside(asked, each) && (!isV4 || each.bits >= 96))
          .reduce((most, each) => Math.max(most, each.bits), -1);
        const ranges = createRanges(prefixes.map((each) => [each, each.bits] as const));
        expect(ranges.find(asked) ?? -1).toBe(longest);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['::/0', 'fd00::1', true],
    ['::/0', '10.0.0.1', false],
    ['0.0.0.0/0', '10.0.0.1', true],
    ['0.0.0.0/0', 'fd00::1', false],
    ['192.0.2.7', '192.0.2.7', true],
  ])('%s holds %s: %s', (text, inner, expected) => {
    const prefix = parsePrefix(text);
    if (!prefix.ok) throw new Error(prefix.error);
    expect(createRanges([[prefix.value, true]]).find(parseAddress(inner) ?? '') ?? false).toBe(expected);
  });
});
