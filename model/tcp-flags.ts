/** TCP flags by their bit in the header, in the order `hubble observe` prints them. */
const flagBits = [
  ['SYN', 0x02],
  ['ACK', 0x10],
  ['RST', 0x04],
  ['FIN', 0x01],
  ['PSH', 0x08],
  ['URG', 0x20],
  ['ECE', 0x40],
  ['CWR', 0x80],
  ['NS', 0x100],
] as const;

export function tcpFlagNames(flags: number): string[] {
  return flagBits.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name);
}
