/**
 * What a drop reason means, what is likely behind it and which commands tell: for every name of the kernel's enum
 * skb_drop_reason, every reason of Cilium's, and the words we make ourselves. Says nothing about a single packet.
 */
import { refinedReasons } from './drop-reasons.ts';

export interface DropExplanation {
  /** One sentence: what happened to the packet. */
  readonly says: string;
  readonly causes: readonly string[];
  /** Commands to run on the node that dropped it. */
  readonly checks: readonly string[];
}

interface Family {
  readonly causes: readonly string[];
  readonly checks: readonly string[];
}

const families = {
  firewall: {
    causes: ['A rule of nftables or iptables drops it', 'A NetworkPolicy that the CNI turned into such rules'],
    checks: ['nft list ruleset', 'iptables-save -c', 'kubectl get networkpolicy -A'],
  },
  policy: {
    causes: ['No policy allows this traffic, or one denies it', 'Labels of the workload changed'],
    checks: [
      'kubectl get ciliumnetworkpolicy,networkpolicy -A',
      'cilium-dbg endpoint list',
      'hubble observe --verdict DROPPED',
    ],
  },
  bpfProgram: {
    causes: ['A BPF program of the CNI, a firewall or a security agent refuses it'],
    checks: ['bpftool net list', 'bpftool cgroup tree', 'tc filter show dev IFACE ingress'],
  },
  listener: {
    causes: ['Nothing listens on that port any more', 'The process restarts, or listens on another address'],
    checks: ['ss -ltnup', 'nstat -az TcpExtListenDrops UdpNoPorts'],
  },
  overload: {
    causes: ['The receiving process reads too slowly', 'Socket buffers or backlog are too small for the burst'],
    checks: [
      'ss -ltnm',
      'nstat -az TcpExtListenOverflows UdpRcvbufErrors',
      'sysctl net.core.somaxconn net.core.rmem_max',
    ],
  },
  memory: {
    causes: ['Memory for network buffers ran out', 'A cgroup or the host is under memory pressure'],
    checks: ['cat /proc/net/sockstat', 'sysctl net.ipv4.tcp_mem', 'free -m', 'dmesg | grep -i oom'],
  },
  route: {
    causes: ['A route is missing, of another kind, or points elsewhere', 'Forwarding is off for this interface'],
    checks: ['ip route get DESTINATION', 'ip rule', 'sysctl net.ipv4.ip_forward'],
  },
  address: {
    causes: [
      'An address that may not be there: martian, spoofed or misconfigured',
      'Traffic comes back by another interface',
    ],
    checks: [
      'ip -br address',
      'sysctl net.ipv4.conf.all.rp_filter',
      'nstat -az TcpExtIPReversePathFilter IpInAddrErrors',
    ],
  },
  neighbour: {
    causes: ['The next hop does not answer ARP or neighbour discovery', 'The machine is down or on another segment'],
    checks: ['ip neigh show', 'ip -s link', 'sysctl net.ipv4.neigh.default.gc_thresh3'],
  },
  queue: {
    causes: ['The link is slower than the traffic offered', 'A rate limit or shaper'],
    checks: ['tc -s qdisc show', 'ip -s link', 'ethtool -S IFACE'],
  },
  link: {
    causes: [
      'The interface is going up or down',
      'A driver or virtual device could not take it',
      'MTUs differ along the way',
    ],
    checks: ['ip -s link show', 'ethtool -S IFACE', 'dmesg | tail'],
  },
  malformed: {
    causes: ['A faulty sender, device or offload', 'Corruption on the way', 'A scanner'],
    checks: ['ethtool -k IFACE', 'ethtool -S IFACE', 'nstat -az TcpInCsumErrors IpInHdrErrors'],
  },
  tcpState: {
    causes: ['Late or doubled segments: harmless in small numbers', 'A connection that one end has already forgotten'],
    checks: ['nstat -az | grep -i tcpext', 'ss -tin'],
  },
  tcpAuth: {
    causes: ['Keys of the two ends differ or one end has none', 'Usual peers are BGP routers'],
    checks: ['nstat -az TcpExtTCPMD5Failure TcpExtTCPMD5NotFound TcpExtTCPAOBad', 'ss -tnie'],
  },
  fragment: {
    causes: ['A fragment was lost on the way', 'MTUs differ and large datagrams are cut'],
    checks: ['nstat -az IpReasmFails IpReasmTimeout', 'ip -d link show', 'tracepath DESTINATION'],
  },
  tunnel: {
    causes: ['The two ends of the tunnel disagree about it', 'A stray packet on the port of the tunnel'],
    checks: ['ip -d link show type vxlan', 'bridge fdb show', 'ip tunnel show'],
  },
  encryption: {
    causes: ['An IPsec or PSP policy is missing a state or key', 'Keys were changed on one end'],
    checks: ['ip xfrm state', 'ip xfrm policy', 'cat /proc/net/xfrm_stat'],
  },
  bridge: {
    causes: ['The port of the bridge is not forwarding', 'The bridge has no port for that address'],
    checks: ['bridge link show', 'bridge fdb show', 'bridge vlan show'],
  },
  harmless: {
    causes: ['Part of how networks work; worth a look only in large numbers'],
    checks: ['ip -s link', 'nstat -az'],
  },
  ciliumMap: {
    causes: ['A map of the agent is full or lacks an entry', 'The agent restarts or lags behind the cluster'],
    checks: [
      'cilium-dbg status --verbose',
      'cilium-dbg bpf ct list global | wc -l',
      'kubectl -n kube-system logs ds/cilium',
    ],
  },
  ciliumService: {
    causes: ['The service has no ready backend', 'Source port range for translation is used up'],
    checks: ['kubectl get endpointslices -A', 'cilium-dbg service list', 'cilium-dbg bpf nat list'],
  },
  ciliumPacket: {
    causes: ['A packet or protocol that the datapath does not handle', 'MTU or offload settings'],
    checks: ['cilium-dbg monitor --type drop', 'cilium-dbg config --all'],
  },
  unknown: {
    causes: ['The kernel gives no reason; the place where it was dropped tells more'],
    checks: ['nstat -az', 'ip -s link', 'dropwatch -l kas'],
  },
} as const satisfies Record<string, Family>;

