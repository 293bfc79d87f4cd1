/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * drop_count(skb, location, reason, rx_sk): adds up what kfree_skb says was thrown away.
 *
 * What is no drop whatever the place is left out here: reasons the probe declares quiet, traffic of a host with
 * itself, multicast and broadcast, neighbour discovery. What depends on the place is left out by probe/drop_filter.c.
 */
#pragma once

#define IFF_LOOPBACK	 0x8
#define PACKET_BROADCAST 1
#define PACKET_MULTICAST 2
/* Namespaces are numbered from PROC_DYNAMIC_FIRST, the first ones just below it: anything else was no namespace. */
#define FIRST_NAMESPACE 0xefffff00u

/* One bit per reason; set before load from the names in the kernel's BTF. */
const volatile __u64 quiet_reasons[REASON_BITS / 64]; /* never a drop */
const volatile __u64 route_reasons[REASON_BITS / 64]; /* the packet's route may know more than the reason says */

static __always_inline bool is_among(const volatile __u64 *reasons, __u32 reason)
{
	/* Else clang joins this comparison with others of the reason, out of the verifier's sight. */
	asm volatile("" : "+r"(reason));
	return reason < REASON_BITS && reasons[reason / 64] & 1ull << reason % 64;
}

static __always_inline struct reason_counts *reason_counts_of(__u32 reason)
{
	if (reason >= REASON_BITS)
		reason = REASON_OTHER;
	return bpf_map_lookup_elem(&drop_reasons, &reason);
}

/* Atomic for the reason that stat_add() has. */
static __always_inline void count_filtered(__u32 reason)
{
	struct reason_counts *counts = reason_counts_of(reason);

	if (counts)
		__sync_fetch_and_add(&counts->filtered, 1);
}

static __always_inline void count_unparsed(__u32 reason)
{
	struct reason_counts *counts = reason_counts_of(reason);

	if (counts)
		__sync_fetch_and_add(&counts->unparsed, 1);
}

static __always_inline void count_lost(__u32 reason, __u64 packets)
{
	struct reason_counts *counts = reason_counts_of(reason);

	if (counts)
		__sync_fetch_and_add(&counts->lost, packets);
}

static __always_inline bool is_loopback(const struct packet *packet)
{
	const union address *to = &packet->to;

	if (packet->key.family == 4)
		return packet->from.bytes[12] == 127 || to->bytes[12] == 127;
	return !to->halves[0] && to->halves[1] == bpf_cpu_to_be64(1);
}

/* Multicast, broadcast, and the talk between neighbours. */
static __always_inline bool is_housekeeping(const struct packet *packet)
{
	if (packet->key.family == 4)
		return packet->to.bytes[12] >= 224;
	if (packet->to.bytes[0] == 0xff)
		return true;
	return packet->key.protocol == PROTOCOL_ICMPV6 && packet->icmp_type >= 130 && packet->icmp_type <= 137;
}

/* By the link address. A packet "for another host" is no exception: on a bridge port every packet is one. */
static __always_inline bool is_for_many(struct sk_buff *skb)
{
	__u32 type = BPF_CORE_READ_BITFIELD(skb, pkt_type);

	return type == PACKET_BROADCAST || type == PACKET_MULTICAST;
}

static __always_inline __u32 netns_of(const struct sock *sk)
{
	__u32 inum = sk ? sk->__sk_common.skc_net.net->ns.inum : 0;

	return inum >= FIRST_NAMESPACE ? inum : 0;
}

/* The device and namespace; false on a loopback device. skb->dev shares its place with other things: check. */
static __always_inline bool drop_place(struct sk_buff *skb, const struct sock *rx_sk, const struct packet *packet,
				       struct drop_key *key)
{
	struct net_device *dev = skb->dev;
	__u32 inum = dev ? dev->nd_net.net->ns.inum : 0;

	if (inum >= FIRST_NAMESPACE) {
		key->netns_inum = inum;
		key->device_ifindex = dev->ifindex;
		return !(dev->flags & IFF_LOOPBACK);
	}
	key->netns_inum = netns_of(skb->sk);
	if (!key->netns_inum)
		key->netns_inum = netns_of(rx_sk);
	key->device_ifindex = skb->skb_iif;
	return !is_loopback(packet);
}

/* What the route that the packet was on answers to everyone: EINVAL of a blackhole, EACCES, ENETUNREACH ... */
static __always_inline __u8 route_error(struct sk_buff *skb)
{
	/* The lowest bits say who holds the route. */
	struct dst_entry *route = (void *)(skb->_skb_refdst & ~7ul);
	int error = route ? BPF_CORE_READ(route, error) : 0;

	/* IPv4 keeps it above zero, IPv6 below. */
	if (error < 0)
		error = -error;
	return error < 256 ? error : 0;
}

/* The two headers of most packets: IPv4 without options, and what of TCP reaches to the flags. */
struct plain_headers {
	struct iphdr ip;
	__be16 ports[2];
	__be32 sequence[2];
	__be16 flags;
	__be16 window;
};

