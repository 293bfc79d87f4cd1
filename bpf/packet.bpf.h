/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * packet_read(skb, packet, is_ethernet): the conversation of a packet at a tc program, `packet` being all zero.
 *
 * packet_read_usual() reads what nearly every packet is, straight from its first bytes: TCP or UDP in IPv4 without
 * options or in IPv6 without extension headers, not fragmented, no tag, no tunnel. All else goes the long way, through
 * packet_read_any(), which a program of its own keeps out of the short one. Where the first answers, it answers what
 * the second would.
 */
#pragma once

static __always_inline int packet_parse(struct cursor *cursor, struct packet *packet, __u32 ifindex, bool is_ethernet)
{
	if ((is_ethernet && parse_link(cursor)) || parse_network(cursor, packet))
		return -1;
	if (packet->fragment == FRAGMENT_LATER) {
		fragment_recall(packet, ifindex);
	} else {
		if (parse_transport(cursor, packet))
			return -1;
		if (find_tunnel(cursor, packet))
			stat_add(STAT_INNER_UNPARSED, 1);
		if (packet->fragment == FRAGMENT_FIRST)
			fragment_remember(packet, ifindex);
	}
	order_ends(packet);
	return 0;
}

/* Not static: the verifier walks it once, whatever it is called with. */
__noinline int packet_read_any(struct __sk_buff *skb, struct packet *packet, bool is_ethernet)
{
	struct cursor cursor = { .skb = skb, .end = skb->len };

	return packet ? packet_parse(&cursor, packet, skb->ifindex, is_ethernet) : -1;
}

/* By its ports alone, or by the length of a WireGuard handshake. */
static __always_inline bool may_be_tunnel(__u16 from_port, __u16 to_port, __u32 payload_length)
{
	return to_port == VXLAN_PORT || to_port == VXLAN_PORT_LINUX || to_port == GENEVE_PORT ||
	       to_port == WIREGUARD_PORT || from_port == WIREGUARD_PORT || to_port == ESP_IN_UDP_PORT ||
	       from_port == ESP_IN_UDP_PORT || payload_length == WIREGUARD_INITIATION ||
	       payload_length == WIREGUARD_RESPONSE;
}

/* 20 bytes can be read at `transport`, which lies at `offset`. */
static __always_inline int read_usual_transport(struct packet *packet, const void *transport, __u32 offset, __u32 end)
{
	const __be16 *words = transport;
	__u32 header = sizeof(struct udphdr);
	__u16 offset_and_flags = bpf_ntohs(words[6]);
	__u8 protocol = packet->key.protocol;

	if (protocol == IPPROTO_TCP) {
		header = (offset_and_flags >> 12) * 4;
		if (header < 20)
			return -1;
	}
	if (offset + header > end)
		return -1;
	packet->from_port = bpf_ntohs(words[0]);
	packet->to_port = bpf_ntohs(words[1]);
	packet->payload_offset = offset + header;
	packet->payload_length = end - packet->payload_offset;
	if (protocol == IPPROTO_UDP)
		return may_be_tunnel(packet->from_port, packet->to_port, packet->payload_length) ? -1 : 0;
	packet->sequence = (__u32)bpf_ntohs(words[2]) << 16 | bpf_ntohs(words[3]);
	packet->tcp_flags = offset_and_flags & TCP_FLAGS_MASK;
	packet->is_window_closed = !words[7] && !(packet->tcp_flags & (TCP_SYN | TCP_RST));
	return 0;
}

static __always_inline __u32 usual_end(__u32 start, __be16 length, __u32 skb_length)
{
	__u32 end = start + bpf_ntohs(length);

	return length && end < skb_length ? end : skb_length;
}

static __always_inline int read_usual_ip4(struct packet *packet, void *data, const void *data_end, __u32 offset,
					  __u32 length)
{
	const struct iphdr *ip = data + offset;

	if ((const void *)(ip + 1) + 20 > data_end || *(const __u8 *)ip != 0x45 ||
	    ip->frag_off & bpf_htons(IP4_OFFSET_MASK | IP4_MORE_FRAGMENTS) ||
	    (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP))
		return -1;
	packet->key.family = 4;
	packet->key.protocol = ip->protocol;
	packet->from.words[2] = packet->to.words[2] = bpf_htonl(0xffff);
	packet->from.words[3] = ip->saddr;
	packet->to.words[3] = ip->daddr;
	return read_usual_transport(packet, ip + 1, offset + 20, usual_end(offset, ip->tot_len, length));
}

static __always_inline int read_usual_ip6(struct packet *packet, void *data, const void *data_end, __u32 offset,
					  __u32 length)
{
	const struct ipv6hdr *ip = data + offset;

	if ((const void *)(ip + 1) + 20 > data_end || *(const __u8 *)ip >> 4 != 6 ||
	    (ip->nexthdr != IPPROTO_TCP && ip->nexthdr != IPPROTO_UDP))
		return -1;
	packet->key.family = 6;
	packet->key.protocol = ip->nexthdr;
	__builtin_memcpy(&packet->from, &ip->saddr, sizeof(packet->from));
	__builtin_memcpy(&packet->to, &ip->daddr, sizeof(packet->to));
	return read_usual_transport(packet, ip + 1, offset + 40, usual_end(offset + 40, ip->payload_len, length));
}

/* -1 if it is not usual, or not in the first piece of memory; `packet` may then have been written to. */
static __always_inline int packet_read_usual(struct __sk_buff *skb, struct packet *packet, bool is_ethernet)
{
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	const __u32 offset = is_ethernet ? sizeof(struct ethhdr) : 0;
	const struct ethhdr *link = data;
	bool is_v4;
	int err;

	if (data + offset + 1 > data_end)
		return -1;
	is_v4 = is_ethernet ? link->h_proto == bpf_htons(ETH_P_IP) : *(__u8 *)data >> 4 == 4;
	if (is_ethernet && !is_v4 && link->h_proto != bpf_htons(ETH_P_IPV6))
		return -1;
	err = is_v4 ? read_usual_ip4(packet, data, data_end, offset, skb->len)
		    : read_usual_ip6(packet, data, data_end, offset, skb->len);
	if (err)
		return -1;
	order_ends(packet);
	return 0;
}

static __always_inline int packet_read(struct __sk_buff *skb, struct packet *packet, bool is_ethernet)
{
	if (!packet_read_usual(skb, packet, is_ethernet))
		return 0;
	__builtin_memset(packet, 0, sizeof(*packet));
	return packet_read_any(skb, packet, is_ethernet);
}
