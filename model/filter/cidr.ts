/**
 * IP addresses and networks as 16 bytes, the way the store keeps them (IPv4 as ::ffff:a.b.c.d), so that an
 * IPv4 network matches IPv4 addresses only and ::/0 matches everything.
 */

/** A network: `address` is canonical text with the host bits cleared, `bits` counts within its own family. */
export interface Cidr {
  readonly family: 4 | 6;
  readonly address: string;
  readonly bits: number;
}

function parseIpv4(text: string): readonly number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((p) => /^(0|[1-9]\d{0,2})$/.test(p))) return null;
  const bytes = parts.map(Number);
  return bytes.every((b) => b <= 255) ? bytes : null;
}

function groupsToBytes(text: string, endsTheAddress: boolean): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    if (group.includes('.')) {
      const tail = endsTheAddress && i === groups.length - 1 ? parseIpv4(group) : null;
      if (tail === null) return null;
      bytes.push(...tail);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(group)) return null;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}

function parseIpv6(text: string): readonly number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = groupsToBytes(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? groupsToBytes(halves[1] ?? '', true) : [];
  if (head === null || tail === null) return null;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 2 ? missing < 2 : missing !== 0) return null;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] as const;
const isMapped = (bytes: readonly number[]): boolean => mapped.every((b, i) => bytes[i] === b);

/** The 16 bytes of an address in text, or null. */
export function parseAddress(text: string): readonly number[] | null {
  const four = parseIpv4(text);
  return four === null ? (text.includes(':') ? parseIpv6(text) : null) : [...mapped, ...four];
}

/** RFC 5952 text of 16 bytes; IPv4-mapped ones as plain IPv4. */
export function printAddress(bytes: readonly number[]): string {
  if (isMapped(bytes)) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  const run = longestZeroRun(groups);
  const hex = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((g) => g.toString(16))
      .join(':');
  return run.length < 2 ? hex(0, 8) : `${hex(0, run.start)}::${hex(run.start + run.length, 8)}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [i, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: i - length + 1, length };
  }
  return best;
}

/** Keeps the first `bits` of 128 and sets the others to `fill`. */
function withHostBits(bytes: readonly number[], bits: number, fill: 0 | 1): number[] {
  return bytes.map((byte, i) => {
    const kept = Math.min(8, Math.max(0, bits - 8 * i));
    const hostMask = 0xff >> kept;
    return fill === 1 ? byte | hostMask : byte & ~hostMask & 0xff;
  });
}

const bitsOf128 = (cidr: Cidr): number => (cidr.family === 4 ? 96 + cidr.bits : cidr.bits);

/** `10.0.0.0/8`, `2001:db8::1`; null when it is neither address nor network. */
export function parseCidr(text: string): Cidr | null {
  const [addressText = '', bitsText, ...rest] = text.split('/');
  const bytes = parseAddress(addressText);
  if (bytes === null || rest.length > 0) return null;
  if (bitsText !== undefined && !/^(0|[1-9]\d{0,2})$/.test(bitsText)) return null;
  const offset = addressText.includes(':') ? 0 : 96;
  const bits = bitsText === undefined ? 128 : offset + Number(bitsText);
  if (bits > 128) return null;
  const network = withHostBits(bytes, bits, 0);
  const address = printAddress(network);
  return isMapped(network) ? { family: 4, address, bits: bits - 96 } : { family: 6, address, bits };
}

export function printCidr(cidr: Cidr): string {
  return cidr.bits === (cidr.family === 4 ? 32 : 128) ? cidr.address : `${cidr.address}/${cidr.bits}`;
}

/**
 * First and last address of the network in the store's IPv6 spelling: an address belongs when it lies between them, both
 * included.
 */
export function cidrBounds(cidr: Cidr): { readonly first: string; readonly last: string } {
  const network = parseAddress(cidr.address) ?? [];
  const spell = (fill: 0 | 1): string => {
    const text = printAddress(withHostBits(network, bitsOf128(cidr), fill));
    return text.includes(':') ? text : `::ffff:${text}`;
  };
  return { first: spell(0), last: spell(1) };
}

/** Whether an address in text lies in the network; text that is no address does not. */
export function cidrContains(cidr: Cidr, address: string): boolean {
  const bytes = parseAddress(address);
  const network = parseAddress(cidr.address);
  if (bytes === null || network === null) return false;
  return withHostBits(bytes, bitsOf128(cidr), 0).every((b, i) => b === network[i]);
}
