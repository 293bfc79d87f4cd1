/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Finds the conversation a packet belongs to.
 *
 * parse_link() goes from an Ethernet header to the IP header, parse_ip() from there to the transport. A cursor reads
 * either from a tc program's packet or from kernel memory; each parse_* step checks bounds and moves on, and answers 0
 * or -1. Nothing is modified, and no payload is looked at.
 */
#pragma once

#define ETH_P_IP	0x0800
#define ETH_P_IPV6	0x86dd
#define ETH_P_8021Q	0x8100
#define ETH_P_8021AD	0x88a8
#define VLAN_DEPTH	3
#define IPV6_EXTENSIONS 8

#define IP4_OFFSET_MASK	   0x1fff
#define IP4_MORE_FRAGMENTS 0x2000

/* The kernel defines these as macros, so its BTF has no names for them. */
#define NEXT_HOP_BY_HOP	    0
#define NEXT_ROUTING	    43
#define NEXT_FRAGMENT	    44
#define NEXT_AUTHENTICATION 51
#define NEXT_DESTINATION    60
#define NEXT_MOBILITY	    135
#define PROTOCOL_ICMPV6	    58

#define TCP_FIN	       0x01
#define TCP_SYN	       0x02
#define TCP_RST	       0x04
#define TCP_ACK	       0x10
#define TCP_FLAGS_MASK 0x1ff

#define ICMP_ECHO_REPLY	    0
#define ICMP_UNREACHABLE    3
#define ICMP_SOURCE_QUENCH  4
#define ICMP_ECHO_REQUEST   8
#define ICMP_TIME_EXCEEDED  11
#define ICMP_PARAMETER	    12
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY   129
#define ICMPV6_INFORMATIVE  128 /* the first type that is no error */

struct cursor {
	struct __sk_buff *skb;	   /* of a tc program, or */
	const unsigned char *head; /* kernel memory */
	__u32 offset;
	__u32 end; /* of the packet; of what is readable */
};

union address {
	__u8 bytes[16];
	__be32 words[4];
	__be64 halves[2];
};

enum fragment { FRAGMENT_NONE, FRAGMENT_FIRST, FRAGMENT_LATER };

/* What is inside of a packet that `carries` something, from payload_offset on. */
enum inner { INNER_NONE, INNER_IP, INNER_ETHERNET };

struct packet {
	struct flow_key key;
	union address from;
	union address to;
	__u16 from_port;
	__u16 to_port;
	__u16 tcp_flags;
	__u8 sender;	/* 0: key.addr_a sent it, 1: b */
	__u8 initiator; /* what this packet alone says about who opened the conversation */
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 is_echo_request;
	__u8 is_echo_reply;
	__u8 is_icmp_error;
	__u8 is_window_closed;
	__u8 fragment; /* enum fragment */
	__u8 carries;  /* enum tunnel */
	__u8 inner;    /* enum inner */
	__u8 is_secured;
	__u32 fragment_id;
	__u32 tunnel_id; /* of what it carries */
	__u32 sequence;
	__u32 payload_offset;
	__u32 payload_length;
};

static __always_inline int cursor_read(struct cursor *cursor, void *to, __u32 size)
{
	long err;

	if (cursor->offset + size > cursor->end)
		return -1;
	if (cursor->skb)
		err = bpf_skb_load_bytes(cursor->skb, cursor->offset, to, size);
	else
		err = bpf_probe_read_kernel(to, size, cursor->head + cursor->offset);
	if (err)
		return -1;
	cursor->offset += size;
	return 0;
}

static __always_inline void cursor_end_at(struct cursor *cursor, __u32 end)
{
	/* What follows the IP packet is Ethernet padding. A length of 0 is a packet above 64 KiB. */
	if (end < cursor->end)
		cursor->end = end;
}

static __always_inline int parse_tcp(struct cursor *cursor, struct packet *packet)
{
	__u32 start = cursor->offset, header;
	__be16 words[10];

	if (cursor_read(cursor, words, sizeof(words)))
		return -1;
	header = (bpf_ntohs(words[6]) >> 12) * 4;
	if (header < sizeof(words) || start + header > cursor->end)
		return -1;
	packet->from_port = bpf_ntohs(words[0]);
	packet->to_port = bpf_ntohs(words[1]);
	packet->sequence = (__u32)bpf_ntohs(words[2]) << 16 | bpf_ntohs(words[3]);
	packet->tcp_flags = bpf_ntohs(words[6]) & TCP_FLAGS_MASK;
	/* A RST has no window to speak of. */
	packet->is_window_closed = !words[7] && !(packet->tcp_flags & (TCP_SYN | TCP_RST));
	packet->payload_offset = start + header;
	packet->payload_length = cursor->end - packet->payload_offset;
	return 0;
}

