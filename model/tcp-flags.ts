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

export type TcpFlag = (typeof flagBits)[number][0];

/** The bits of those flags that `isSet` says are. */
export function tcpFlagBits(isSet: (name: TcpFlag) => boolean): number {
  return flagBits.reduce((bits, [name, bit]) => (isSet(name) ? bits | bit : bits), 0);
}

export function tcpFlagNames(flags: number): string[] {
  return flagBits.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name);
}
