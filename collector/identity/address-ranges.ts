/** Networks by their prefixes: the longest one that holds an address wins. */
import { isIPv4, isIPv6 } from 'node:net';
import { isMapped, parseAddress, type AddressKey } from '../decode/address.ts';
import { err, ok, type Result } from '../../model/result.ts';

export interface Prefix {
  readonly address: AddressKey;
  /** Of 128 bits, also for IPv4. */
  readonly bits: number;
  /** As it is written in a label: the network's first address and the length. */
  readonly text: string;
}

const mappedBits = 96;

/** The first bits of an address, the rest zero. */
export function maskAddress(address: AddressKey, bits: number): AddressKey {
  const whole = bits >> 3;
  const rest = bits & 7;
  const part = rest === 0 ? '' : String.fromCharCode(address.charCodeAt(whole) & (0xff << (8 - rest)) & 0xff);
  return (address.slice(0, whole) + part).padEnd(16, '\0');
}

/** Reads `10.0.0.0/8`, `fd00::/8`, or an address alone, which is a network of one. The error says what is wrong. */
export function parsePrefix(text: string): Result<Prefix, string> {
  const [host = '', length, ...more] = text.split('/');
  const address = parseAddress(host);
  if (address === undefined || host.includes('%') || more.length > 0) return err(`${text} is not a network`);
  const most = isIPv4(host) ? 32 : 128;
  const own = length === undefined ? most : Number(length);
  if (length !== undefined && (!/^\d{1,3}$/.test(length) || own > most)) {
    return err(`${text} is not a network: its length must be from 0 to ${most}`);
  }
  const bits = isIPv6(host) ? own : own + mappedBits;
  if (maskAddress(address, bits) !== address) return err(`${text} has bits set after the first ${own}`);
  return ok({ address, bits, text: `${host}/${own}` });
}

export interface Ranges<Value> {
  find(address: AddressKey): Value | undefined;
}

/** Later entries replace earlier ones of the same prefix. */
export function createRanges<Value>(entries: Iterable<readonly [Prefix, Value]>): Ranges<Value> {
  const byBits = new Map<number, Map<AddressKey, Value>>();
  for (const [{ address, bits }, value] of entries) {
    const ofBits = byBits.get(bits) ?? new Map<AddressKey, Value>();
    byBits.set(bits, ofBits.set(address, value));
  }
  const lengths = [...byBits.entries()].sort(([a], [b]) => b - a);
  return {
    find(address) {
      const isV4 = isMapped(address);
      for (const [bits, ofBits] of lengths) {
        // ::/0 is all of IPv6, not of IPv4, although IPv4 is kept inside of it.
        if (isV4 && bits < mappedBits) return undefined;
        const value = ofBits.get(maskAddress(address, bits));
        if (value !== undefined) return value;
      }
      return undefined;
    },
  };
}