type FamilyName = keyof typeof families;
type Entry = readonly [family: FamilyName, says: string];

const kernelReasons: Readonly<Record<string, Entry>> = {
  NOT_SPECIFIED: ['unknown', 'The kernel threw it away without saying why.'],
  NO_SOCKET: ['listener', 'No socket takes packets for this address and port.'],
  SOCKET_CLOSE: ['listener', 'The socket was closed before the packet was read.'],
  SOCKET_FILTER: ['bpfProgram', 'A filter on the socket refused it.'],
  SOCKET_RCVBUFF: ['overload', 'The receive buffer of the socket is full.'],
  UNIX_DISCONNECT: ['harmless', 'The other end of a Unix socket went away.'],
  UNIX_SKIP_OOB: ['harmless', 'Out-of-band data of a Unix socket was skipped.'],
  PKT_TOO_SMALL: ['malformed', 'It is shorter than its headers say.'],
  TCP_CSUM: ['malformed', 'The TCP checksum is wrong.'],
  UDP_CSUM: ['malformed', 'The UDP checksum is wrong.'],
  NETFILTER_DROP: ['firewall', 'A netfilter hook (nftables, iptables) dropped it.'],
  OTHERHOST: ['harmless', 'It carries the MAC address of another machine.'],
  IP_CSUM: ['malformed', 'The IP header checksum is wrong.'],
  IP_INHDR: ['malformed', 'The IP header is broken.'],
  IP_RPFILTER: ['address', 'The reverse path filter: an answer to its source would leave by another interface.'],
  UNICAST_IN_L2_MULTICAST: ['address', 'A unicast IP packet came in a multicast or broadcast frame.'],
  XFRM_POLICY: ['encryption', 'An IPsec policy does not let it through.'],
  IP_NOPROTO: ['listener', 'Nothing here speaks its IP protocol.'],
  PROTO_MEM: ['memory', 'Memory for sockets of this protocol is used up.'],
  TCP_AUTH_HDR: ['tcpAuth', 'The TCP authentication options are broken or doubled.'],
  TCP_MD5NOTFOUND: ['tcpAuth', 'A TCP-MD5 signature is expected and missing.'],
  TCP_MD5UNEXPECTED: ['tcpAuth', 'It carries a TCP-MD5 signature that nobody asked for.'],
  TCP_MD5FAILURE: ['tcpAuth', 'Its TCP-MD5 signature is wrong.'],
  TCP_AONOTFOUND: ['tcpAuth', 'A TCP-AO signature is expected and missing.'],
  TCP_AOUNEXPECTED: ['tcpAuth', 'It carries a TCP-AO signature that nobody asked for.'],
  TCP_AOKEYNOTFOUND: ['tcpAuth', 'Its TCP-AO key is not known here.'],
  TCP_AOFAILURE: ['tcpAuth', 'Its TCP-AO signature is wrong.'],
  SOCKET_BACKLOG: ['overload', 'The backlog of a busy socket is full.'],
  TCP_FLAGS: ['tcpState', 'Its TCP flags make no sense in this state.'],
  TCP_ABORT_ON_DATA: ['tcpState', 'Data came for a connection that is being closed.'],
  TCP_ZEROWINDOW: ['overload', 'The receiver had closed its window.'],
  TCP_OLD_DATA: ['tcpState', 'The data had been received before.'],
  TCP_OVERWINDOW: ['tcpState', 'The data lies beyond the receive window.'],
  TCP_OFOMERGE: ['tcpState', 'Its data was already waiting in the out-of-order queue.'],
  TCP_RFC7323_PAWS: ['tcpState', 'Its TCP timestamp is older than the last one.'],
  TCP_RFC7323_PAWS_ACK: ['tcpState', 'An acknowledgement with an old TCP timestamp.'],
  TCP_RFC7323_TW_PAWS: ['tcpState', 'An old TCP timestamp for a connection in TIME_WAIT.'],
  TCP_RFC7323_TSECR: ['tcpState', 'It echoes a TCP timestamp that was never sent.'],
  TCP_LISTEN_OVERFLOW: ['overload', 'The accept queue of the listener is full.'],
  TCP_OLD_SEQUENCE: ['tcpState', 'Its sequence number lies before the window.'],
  TCP_INVALID_SEQUENCE: ['tcpState', 'Its sequence number lies outside the window.'],
  TCP_INVALID_END_SEQUENCE: ['tcpState', 'It ends outside the window.'],
  TCP_INVALID_ACK_SEQUENCE: ['tcpState', 'It acknowledges what this connection cannot have sent.'],
  TCP_RESET: ['tcpState', 'It is a reset, and ended the connection.'],
  TCP_INVALID_SYN: ['tcpState', 'A SYN in the middle of a connection.'],
  TCP_CLOSE: ['tcpState', 'The connection is closed.'],
  TCP_FASTOPEN: ['tcpState', 'TCP Fast Open could not take its data.'],
  TCP_OLD_ACK: ['tcpState', 'It acknowledges what was acknowledged before.'],
  TCP_TOO_OLD_ACK: ['tcpState', 'It acknowledges what lies too far back.'],
  TCP_ACK_UNSENT_DATA: ['tcpState', 'It acknowledges data that was not sent yet.'],
  TCP_OFO_QUEUE_PRUNE: ['memory', 'The out-of-order queue was emptied for want of memory.'],
  TCP_OFO_DROP: ['memory', 'There was no memory for the out-of-order queue.'],
  IP_OUTNOROUTES: ['route', 'There is no route to send it by.'],
  BPF_CGROUP_EGRESS: ['bpfProgram', 'A BPF program of the cgroup refused it on its way out.'],
  IPV6DISABLED: ['route', 'IPv6 is off on this interface.'],
  NEIGH_CREATEFAIL: ['neighbour', 'No entry for the next hop could be made: the neighbour table may be full.'],
  NEIGH_FAILED: ['neighbour', 'The next hop did not answer when it was asked for.'],
  NEIGH_QUEUEFULL: ['neighbour', 'Too many packets wait for the next hop to answer.'],
  NEIGH_DEAD: ['neighbour', 'The entry of the next hop was being removed.'],
  NEIGH_HH_FILLFAIL: ['neighbour', 'The link-layer header could not be written.'],
  TC_EGRESS: ['bpfProgram', 'A tc filter or BPF program dropped it on its way out.'],
  SECURITY_HOOK: ['bpfProgram', 'A security module (SELinux, AppArmor, BPF LSM) refused it.'],
  QDISC_DROP: ['queue', 'The queueing discipline dropped it.'],
  QDISC_OVERLIMIT: ['queue', 'The queue is longer than its limit.'],
  QDISC_CONGESTED: ['queue', 'The queue manager dropped it to signal congestion.'],
  CAKE_FLOOD: ['queue', 'CAKE takes the flow for a flood.'],
  FQ_BAND_LIMIT: ['queue', 'A priority band of the fq queue is full.'],
  FQ_HORIZON_LIMIT: ['queue', 'Its send time lies too far in the future for the fq queue.'],
  FQ_FLOW_LIMIT: ['queue', 'One flow has too many packets in the fq queue.'],
  CPU_BACKLOG: ['overload', 'The input queue of a CPU is full.'],
  XDP: ['bpfProgram', 'An XDP program dropped it.'],
  TC_INGRESS: ['bpfProgram', 'A tc filter or BPF program dropped it on its way in.'],
  UNHANDLED_PROTO: ['harmless', 'Nothing here handles its protocol.'],
  SKB_CSUM: ['malformed', 'A checksum could not be computed.'],
  SKB_GSO_SEG: ['link', 'It could not be cut into segments for the device.'],
  SKB_UCOPY_FAULT: ['memory', 'Its data could not be copied from the process.'],
  DEV_HDR: ['link', 'The device header could not be written.'],
  DEV_READY: ['link', 'The device is not ready.'],
  FULL_RING: ['overload', 'The ring of a tun, tap or packet socket is full.'],
  NOMEM: ['memory', 'There was no memory for it.'],
  HDR_TRUNC: ['malformed', 'Its header is cut short.'],
  TAP_FILTER: ['bpfProgram', 'The filter of the tap device refused it.'],
  TAP_TXFILTER: ['bpfProgram', 'The send filter of the tap device refused it.'],
  ICMP_CSUM: ['malformed', 'The ICMP checksum is wrong.'],
  INVALID_PROTO: ['malformed', 'It breaks its protocol, for instance in its addresses.'],
  IP_INADDRERRORS: ['address', 'The routing lookup refused its destination.'],
  IP_INNOROUTES: ['route', 'There is no route to forward it by.'],
  IP_LOCAL_SOURCE: ['address', 'It came from outside with an address of this host as its source.'],
  IP_INVALID_SOURCE: ['address', 'Its source address may not be one: multicast, broadcast or zero.'],
  IP_LOCALNET: ['address', 'It carries a loopback address on another interface.'],
  IP_INVALID_DEST: ['address', 'Its destination address may not be one.'],
  PKT_TOO_BIG: ['link', 'It is larger than the MTU and may not be cut.'],
  DUP_FRAG: ['fragment', 'The same fragment came twice.'],
  FRAG_REASM_TIMEOUT: ['fragment', 'Not all fragments came in time.'],
  FRAG_TOO_FAR: ['fragment', 'Its fragments came too far apart.'],
  TCP_MINTTL: ['address', 'Its TTL is lower than the socket demands.'],
  IPV6_BAD_EXTHDR: ['malformed', 'An IPv6 extension header is broken.'],
  IPV6_NDISC_FRAG: ['malformed', 'Neighbour discovery came in fragments.'],
  IPV6_NDISC_HOP_LIMIT: ['malformed', 'Neighbour discovery came from beyond the link.'],
  IPV6_NDISC_BAD_CODE: ['malformed', 'Neighbour discovery with a code that does not exist.'],
  IPV6_NDISC_BAD_OPTIONS: ['malformed', 'Neighbour discovery with broken options.'],
  IPV6_NDISC_NS_OTHERHOST: ['harmless', 'A neighbour solicitation for another machine.'],
  QUEUE_PURGE: ['harmless', 'A queue was emptied because its socket or device closed.'],
  TC_COOKIE_ERROR: ['memory', 'tc could not keep its place for the packet.'],
  PACKET_SOCK_ERROR: ['overload', 'A packet socket (capture) could not take it.'],
  TC_CHAIN_NOTFOUND: ['bpfProgram', 'tc was sent to a chain that does not exist.'],
  TC_RECLASSIFY_LOOP: ['bpfProgram', 'tc filters sent it round in a circle.'],
  VXLAN_INVALID_HDR: ['tunnel', 'Its VXLAN header is not valid.'],
  VXLAN_VNI_NOT_FOUND: ['tunnel', 'No VXLAN device here has its network identifier.'],
  MAC_INVALID_SOURCE: ['malformed', 'Its source MAC address may not be one.'],
  VXLAN_ENTRY_EXISTS: ['tunnel', 'Its source is already known behind another VXLAN peer.'],
  NO_TX_TARGET: ['tunnel', 'The device knows no peer to send it to.'],
  IP_TUNNEL_ECN: ['tunnel', 'ECN bits inside and outside of the tunnel contradict each other.'],
  TUNNEL_TXINFO: ['tunnel', 'The tunnel was not told where to send it.'],
  LOCAL_MAC: ['address', 'It carries the MAC address of the interface it came in by.'],
  ARP_PVLAN_DISABLE: ['neighbour', 'Proxy ARP for private VLANs is off.'],
  MAC_IEEE_MAC_CONTROL: ['harmless', 'A pause or control frame of the link, not for IP.'],
  BRIDGE_INGRESS_STP_STATE: ['bridge', 'The bridge port is not forwarding (spanning tree).'],
  CAN_RX_INVALID_FRAME: ['malformed', 'A CAN frame that is not valid.'],
  CANFD_RX_INVALID_FRAME: ['malformed', 'A CAN FD frame that is not valid.'],
  CANXL_RX_INVALID_FRAME: ['malformed', 'A CAN XL frame that is not valid.'],
  PFMEMALLOC: ['memory', 'It used emergency memory, which only some sockets may.'],
  DUALPI2_STEP_DROP: ['queue', 'The DualPI2 queue dropped it to signal congestion.'],
  PSP_INPUT: ['encryption', 'PSP refused it on its way in.'],
  PSP_OUTPUT: ['encryption', 'PSP refused it on its way out.'],
  RECURSION_LIMIT: ['link', 'Devices stacked on each other passed it round in a circle.'],
  // Names of other kernels.
  BPF_CGROUP_INGRESS: ['bpfProgram', 'A BPF program of the cgroup refused it on its way in.'],
  VXLAN_NO_REMOTE: ['tunnel', 'The VXLAN device knows no peer to send it to.'],
  BRIDGE_NO_EGRESS_PORT: ['bridge', 'The bridge has no port to send it by.'],
  TCP_INVALID_ACK: ['tcpState', 'It acknowledges what this connection cannot have sent.'],
};

