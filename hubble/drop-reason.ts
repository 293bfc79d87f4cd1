/** flow.proto's `DropReason`: the datapath's drop codes by name. Codes start at 130; 159 was never given out. */

const firstCode = 130;

/** Position plus `firstCode` is the code; null is a code without a name. */
const byCode = [
  'INVALID_SOURCE_MAC',
  'INVALID_DESTINATION_MAC',
  'INVALID_SOURCE_IP',
  'POLICY_DENIED',
  'INVALID_PACKET_DROPPED',
  'CT_TRUNCATED_OR_INVALID_HEADER',
  'CT_MISSING_TCP_ACK_FLAG',
  'CT_UNKNOWN_L4_PROTOCOL',
  'CT_CANNOT_CREATE_ENTRY_FROM_PACKET',
  'UNSUPPORTED_L3_PROTOCOL',
  'MISSED_TAIL_CALL',
  'ERROR_WRITING_TO_PACKET',
  'UNKNOWN_L4_PROTOCOL',
  'UNKNOWN_ICMPV4_CODE',
  'UNKNOWN_ICMPV4_TYPE',
  'UNKNOWN_ICMPV6_CODE',
  'UNKNOWN_ICMPV6_TYPE',
  'ERROR_RETRIEVING_TUNNEL_KEY',
  'ERROR_RETRIEVING_TUNNEL_OPTIONS',
  'INVALID_GENEVE_OPTION',
  'UNKNOWN_L3_TARGET_ADDRESS',
  'STALE_OR_UNROUTABLE_IP',
  'NO_MATCHING_LOCAL_CONTAINER_FOUND',
  'ERROR_WHILE_CORRECTING_L3_CHECKSUM',
  'ERROR_WHILE_CORRECTING_L4_CHECKSUM',
  'CT_MAP_INSERTION_FAILED',
  'INVALID_IPV6_EXTENSION_HEADER',
  'IP_FRAGMENTATION_NOT_SUPPORTED',
  'SERVICE_BACKEND_NOT_FOUND',
  null,
  'NO_TUNNEL_OR_ENCAPSULATION_ENDPOINT',
  'FAILED_TO_INSERT_INTO_PROXYMAP',
  'REACHED_EDT_RATE_LIMITING_DROP_HORIZON',
  'UNKNOWN_CONNECTION_TRACKING_STATE',
  'LOCAL_HOST_IS_UNREACHABLE',
  'NO_CONFIGURATION_AVAILABLE_TO_PERFORM_POLICY_DECISION',
  'UNSUPPORTED_L2_PROTOCOL',
  'NO_MAPPING_FOR_NAT_MASQUERADE',
  'UNSUPPORTED_PROTOCOL_FOR_NAT_MASQUERADE',
  'FIB_LOOKUP_FAILED',
  'ENCAPSULATION_TRAFFIC_IS_PROHIBITED',
  'INVALID_IDENTITY',
  'UNKNOWN_SENDER',
  'NAT_NOT_NEEDED',
  'IS_A_CLUSTERIP',
  'FIRST_LOGICAL_DATAGRAM_FRAGMENT_NOT_FOUND',
  'FORBIDDEN_ICMPV6_MESSAGE',
  'DENIED_BY_LB_SRC_RANGE_CHECK',
  'SOCKET_LOOKUP_FAILED',
  'SOCKET_ASSIGN_FAILED',
  'PROXY_REDIRECTION_NOT_SUPPORTED_FOR_PROTOCOL',
  'POLICY_DENY',
  'VLAN_FILTERED',
  'INVALID_VNI',
  'INVALID_TC_BUFFER',
  'NO_SID',
  'MISSING_SRV6_STATE',
  'NAT46',
  'NAT64',
  'AUTH_REQUIRED',
  'CT_NO_MAP_FOUND',
  'SNAT_NO_MAP_FOUND',
  'INVALID_CLUSTER_ID',
  'UNSUPPORTED_PROTOCOL_FOR_DSR_ENCAP',
  'NO_EGRESS_GATEWAY',
  'UNENCRYPTED_TRAFFIC',
  'TTL_EXCEEDED',
  'NO_NODE_ID',
  'DROP_RATE_LIMITED',
  'IGMP_HANDLED',
  'IGMP_SUBSCRIBED',
  'MULTICAST_HANDLED',
  'DROP_HOST_NOT_READY',
  'DROP_EP_NOT_READY',
  'DROP_NO_EGRESS_IP',
  'DROP_PUNT_PROXY',
] as const;

type NamedReason = Exclude<(typeof byCode)[number], null>;

export const unknownReason = 'DROP_REASON_UNKNOWN';
export type DropReason = typeof unknownReason | NamedReason;

const codes: ReadonlyMap<string, { readonly name: NamedReason; readonly code: number }> = new Map(
  byCode.flatMap((name, i) => (name === null ? [] : [[name, { name, code: firstCode + i }] as const])),
);

export const dropReasons: readonly DropReason[] = [unknownReason, ...[...codes.values()].map(({ name }) => name)];

const names: ReadonlyMap<number, DropReason> = new Map([
  [0, unknownReason],
  ...[...codes.values()].map(({ name, code }) => [code, name] as const),
]);

/** Undefined when no reason has the code. */
export function dropReasonOfCode(code: number): DropReason | undefined {
  return names.get(code);
}

/** Only a reason of the very same name is the same reason: most of the kernel's own have none here. */
export function dropReasonOf(reason: string): { readonly name: DropReason; readonly code: number } {
  return codes.get(reason) ?? { name: unknownReason, code: 0 };
}
