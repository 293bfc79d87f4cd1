/** DNS response codes by number (IANA), as Hubble carries them; the store has their names. */

const codes: ReadonlyMap<string, number> = new Map([
  ['NOERROR', 0],
  ['FORMERR', 1],
  ['SERVFAIL', 2],
  ['NXDOMAIN', 3],
  ['NOTIMP', 4],
  ['REFUSED', 5],
  ['YXDOMAIN', 6],
  ['YXRRSET', 7],
  ['NXRRSET', 8],
  ['NOTAUTH', 9],
  ['NOTZONE', 10],
  ['BADVERS', 16],
  ['BADCOOKIE', 23],
]);

const names: ReadonlyMap<number, string> = new Map([...codes].map(([name, code]) => [code, name]));

/** `RCODE` and its number when nobody named it. */
export function dnsRcodeName(code: number): string {
  return names.get(code) ?? `RCODE${code}`;
}

/** Undefined when the name tells no number. */
export function dnsRcode(name: string): number | undefined {
  const [, number] = /^RCODE(\d{1,4})$/.exec(name) ?? [];
  return number === undefined ? codes.get(name) : Number(number);
}