/** Hubble's enum flow.DropReason. */
const ciliumReasons: Readonly<Record<string, Entry>> = {
  DROP_REASON_UNKNOWN: ['unknown', 'Cilium gave no reason.'],
  INVALID_SOURCE_MAC: ['address', 'Its source MAC address is not that of the workload.'],
  INVALID_DESTINATION_MAC: ['address', 'Its destination MAC address is not one of this node.'],
  INVALID_SOURCE_IP: ['address', 'Its source address is not that of the workload.'],
  POLICY_DENIED: ['policy', 'No policy allows it.'],
  INVALID_PACKET_DROPPED: ['ciliumPacket', 'The packet is not valid.'],
  CT_TRUNCATED_OR_INVALID_HEADER: ['ciliumPacket', 'Connection tracking met a header that is cut short or broken.'],
  CT_MISSING_TCP_ACK_FLAG: ['ciliumPacket', 'A TCP segment without ACK in the middle of a connection.'],
  CT_UNKNOWN_L4_PROTOCOL: ['ciliumPacket', 'Connection tracking does not know its protocol.'],
  CT_CANNOT_CREATE_ENTRY_FROM_PACKET: ['ciliumPacket', 'It may not begin a tracked connection.'],
  UNSUPPORTED_L3_PROTOCOL: ['ciliumPacket', 'It is neither IPv4 nor IPv6, or one of them is off.'],
  MISSED_TAIL_CALL: ['ciliumMap', 'A program of the datapath was missing, as happens while the agent replaces it.'],
  ERROR_WRITING_TO_PACKET: ['ciliumPacket', 'The packet could not be rewritten.'],
  UNKNOWN_L4_PROTOCOL: ['ciliumPacket', 'Its transport protocol is not handled.'],
  UNKNOWN_ICMPV4_CODE: ['ciliumPacket', 'An ICMP code that is not handled.'],
  UNKNOWN_ICMPV4_TYPE: ['ciliumPacket', 'An ICMP type that is not handled.'],
  UNKNOWN_ICMPV6_CODE: ['ciliumPacket', 'An ICMPv6 code that is not handled.'],
  UNKNOWN_ICMPV6_TYPE: ['ciliumPacket', 'An ICMPv6 type that is not handled.'],
  ERROR_RETRIEVING_TUNNEL_KEY: ['tunnel', 'The tunnel key of the packet could not be read.'],
  ERROR_RETRIEVING_TUNNEL_OPTIONS: ['tunnel', 'The tunnel options of the packet could not be read.'],
  INVALID_GENEVE_OPTION: ['tunnel', 'A Geneve option is not valid.'],
  UNKNOWN_L3_TARGET_ADDRESS: ['ciliumMap', 'Nobody is known at its destination address.'],
  STALE_OR_UNROUTABLE_IP: ['ciliumMap', 'Its destination belongs to a workload that is gone.'],
  NO_MATCHING_LOCAL_CONTAINER_FOUND: ['ciliumMap', 'The workload it is for is not on this node.'],
  ERROR_WHILE_CORRECTING_L3_CHECKSUM: ['ciliumPacket', 'The IP checksum could not be corrected.'],
  ERROR_WHILE_CORRECTING_L4_CHECKSUM: ['ciliumPacket', 'The transport checksum could not be corrected.'],
  CT_MAP_INSERTION_FAILED: ['ciliumMap', 'The connection tracking map is full.'],
  INVALID_IPV6_EXTENSION_HEADER: ['ciliumPacket', 'An IPv6 extension header is not valid.'],
  IP_FRAGMENTATION_NOT_SUPPORTED: ['fragment', 'Fragments are not handled with this configuration.'],
  SERVICE_BACKEND_NOT_FOUND: ['ciliumService', 'The service has no backend that could answer.'],
  NO_TUNNEL_OR_ENCAPSULATION_ENDPOINT: ['tunnel', 'The node of the destination is not known to the tunnel.'],
  FAILED_TO_INSERT_INTO_PROXYMAP: ['ciliumMap', 'The map of proxied connections is full.'],
  REACHED_EDT_RATE_LIMITING_DROP_HORIZON: ['queue', 'The bandwidth limit of the workload would delay it too long.'],
  UNKNOWN_CONNECTION_TRACKING_STATE: ['ciliumMap', 'The state of its connection is not known.'],
  LOCAL_HOST_IS_UNREACHABLE: ['route', 'The host itself cannot be reached from here.'],
  NO_CONFIGURATION_AVAILABLE_TO_PERFORM_POLICY_DECISION: ['ciliumMap', 'The policy of the workload is not loaded yet.'],
  UNSUPPORTED_L2_PROTOCOL: ['ciliumPacket', 'Its link-layer protocol is not handled.'],
  NO_MAPPING_FOR_NAT_MASQUERADE: ['ciliumService', 'No free source port for masquerading was found.'],
  UNSUPPORTED_PROTOCOL_FOR_NAT_MASQUERADE: ['ciliumPacket', 'Its protocol cannot be masqueraded.'],
  FIB_LOOKUP_FAILED: ['route', 'The routing table has no way, or the next hop is not known.'],
  ENCAPSULATION_TRAFFIC_IS_PROHIBITED: ['policy', 'A workload may not send tunnel packets itself.'],
  INVALID_IDENTITY: ['ciliumMap', 'Its security identity is not valid.'],
  UNKNOWN_SENDER: ['ciliumMap', 'Who sent it is not known.'],
  NAT_NOT_NEEDED: ['harmless', 'It did not need translation.'],
  IS_A_CLUSTERIP: ['ciliumService', 'A ClusterIP was asked for from outside of the cluster.'],
  FIRST_LOGICAL_DATAGRAM_FRAGMENT_NOT_FOUND: ['fragment', 'A fragment came whose first one was not seen.'],
  FORBIDDEN_ICMPV6_MESSAGE: ['policy', 'A workload may not send this ICMPv6 message.'],
  DENIED_BY_LB_SRC_RANGE_CHECK: ['policy', 'The client is not in loadBalancerSourceRanges of the service.'],
  SOCKET_LOOKUP_FAILED: ['ciliumService', 'The socket of the proxy was not found.'],
  SOCKET_ASSIGN_FAILED: ['ciliumService', 'The packet could not be handed to the socket of the proxy.'],
  PROXY_REDIRECTION_NOT_SUPPORTED_FOR_PROTOCOL: [
    'policy',
    'A layer-7 policy applies to a protocol the proxy does not speak.',
  ],
  POLICY_DENY: ['policy', 'A policy denies it explicitly.'],
  VLAN_FILTERED: ['policy', 'Its VLAN is not among those allowed.'],
  INVALID_VNI: ['tunnel', 'Its tunnel network identifier is not valid.'],
  INVALID_TC_BUFFER: ['ciliumMap', 'The buffer between programs of the datapath was not valid.'],
  NO_SID: ['route', 'No SRv6 segment identifier is known for it.'],
  MISSING_SRV6_STATE: ['route', 'SRv6 state is missing.'],
  NAT46: ['ciliumPacket', 'Translation from IPv4 to IPv6 failed.'],
  NAT64: ['ciliumPacket', 'Translation from IPv6 to IPv4 failed.'],
  AUTH_REQUIRED: ['policy', 'The policy demands mutual authentication, which has not happened yet.'],
  CT_NO_MAP_FOUND: ['ciliumMap', 'There is no connection tracking map for it.'],
  SNAT_NO_MAP_FOUND: ['ciliumMap', 'There is no translation map for it.'],
  INVALID_CLUSTER_ID: ['ciliumMap', 'It carries the id of a cluster that is not known.'],
  UNSUPPORTED_PROTOCOL_FOR_DSR_ENCAP: ['ciliumPacket', 'Direct server return cannot carry its protocol.'],
  NO_EGRESS_GATEWAY: ['route', 'An egress gateway policy applies and no gateway is there.'],
  UNENCRYPTED_TRAFFIC: ['encryption', 'Strict encryption is on and it was not encrypted.'],
  TTL_EXCEEDED: ['route', 'Its hops are used up: often a loop.'],
  NO_NODE_ID: ['ciliumMap', 'The destination node has no id yet.'],
  DROP_RATE_LIMITED: ['queue', 'A rate limit of the datapath was reached.'],
  IGMP_HANDLED: ['harmless', 'An IGMP message, taken by the datapath itself.'],
  IGMP_SUBSCRIBED: ['harmless', 'An IGMP subscription, taken by the datapath itself.'],
  MULTICAST_HANDLED: ['harmless', 'Multicast, delivered by the datapath itself.'],
  DROP_HOST_NOT_READY: ['ciliumMap', 'The datapath of the host is not ready yet.'],
  DROP_EP_NOT_READY: ['ciliumMap', 'The datapath of the workload is not ready yet.'],
  DROP_NO_EGRESS_IP: ['route', 'The egress gateway has no address to send from.'],
  DROP_PUNT_PROXY: ['policy', 'It was handed to the proxy.'],
};

