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

/* One bit per reason that is never a drop; set before load from the names in the kernel's BTF. */
const volatile __u64 quiet_reasons[QUIET_REASONS / 64];

static __always_inline bool is_quiet(__u32 reason)
{
	return reason < QUIET_REASONS && quiet_reasons[reason / 64] & 1ull << reason % 64;
}

/* Multicast, broadcast, loopback addresses, and the talk between neighbours. */
static __always_inline bool is_housekeeping(const struct packet *packet)
{
	if (packet->key.family == 4) {
		__u32 from = bpf_ntohl(packet->from.words[3]), to = bpf_ntohl(packet->to.words[3]);

		return to >= 0xe0000000 || from >> 24 == 127 || to >> 24 == 127;
	}
	if (packet->to.bytes[0] == 0xff)
		return true;
	if (packet->key.protocol == PROTOCOL_ICMPV6 && packet->icmp_type >= 130 && packet->icmp_type <= 137)
		return true;
	return !packet->to.halves[0] && packet->to.halves[1] == bpf_cpu_to_be64(1);
}

/* By the link address. A packet "for another host" is no exception: on a bridge port every packet is one. */
static __always_inline bool is_for_many(struct sk_buff *skb)
{
	__u32 type = BPF_CORE_READ_BITFIELD_PROBED(skb, pkt_type);

	return type == PACKET_BROADCAST || type == PACKET_MULTICAST;
}

static __always_inline __u32 netns_of(const struct sock *sk)
{
	__u32 inum = sk ? BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum) : 0;

	return inum >= FIRST_NAMESPACE ? inum : 0;
}

/* The device and namespace; false on a loopback device. skb->dev shares its place with other things: check. */
static __always_inline bool drop_place(struct sk_buff *skb, const struct sock *rx_sk, struct drop_key *key, char *name)
{
	struct net_device *dev = BPF_CORE_READ(skb, dev);
	__u32 inum = dev ? BPF_CORE_READ(dev, nd_net.net, ns.inum) : 0;

	if (inum >= FIRST_NAMESPACE) {
		key->netns_inum = inum;
		key->device_ifindex = BPF_CORE_READ(dev, ifindex);
		bpf_probe_read_kernel_str(name, 16, &dev->name);
		return !(BPF_CORE_READ(dev, flags) & IFF_LOOPBACK);
	}
	key->netns_inum = netns_of(BPF_CORE_READ(skb, sk));
	if (!key->netns_inum)
		key->netns_inum = netns_of(rx_sk);
	key->device_ifindex = BPF_CORE_READ(skb, skb_iif);
	return true;
}

static __always_inline int drop_parse(struct sk_buff *skb, struct packet *packet)
{
	struct cursor cursor = {
		.head = BPF_CORE_READ(skb, head),
		.offset = BPF_CORE_READ(skb, network_header),
		.end = BPF_CORE_READ(skb, tail),
	};

	if (!cursor.head || !cursor.offset || cursor.offset == 0xffff)
		return -1;
	return parse_ip(&cursor, packet, false);
}

static __always_inline __u64 drop_segments(struct sk_buff *skb)
{
	struct skb_shared_info *shared = (void *)(BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end));
	__u16 segments = BPF_CORE_READ(shared, gso_segs);

	return segments ? segments : 1;
}

static __always_inline struct drop_counts *drop_open(void *map, const struct drop_key *key, const char *device)
{
	struct drop_counts fresh = { .first_ns = bpf_ktime_get_ns() };
	long err;

	__builtin_memcpy(fresh.device, device, sizeof(fresh.device));
	err = bpf_map_update_elem(map, key, &fresh, BPF_NOEXIST);
	if (err && err != -EEXIST)
		return NULL;
	return bpf_map_lookup_elem(map, key);
}

static __always_inline void drop_add(struct sk_buff *skb, const struct drop_key *key, const struct packet *packet,
				     const char *device)
{
	__u32 zero = 0;
	void *map = bpf_map_lookup_elem(&drops, &zero);
	struct drop_counts *counts;

	if (!map)
		return;
	counts = bpf_map_lookup_elem(map, key);
	if (!counts)
		counts = drop_open(map, key, device);
	if (!counts) {
		stat_add(STAT_DROP_MAP_FULL, 1);
		return;
	}
	__sync_fetch_and_add(&counts->packets, drop_segments(skb));
	__sync_fetch_and_add(&counts->bytes, BPF_CORE_READ(skb, len));
	__sync_fetch_and_or(&counts->tcp_flags, packet->tcp_flags);
	counts->icmp_type = packet->icmp_type;
	counts->last_ns = bpf_ktime_get_ns();
}

static __always_inline void drop_count(struct sk_buff *skb, __u64 location, __u32 reason, const struct sock *rx_sk)
{
	__u16 protocol = bpf_ntohs(BPF_CORE_READ(skb, protocol));
	struct drop_key key = { .location = location, .reason = reason };
	struct packet packet = {};
	char device[16] = {};

	/* Without a protocol it is no network packet: netlink, unix sockets. */
	if (!protocol || is_quiet(reason)) {
		stat_add(STAT_DROPS_FILTERED, 1);
		return;
	}
	if ((protocol != ETH_P_IP && protocol != ETH_P_IPV6) || drop_parse(skb, &packet)) {
		stat_add(STAT_DROPS_UNPARSED, 1);
		return;
	}
	if (is_housekeeping(&packet) || is_for_many(skb) || !drop_place(skb, rx_sk, &key, device)) {
		stat_add(STAT_DROPS_FILTERED, 1);
		return;
	}
	key.flow = packet.key;
	key.sender = packet.sender;
	drop_add(skb, &key, &packet, device);
}
