/** Protobuf's JSON timestamps: UTC, with as many groups of three digits of a second as it takes. */

/** Of an RFC 3339 time in UTC, as the API's flows carry it. */
export function nanosecondsOf(time: string): bigint {
  const [, second, fraction = ''] = /^(.{19})(?:\.(\d{1,9}))?Z$/.exec(time) ?? [];
  if (second === undefined) throw new RangeError(`"${time}" is no time in UTC`);
  return BigInt(Date.parse(`${second}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

export function timestampOf(ns: bigint): string {
  const second = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  const fraction = String(ns % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/(?:000){1,3}$/, '');
  return fraction === '' ? `${second}Z` : `${second}.${fraction}Z`;
}
