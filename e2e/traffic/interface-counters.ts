/** The kernel's own counters of an interface: the truth that flows are compared with. */
import { readFileSync } from 'node:fs';

export interface InterfaceCounters {
  readonly rxBytes: bigint;
  readonly rxPackets: bigint;
  readonly txBytes: bigint;
  readonly txPackets: bigint;
}

export function readCounters(link: string): InterfaceCounters {
  const read = (name: string): bigint =>
    BigInt(readFileSync(`/sys/class/net/${link}/statistics/${name}`, 'utf8').trim());
  return {
    rxBytes: read('rx_bytes'),
    rxPackets: read('rx_packets'),
    txBytes: read('tx_bytes'),
    txPackets: read('tx_packets'),
  };
}

export function countersBetween(before: InterfaceCounters, after: InterfaceCounters): InterfaceCounters {
  return {
    rxBytes: after.rxBytes - before.rxBytes,
    rxPackets: after.rxPackets - before.rxPackets,
    txBytes: after.txBytes - before.txBytes,
    txPackets: after.txPackets - before.txPackets,
  };
}
