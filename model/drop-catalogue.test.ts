import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import { explainDrop } from './drop-catalogue.ts';
import { refinedReasons } from './drop-reasons.ts';

const unexplained = (names: readonly string[]): string[] => names.filter((name) => explainDrop(name) === null);

describe('explainDrop', () => {
  test('says what happened, why, and what to run', () => {
    expect(explainDrop('NETFILTER_DROP')).toMatchObject({ says: 'A netfilter hook (nftables, iptables) dropped it.' });
    expect(explainDrop('NETFILTER_DROP')?.checks).toContain('nft list ruleset');
  });

  test('knows no reason that does not exist', () => {
    expect(unexplained(['MADE_UP', '', 'constructor'])).toEqual(['MADE_UP', '', 'constructor']);
  });

  test('covers the words we make ourselves, each with a family', () => {
    const words = refinedReasons.map((row) => row.word);
    expect(unexplained(words)).toEqual([]);
    expect(words.filter((word) => explainDrop(word)?.causes[0]?.startsWith('The kernel gives no reason'))).toEqual([]);
  });

  test("covers every value of Hubble's flow.DropReason", () => {
    expect(hubbleReasons).toHaveLength(76);
    expect(unexplained(hubbleReasons)).toEqual([]);
  });

  const names = kernelNames();
  test.skipIf(names === null)('covers every reason of the running kernel', () => {
    expect(names?.length).toBeGreaterThan(40);
    expect(unexplained(names ?? [])).toEqual([]);
  });
});

/** Null, said aloud, where there is no BTF or nothing to read it with. */
function kernelNames(): string[] | null {
  const btf = '/sys/kernel/btf/vmlinux';
  const bpftool = ['/usr/sbin/bpftool', '/usr/bin/bpftool', '/sbin/bpftool'].find((path) => existsSync(path));
  if (!existsSync(btf) || bpftool === undefined) {
    console.warn(`SKIPPED: the kernel's drop reasons need ${btf} and bpftool`);
    return null;
  }
  const { stdout } = spawnSync(bpftool, ['btf', 'dump', 'file', btf], { encoding: 'utf8', maxBuffer: 512 * 2 ** 20 });
  const [, body = ''] = /ENUM 'skb_drop_reason'[^\n]*\n((?:\t[^\n]*\n)+)/.exec(stdout) ?? [];
  // The first two are no drops, the last two no reasons.
  return [...body.matchAll(/'SKB_DROP_REASON_(\w+)'/g)].flatMap(([, name = '']) =>
    ['MAX', 'SUBSYS_MASK'].includes(name) ? [] : [name],
  );
}

const hubbleReasons =
  `DROP_REASON_UNKNOWN INVALID_SOURCE_MAC INVALID_DESTINATION_MAC INVALID_SOURCE_IP POLICY_DENIED INVALID_PACKET_DROPPED
CT_TRUNCATED_OR_INVALID_HEADER CT_MISSING_TCP_ACK_FLAG CT_UNKNOWN_L4_PROTOCOL CT_CANNOT_CREATE_ENTRY_FROM_PACKET
UNSUPPORTED_L3_PROTOCOL MISSED_TAIL_CALL ERROR_WRITING_TO_PACKET UNKNOWN_L4_PROTOCOL UNKNOWN_ICMPV4_CODE
UNKNOWN_ICMPV4_TYPE UNKNOWN_ICMPV6_CODE UNKNOWN_ICMPV6_TYPE ERROR_RETRIEVING_TUNNEL_KEY ERROR_RETRIEVING_TUNNEL_OPTIONS
INVALID_GENEVE_OPTION UNKNOWN_L3_TARGET_ADDRESS STALE_OR_UNROUTABLE_IP NO_MATCHING_LOCAL_CONTAINER_FOUND
ERROR_WHILE_CORRECTING_L3_CHECKSUM ERROR_WHILE_CORRECTING_L4_CHECKSUM CT_MAP_INSERTION_FAILED
INVALID_IPV6_EXTENSION_HEADER IP_FRAGMENTATION_NOT_SUPPORTED SERVICE_BACKEND_NOT_FOUND
NO_TUNNEL_OR_ENCAPSULATION_ENDPOINT FAILED_TO_INSERT_INTO_PROXYMAP REACHED_EDT_RATE_LIMITING_DROP_HORIZON
UNKNOWN_CONNECTION_TRACKING_STATE LOCAL_HOST_IS_UNREACHABLE NO_CONFIGURATION_AVAILABLE_TO_PERFORM_POLICY_DECISION
UNSUPPORTED_L2_PROTOCOL NO_MAPPING_FOR_NAT_MASQUERADE UNSUPPORTED_PROTOCOL_FOR_NAT_MASQUERADE FIB_LOOKUP_FAILED
ENCAPSULATION_TRAFFIC_IS_PROHIBITED INVALID_IDENTITY UNKNOWN_SENDER NAT_NOT_NEEDED IS_A_CLUSTERIP
FIRST_LOGICAL_DATAGRAM_FRAGMENT_NOT_FOUND FORBIDDEN_ICMPV6_MESSAGE DENIED_BY_LB_SRC_RANGE_CHECK SOCKET_LOOKUP_FAILED
SOCKET_ASSIGN_FAILED PROXY_REDIRECTION_NOT_SUPPORTED_FOR_PROTOCOL POLICY_DENY VLAN_FILTERED INVALID_VNI
INVALID_TC_BUFFER NO_SID MISSING_SRV6_STATE NAT46 NAT64 AUTH_REQUIRED CT_NO_MAP_FOUND SNAT_NO_MAP_FOUND
INVALID_CLUSTER_ID UNSUPPORTED_PROTOCOL_FOR_DSR_ENCAP NO_EGRESS_GATEWAY UNENCRYPTED_TRAFFIC TTL_EXCEEDED NO_NODE_ID
DROP_RATE_LIMITED IGMP_HANDLED IGMP_SUBSCRIBED MULTICAST_HANDLED DROP_HOST_NOT_READY DROP_EP_NOT_READY
DROP_NO_EGRESS_IP DROP_PUNT_PROXY`.split(/\s+/);
