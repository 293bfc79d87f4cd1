/**
 * Names that people gave to networks outside: a text file of lines `PREFIX NAME`, of which the longest prefix that holds
 * an address wins. A file with a mistake is refused as a whole, with every mistake named by its line.
 */
import type { AddressKey } from '../decode/address.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { createRanges, parsePrefix, type Prefix, type Ranges } from './address-ranges.ts';
import { cidrLabel, localIdentityOf, type LabelSet } from './label-sets.ts';

export interface Network {
  readonly name: string;
  readonly set: LabelSet;
}

export interface Networks {
  readonly size: number;
  find(address: AddressKey): Network | undefined;
}

export const noNetworks: Networks = { size: 0, find: () => undefined };

const networksLimit = 100_000;
const longestName = 128;

function networkOf(prefix: Prefix, name: string): Network {
  const labels = [cidrLabel(prefix.text), 'reserved:world'];
  return { name, set: { labels, identity: localIdentityOf(labels) } };
}

function readLine(line: string): Result<readonly [Prefix, Network] | null, string> {
  const text = line.replace(/(?:^|\s)#.*$/, '').trim();
  if (text === '') return ok(null);
  const [written = '', ...words] = text.split(/\s+/);
  const prefix = parsePrefix(written);
  if (!prefix.ok) return err(prefix.error);
  const name = words.join(' ');
  if (name === '') return err(`${written} has no name; write a name after the network`);
  if (name.length > longestName) return err(`the name of ${written} is longer than ${longestName} characters`);
  return ok([prefix.value, networkOf(prefix.value, name)]);
}

/** The error lists every mistake, one a line. */
export function parseNetworks(text: string): Result<Networks, readonly string[]> {
  const problems: string[] = [];
  const lineOf = new Map<string, number>();
  const entries: (readonly [Prefix, Network])[] = [];
  text.split('\n').forEach((line, index) => {
    const read = readLine(line);
    const at = `line ${index + 1}: `;
    if (!read.ok) problems.push(at + read.error);
    else if (read.value !== null) {
      const [prefix] = read.value;
      const key = `${prefix.address}/${prefix.bits}`;
      const earlier = lineOf.get(key);
      if (earlier !== undefined) problems.push(`${at}${prefix.text} is already named on line ${earlier}`);
      lineOf.set(key, index + 1);
      entries.push(read.value);
    }
  });
  if (entries.length > networksLimit) problems.push(`more than ${networksLimit} networks`);
  if (problems.length > 0) return err(problems);
  const ranges: Ranges<Network> = createRanges(entries);
  return ok({ size: entries.length, find: (address) => ranges.find(address) });
}