/* UDP, and everything else that starts with two ports. */
static __always_inline int parse_ports(struct cursor *cursor, struct packet *packet)
{
	__be16 words[4];

	if (cursor_read(cursor, words, sizeof(words)))
		return -1;
	packet->from_port = bpf_ntohs(words[0]);
	packet->to_port = bpf_ntohs(words[1]);
	packet->payload_offset = cursor->offset;
	packet->payload_length = cursor->end - cursor->offset;
	return 0;
}

static __always_inline bool is_icmp_error(__u8 type, bool is_v6)
{
	if (is_v6)
		return type && type < ICMPV6_INFORMATIVE;
	return type == ICMP_UNREACHABLE || type == ICMP_SOURCE_QUENCH || type == ICMP_TIME_EXCEEDED ||
	       type == ICMP_PARAMETER;
}

static __always_inline int parse_icmp(struct cursor *cursor, struct packet *packet, bool is_v6)
{
	__u8 header[8];

	if (cursor_read(cursor, header, sizeof(header)))
		return -1;
	packet->icmp_type = header[0];
	packet->icmp_code = header[1];
	packet->is_echo_request = header[0] == (is_v6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO_REQUEST);
	packet->is_echo_reply = header[0] == (is_v6 ? ICMPV6_ECHO_REPLY : ICMP_ECHO_REPLY);
	packet->is_icmp_error = is_icmp_error(header[0], is_v6);
	if (packet->is_echo_request || packet->is_echo_reply)
		packet->from_port = packet->to_port = (__u16)header[4] << 8 | header[5];
	packet->payload_offset = cursor->offset;
	return 0;
}

static __always_inline int parse_transport(struct cursor *cursor, struct packet *packet)
{
	switch (packet->key.protocol) {
	case IPPROTO_TCP:
		return parse_tcp(cursor, packet);
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
	case IPPROTO_SCTP:
		return parse_ports(cursor, packet);
	case IPPROTO_ICMP:
		return parse_icmp(cursor, packet, false);
	case PROTOCOL_ICMPV6:
		return parse_icmp(cursor, packet, true);
	}
	return 0;
}

/* Moves behind an authentication header; its length is in 4-byte units, less 2. */
static __always_inline int parse_authentication(struct cursor *cursor, struct packet *packet)
{
	__u32 start = cursor->offset;
	__u8 header[2];

	if (cursor_read(cursor, header, sizeof(header)))
		return -1;
	packet->key.protocol = header[0];
	cursor->offset = start + (header[1] + 2) * 4;
	return 0;
}

static __always_inline int parse_ip4(struct cursor *cursor, struct packet *packet)
{
	__u32 start = cursor->offset;
	__u16 fragment;
	struct iphdr ip;

	if (cursor_read(cursor, &ip, sizeof(ip)) || ip.ihl < 5)
		return -1;
	if (ip.tot_len)
		cursor_end_at(cursor, start + bpf_ntohs(ip.tot_len));
	cursor->offset = start + ip.ihl * 4;
	packet->key.family = 4;
	packet->key.protocol = ip.protocol;
	packet->from.words[2] = packet->to.words[2] = bpf_htonl(0xffff);
	packet->from.words[3] = ip.saddr;
	packet->to.words[3] = ip.daddr;
	packet->fragment_id = ip.id;
	fragment = bpf_ntohs(ip.frag_off);
	if (fragment & IP4_OFFSET_MASK)
		packet->fragment = FRAGMENT_LATER;
	else if (fragment & IP4_MORE_FRAGMENTS)
		packet->fragment = FRAGMENT_FIRST;
	if (ip.protocol == NEXT_AUTHENTICATION && packet->fragment != FRAGMENT_LATER)
		return parse_authentication(cursor, packet);
	return 0;
}

static __always_inline bool is_extension(__u8 next)
{
	return next == NEXT_HOP_BY_HOP || next == NEXT_ROUTING || next == NEXT_DESTINATION || next == NEXT_FRAGMENT ||
	       next == NEXT_AUTHENTICATION || next == NEXT_MOBILITY;
}