/** Families of our own words, whose sentences stand in `refinedReasons`. */
const refinedFamilies: Readonly<Record<string, FamilyName>> = {
  ROUTE_BLACKHOLE: 'route',
  ROUTE_UNREACHABLE: 'route',
  ROUTE_PROHIBIT: 'route',
  ROUTE_MISSING: 'route',
  FORWARDING_OFF: 'route',
  INPUT_ERROR: 'route',
  DST_DISCARD: 'route',
  XDP_DROP: 'bpfProgram',
  NEIGHBOUR_FAILED: 'neighbour',
  IP6_FORWARD_DISCARD: 'route',
  VETH_PEER_REFUSED: 'link',
  BRIDGE_DISCARD: 'bridge',
  FRAGMENTING_FAILED: 'fragment',
};

/** Null for a reason that is not in the catalogue: a newer kernel's, most likely. */
export function explainDrop(reason: string): DropExplanation | null {
  const refined = refinedReasons.find((row) => row.word === reason);
  const [family, says] =
    refined === undefined
      ? (ownEntry(kernelReasons, reason) ?? ownEntry(ciliumReasons, reason) ?? [])
      : ([refinedFamilies[reason] ?? 'unknown', refined.sentence] as const);
  if (family === undefined || says === undefined) return null;
  return { says, ...families[family] };
}

const ownEntry = (table: Readonly<Record<string, Entry>>, reason: string): Entry | undefined =>
  Object.hasOwn(table, reason) ? table[reason] : undefined;
