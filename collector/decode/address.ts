/**
 * IP addresses as map keys: the 16 network-order bytes as a latin-1 string, IPv4 as ::ffff:a.b.c.d. Cheap to make from
 * a record, equal when the address is, and turned into text only for people.
 */
import { isIPv4, isIPv6 } from 'node:net';

export type AddressKey = string;

const mappedPrefix = '\0\0\0\0\0\0\0\0\0\0\xff\xff';
export const noAddress: AddressKey = '\0'.repeat(16);

export function addressKey(bytes: Buffer, offset: number): AddressKey {
  return bytes.toString('latin1', offset, offset + 16);
}

export function addressBytes(key: AddressKey): Buffer {
  return Buffer.from(key, 'latin1');
}

export function isMapped(key: AddressKey): boolean {
  return key.startsWith(mappedPrefix);
}

function bytesOfV4(text: string): string {
  return String.fromCharCode(...text.split('.').map(Number));
}

/** Undefined when `text` is not an address. A zone such as %eth0 is ignored. */
export function parseAddress(text: string): AddressKey | undefined {
  if (isIPv4(text)) return mappedPrefix + bytesOfV4(text);
  if (!isIPv6(text)) return undefined;
  let plain = text.split('%')[0] ?? '';
  let tail = '';
  if (plain.includes('.')) {
    const cut = plain.lastIndexOf(':') + 1;
    tail = bytesOfV4(plain.slice(cut));
    plain = plain.slice(0, cut);
    if (!plain.endsWith('::')) plain = plain.slice(0, -1);
  }
  const [head = '', rest] = plain.split('::');
  const words = (part: string): string =>
    part
      .split(':')
      .filter((word) => word !== '')
      .map((word) => parseInt(word, 16))
      .map((word) => String.fromCharCode(word >> 8, word & 0xff))
      .join('');
  const left = words(head);
  const right = (rest === undefined ? '' : words(rest)) + tail;
  const middle = 16 - left.length - right.length;
  return middle < 0 ? undefined : left + '\0'.repeat(middle) + right;
}

/** RFC 5952 text; mapped IPv4 as a dotted quad. */
export function formatAddress(key: AddressKey): string {
  const bytes = addressBytes(key);
  if (isMapped(key)) return bytes.subarray(12).join('.');
  const words = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (start + length < 8 && words[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const text = (part: readonly number[]): string => part.map((word) => word.toString(16)).join(':');
  if (best.start === -1) return text(words);
  return `${text(words.slice(0, best.start))}::${text(words.slice(best.start + best.length))}`;
}

/** An address of many: empty when it is of one machine. */
export function groupOf(key: AddressKey): '' | 'multicast' | 'broadcast' {
  if (!isMapped(key)) return key.charCodeAt(0) === 0xff ? 'multicast' : '';
  if (key.endsWith('\xff\xff\xff\xff')) return 'broadcast';
  const first = key.charCodeAt(12);
  return first >= 224 && first < 240 ? 'multicast' : '';
}

/**
 * Addresses that more than one machine has: groups, loopback, none, and the hand-made link-local ones that gateways of
 * pods share. Link-local IPv6 addresses made from the link's own address are as good as unique.
 */
export function isShared(key: AddressKey): boolean {
  if (groupOf(key) !== '') return true;
  if (isMapped(key)) {
    const first = key.charCodeAt(12);
    return first === 0 || first === 127 || (first === 169 && key.charCodeAt(13) === 254);
  }
  if (key === noAddress || key === `${'\0'.repeat(15)}\x01`) return true;
  const isLinkLocal = key.charCodeAt(0) === 0xfe && (key.charCodeAt(1) & 0xc0) === 0x80;
  return isLinkLocal && key.slice(8, 14) === '\0'.repeat(6);
}