/* One read instead of three, for floods are of such packets; false leaves the packet to parse_ip(). */
static __always_inline bool drop_parse_plain(const struct cursor *cursor, struct packet *packet)
{
	struct plain_headers headers;

	if (cursor->offset + sizeof(headers) > cursor->end ||
	    bpf_probe_read_kernel(&headers, sizeof(headers), cursor->head + cursor->offset))
		return false;
	if (headers.ip.version != 4 || headers.ip.ihl != 5 || headers.ip.frag_off & bpf_htons(0x1fff))
		return false;
	if (headers.ip.protocol == IPPROTO_TCP)
		packet->tcp_flags = bpf_ntohs(headers.flags) & TCP_FLAGS_MASK;
	else if (headers.ip.protocol != IPPROTO_UDP)
		return false;
	packet->key.family = 4;
	packet->key.protocol = headers.ip.protocol;
	packet->from.words[2] = packet->to.words[2] = bpf_htonl(0xffff);
	packet->from.words[3] = headers.ip.saddr;
	packet->to.words[3] = headers.ip.daddr;
	packet->from_port = bpf_ntohs(headers.ports[0]);
	packet->to_port = bpf_ntohs(headers.ports[1]);
	order_ends(packet);
	return true;
}

static __always_inline int drop_parse(struct sk_buff *skb, struct packet *packet)
{
	struct cursor cursor = { .head = skb->head, .offset = skb->network_header, .end = skb->tail };

	if (!cursor.head || !cursor.offset || cursor.offset == 0xffff)
		return -1;
	return drop_parse_plain(&cursor, packet) ? 0 : parse_ip(&cursor, packet, false);
}

static __always_inline __u64 drop_segments(struct sk_buff *skb)
{
	struct skb_shared_info *shared = (void *)(skb->head + skb->end);
	__u16 segments = BPF_CORE_READ(shared, gso_segs);

	return segments ? segments : 1;
}

/*
 * Set when the map that is written takes no more keys; the probe clears it after it has swapped the maps. In a flood
 * from random ports it spares most packets an update that must fail.
 */
__u32 drops_are_full;

static __always_inline void drop_add_to(struct drop_counts *counts, struct sk_buff *skb, const struct packet *packet,
					__u64 now)
{
	__sync_fetch_and_add(&counts->packets, drop_segments(skb));
	__sync_fetch_and_add(&counts->bytes, skb->len);
	if (packet->tcp_flags & ~counts->tcp_flags)
		__sync_fetch_and_or(&counts->tcp_flags, packet->tcp_flags);
	counts->icmp_type = packet->icmp_type;
	counts->last_ns = now;
}

/* The first drop is counted in what is inserted: there is no entry to be looked up again. */
static __always_inline bool drop_open(void *map, const struct drop_key *key, struct sk_buff *skb,
				      const struct packet *packet)
{
	struct drop_counts fresh = {}, *counts;
	__u64 now;
	long err;

	if (drops_are_full)
		return false;
	now = bpf_ktime_get_ns();
	fresh.first_ns = now;
	if (key->device_ifindex && skb->dev)
		bpf_probe_read_kernel_str(fresh.device, sizeof(fresh.device), skb->dev->name);
	drop_add_to(&fresh, skb, packet, now);
	err = bpf_map_update_elem(map, key, &fresh, BPF_NOEXIST);
	if (!err)
		return true;
	if (err == -E2BIG)
		drops_are_full = 1;
	counts = err == -EEXIST ? bpf_map_lookup_elem(map, key) : NULL;
	if (counts)
		drop_add_to(counts, skb, packet, now);
	return counts != NULL;
}

static __always_inline void drop_add(struct sk_buff *skb, const struct drop_key *key, const struct packet *packet)
{
	__u32 zero = 0;
	void *map = bpf_map_lookup_elem(&drops, &zero);
	struct drop_counts *counts = map ? bpf_map_lookup_elem(map, key) : NULL;

	if (counts)
		drop_add_to(counts, skb, packet, bpf_ktime_get_ns());
	else if (!map || !drop_open(map, key, skb, packet))
		count_lost(key->reason, drop_segments(skb));
}

static __always_inline void drop_count(struct sk_buff *skb, __u64 location, __u32 reason, const struct sock *rx_sk)
{
	struct drop_key key = { .location = location, .reason = reason };
	struct packet packet = {};
	__be16 protocol;

	if (is_among(quiet_reasons, reason)) {
		count_filtered(reason);
		return;
	}
	protocol = skb->protocol;
	/* Without a protocol it is no network packet: netlink, unix sockets. */
	if (!protocol) {
		count_filtered(reason);
		return;
	}
	if ((protocol != bpf_htons(ETH_P_IP) && protocol != bpf_htons(ETH_P_IPV6)) || drop_parse(skb, &packet)) {
		count_unparsed(reason);
		return;
	}
	if (is_housekeeping(&packet) || is_for_many(skb) || !drop_place(skb, rx_sk, &packet, &key)) {
		count_filtered(reason);
		return;
	}
	key.flow = packet.key;
	key.sender = packet.sender;
	if (is_among(route_reasons, reason))
		key.route_error = route_error(skb);
	drop_add(skb, &key, &packet);
}
