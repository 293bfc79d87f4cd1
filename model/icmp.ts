/** Names of ICMP messages as `hubble observe` prints them: `EchoRequest`, `DestinationUnreachable(Port)`. */

interface Message {
  readonly name: string;
  readonly codes?: Readonly<Record<number, string>>;
}

const version4: Readonly<Record<number, Message>> = {
  0: { name: 'EchoReply' },
  3: {
    name: 'DestinationUnreachable',
    codes: {
      0: 'Net',
      1: 'Host',
      2: 'Protocol',
      3: 'Port',
      4: 'FragmentationNeeded',
      9: 'NetAdminProhibited',
      10: 'HostAdminProhibited',
      13: 'CommAdminProhibited',
    },
  },
  5: { name: 'Redirect', codes: { 0: 'Net', 1: 'Host' } },
  8: { name: 'EchoRequest' },
  9: { name: 'RouterAdvertisement' },
  10: { name: 'RouterSolicitation' },
  11: { name: 'TimeExceeded', codes: { 0: 'TTLExceeded', 1: 'FragmentReassemblyTimeExceeded' } },
  12: { name: 'ParameterProblem' },
  13: { name: 'TimestampRequest' },
  14: { name: 'TimestampReply' },
};

const version6: Readonly<Record<number, Message>> = {
  1: {
    name: 'DestinationUnreachable',
    codes: {
      0: 'NoRouteToDst',
      1: 'AdminProhibited',
      2: 'BeyondScopeOfSrc',
      3: 'AddressUnreachable',
      4: 'PortUnreachable',
    },
  },
  2: { name: 'PacketTooBig' },
  3: { name: 'TimeExceeded', codes: { 0: 'HopLimitExceeded', 1: 'FragmentReassemblyTimeExceeded' } },
  4: { name: 'ParameterProblem' },
  128: { name: 'EchoRequest' },
  129: { name: 'EchoReply' },
  130: { name: 'MLDv1MulticastListenerQueryMessage' },
  131: { name: 'MLDv1MulticastListenerReportMessage' },
  133: { name: 'RouterSolicitation' },
  134: { name: 'RouterAdvertisement' },
  135: { name: 'NeighborSolicitation' },
  136: { name: 'NeighborAdvertisement' },
  137: { name: 'Redirect' },
  143: { name: 'MLDv2MulticastListenerReportMessageV2' },
};

export function icmpName(protocol: 'ICMPv4' | 'ICMPv6', type: number, code: number): string {
  const message = (protocol === 'ICMPv4' ? version4 : version6)[type];
  if (message === undefined) return `${type}(${code})`;
  const detail = message.codes?.[code];
  if (detail !== undefined) return `${message.name}(${detail})`;
  return code === 0 ? message.name : `${message.name}(Code: ${code})`;
}