/* Walks the extension headers; -1 if they are cut short or there are too many. The shortest is 8 bytes long. */
static __always_inline int parse_ip6_extensions(struct cursor *cursor, struct packet *packet)
{
	for (int i = 0; i < IPV6_EXTENSIONS; i++) {
		__u32 start = cursor->offset;
		__u8 next = packet->key.protocol;
		__u8 header[8];

		if (!is_extension(next))
			return 0;
		if (cursor_read(cursor, header, sizeof(header)))
			return -1;
		packet->key.protocol = header[0];
		if (next == NEXT_FRAGMENT) {
			__builtin_memcpy(&packet->fragment_id, header + 4, 4);
			/* The offset field's lower 3 bits are flags: the lowest says that more will come. */
			if (header[2] || header[3] & 0xf8) {
				packet->fragment = FRAGMENT_LATER;
				return 0;
			}
			if (header[3] & 1)
				packet->fragment = FRAGMENT_FIRST;
		} else if (next == NEXT_AUTHENTICATION) {
			cursor->offset = start + (header[1] + 2) * 4;
		} else {
			cursor->offset = start + (header[1] + 1) * 8;
		}
	}
	return -1;
}

static __always_inline int parse_ip6(struct cursor *cursor, struct packet *packet)
{
	struct ipv6hdr ip;

	if (cursor_read(cursor, &ip, sizeof(ip)))
		return -1;
	if (ip.payload_len)
		cursor_end_at(cursor, cursor->offset + bpf_ntohs(ip.payload_len));
	packet->key.family = 6;
	packet->key.protocol = ip.nexthdr;
	__builtin_memcpy(&packet->from, &ip.saddr, sizeof(packet->from));
	__builtin_memcpy(&packet->to, &ip.daddr, sizeof(packet->to));
	return parse_ip6_extensions(cursor, packet);
}

/* -1, 0 or 1 as the sender's (address, port) is below, equal to or above the receiver's. */
static __always_inline int compare_ends(const struct packet *packet)
{
	for (int i = 0; i < 2; i++) {
		__u64 from = bpf_be64_to_cpu(packet->from.halves[i]), to = bpf_be64_to_cpu(packet->to.halves[i]);

		if (from != to)
			return from < to ? -1 : 1;
	}
	return packet->from_port < packet->to_port ? -1 : packet->from_port > packet->to_port;
}

static __always_inline void order_ends(struct packet *packet)
{
	struct flow_key *key = &packet->key;

	packet->sender = compare_ends(packet) > 0;
	__builtin_memcpy(key->addr_a, packet->sender ? &packet->to : &packet->from, 16);
	__builtin_memcpy(key->addr_b, packet->sender ? &packet->from : &packet->to, 16);
	key->port_a = packet->sender ? packet->to_port : packet->from_port;
	key->port_b = packet->sender ? packet->from_port : packet->to_port;

	packet->initiator = packet->sender;
	if (packet->is_echo_reply)
		packet->initiator = !packet->sender;
	if (key->protocol != IPPROTO_TCP)
		return;
	if (!(packet->tcp_flags & TCP_SYN))
		packet->initiator = INITIATOR_UNKNOWN;
	else if (packet->tcp_flags & TCP_ACK)
		packet->initiator = !packet->sender;
}

static __always_inline int parse_network(struct cursor *cursor, struct packet *packet)
{
	__u32 start = cursor->offset;
	__u8 first;

	if (cursor_read(cursor, &first, 1))
		return -1;
	cursor->offset = start;
	if (first >> 4 == 4)
		return parse_ip4(cursor, packet);
	if (first >> 4 == 6)
		return parse_ip6(cursor, packet);
	return -1;
}

/* What an ICMP error quotes: an IP header and, of most senders, the first 8 bytes behind it. */
static __always_inline int parse_quoted(struct cursor *cursor, struct packet *packet)
{
	int err = 0;

	if (parse_network(cursor, packet))
		return -1;
	if (packet->fragment != FRAGMENT_LATER)
		err = packet->key.protocol == IPPROTO_TCP ? parse_ports(cursor, packet)
							  : parse_transport(cursor, packet);
	order_ends(packet);
	return err;
}

/* What `transport_required` says of a packet whose transport header cannot be read: no packet, or one without ports. */
static __always_inline int parse_ip(struct cursor *cursor, struct packet *packet, bool transport_required)
{
	if (parse_network(cursor, packet))
		return -1;
	if (packet->fragment != FRAGMENT_LATER && parse_transport(cursor, packet) && transport_required)
		return -1;
	order_ends(packet);
	return 0;
}

static __always_inline int parse_link(struct cursor *cursor)
{
	__be16 header[7], type, tag[2];

	if (cursor_read(cursor, header, sizeof(header)))
		return -1;
	type = header[6];
	for (int i = 0; i < VLAN_DEPTH; i++) {
		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		if (cursor_read(cursor, tag, sizeof(tag)))
			return -1;
		type = tag[1];
	}
	return type == bpf_htons(ETH_P_IP) || type == bpf_htons(ETH_P_IPV6) ? 0 : -1;
}
