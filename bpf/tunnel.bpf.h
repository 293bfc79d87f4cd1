/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * find_tunnel(cursor, packet): says what a packet carries, by its protocol or by port and a header that fits, and sets
 * payload_offset and payload_length to what is inside. The cursor is behind the transport header that was read.
 *
 * A header that does not fit its port makes it ordinary UDP. Read no further: PPTP's GRE, ERSPAN, MPLS, and whatever
 * lies inside of a tunnel inside of a tunnel.
 */
#pragma once

#define VXLAN_PORT	     4789
#define VXLAN_PORT_LINUX     8472 /* before there was a registered one; flannel's default */
#define GENEVE_PORT	     6081
#define WIREGUARD_PORT	     51820
#define ESP_IN_UDP_PORT	     4500
#define ETH_P_TEB	     0x6558 /* an Ethernet frame */
#define VXLAN_HAS_VNI	     0x08
#define VXLAN_HAS_POLICY     0x80 /* group policy extension: the reserved bytes hold a tag */
#define GRE_CHECKSUM	     0x8000
#define GRE_ROUTING	     0x4000
#define GRE_KEY		     0x2000
#define GRE_SEQUENCE	     0x1000
#define GRE_VERSION	     0x0007
#define ESP_SHORTEST	     18 /* SPI, sequence number, 2 bytes of trailer, 8 of authentication */
#define WIREGUARD_INITIATION 148
#define WIREGUARD_RESPONSE   92
#define WIREGUARD_COOKIE     64
#define WIREGUARD_DATA	     32 /* the shortest; always a multiple of 16 */

static __always_inline void tunnel_found(struct cursor *cursor, struct packet *packet, enum tunnel tunnel,
					 enum inner inner)
{
	packet->carries = tunnel;
	packet->inner = inner;
	packet->payload_offset = cursor->offset;
	packet->payload_length = cursor->end > cursor->offset ? cursor->end - cursor->offset : 0;
}

static __always_inline enum inner inner_of_ethertype(__u16 type)
{
	if (type == ETH_P_TEB)
		return INNER_ETHERNET;
	return type == ETH_P_IP || type == ETH_P_IPV6 ? INNER_IP : INNER_NONE;
}

static __always_inline bool find_vxlan(struct cursor *cursor, struct packet *packet, const __u8 *header)
{
	if (!(header[0] & VXLAN_HAS_VNI) || header[0] & ~(VXLAN_HAS_VNI | VXLAN_HAS_POLICY) || header[7])
		return false;
	packet->tunnel_id = (__u32)header[4] << 16 | (__u32)header[5] << 8 | header[6];
	cursor->offset = packet->payload_offset + 8;
	tunnel_found(cursor, packet, TUNNEL_VXLAN, INNER_ETHERNET);
	return true;
}

/* Version 0; the length of its options is in 4-byte units. */
static __always_inline bool find_geneve(struct cursor *cursor, struct packet *packet, const __u8 *header)
{
	enum inner inner = inner_of_ethertype((__u16)header[2] << 8 | header[3]);

	if (header[0] >> 6 || header[1] & 0x3f || header[7] || inner == INNER_NONE)
		return false;
	packet->tunnel_id = (__u32)header[4] << 16 | (__u32)header[5] << 8 | header[6];
	cursor->offset = packet->payload_offset + 8 + (header[0] & 0x3f) * 4;
	tunnel_found(cursor, packet, TUNNEL_GENEVE, inner);
	return true;
}

/* The first byte is the type of the message, the next three are zero. Handshakes have one length: they need no port. */
static __always_inline bool is_wireguard(const struct packet *packet, const __u8 *header)
{
	__u32 length = packet->payload_length;

	if (header[1] || header[2] || header[3])
		return false;
	if ((header[0] == 1 && length == WIREGUARD_INITIATION) || (header[0] == 2 && length == WIREGUARD_RESPONSE))
		return true;
	if (packet->from_port != WIREGUARD_PORT && packet->to_port != WIREGUARD_PORT)
		return false;
	return (header[0] == 3 && length == WIREGUARD_COOKIE) ||
	       (header[0] == 4 && length >= WIREGUARD_DATA && length % 16 == 0);
}

/* An SPI of 0 is IKE on the same port. */
static __always_inline bool is_esp_in_udp(const struct packet *packet, const __u8 *header)
{
	return (packet->from_port == ESP_IN_UDP_PORT || packet->to_port == ESP_IN_UDP_PORT) &&
	       packet->payload_length >= ESP_SHORTEST && (header[0] || header[1] || header[2] || header[3]);
}

static __always_inline void find_udp_tunnel(struct cursor *cursor, struct packet *packet)
{
	__u8 header[8];

	if (cursor_read(cursor, header, sizeof(header)))
		return;
	if ((packet->to_port == VXLAN_PORT || packet->to_port == VXLAN_PORT_LINUX) &&
	    find_vxlan(cursor, packet, header))
		return;
	if (packet->to_port == GENEVE_PORT && find_geneve(cursor, packet, header))
		return;
	if (is_wireguard(packet, header))
		packet->carries = TUNNEL_WIREGUARD;
	else if (is_esp_in_udp(packet, header))
		packet->carries = TUNNEL_ESP;
}

/* The key of NVGRE is a 24-bit network and 8 bits to tell flows apart: nothing says which it is, so all 32 are kept. */
static __always_inline int find_gre(struct cursor *cursor, struct packet *packet)
{
	__be16 header[2];
	__u16 flags, type;
	__be32 key;

	packet->carries = TUNNEL_GRE;
	if (cursor_read(cursor, header, sizeof(header)))
		return -1;
	flags = bpf_ntohs(header[0]);
	type = bpf_ntohs(header[1]);
	if (flags & (GRE_VERSION | GRE_ROUTING))
		return 0;
	if (flags & GRE_CHECKSUM)
		cursor->offset += 4;
	if (flags & GRE_KEY) {
		if (cursor_read(cursor, &key, sizeof(key)))
			return -1;
		packet->tunnel_id = bpf_ntohl(key);
	}
	if (flags & GRE_SEQUENCE)
		cursor->offset += 4;
	tunnel_found(cursor, packet, TUNNEL_GRE, inner_of_ethertype(type));
	return 0;
}

static __always_inline int find_tunnel(struct cursor *cursor, struct packet *packet)
{
	switch (packet->key.protocol) {
	case IPPROTO_UDP:
		find_udp_tunnel(cursor, packet);
		return 0;
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		tunnel_found(cursor, packet, TUNNEL_IPIP, INNER_IP);
		return 0;
	case IPPROTO_GRE:
		return find_gre(cursor, packet);
	case IPPROTO_ESP:
		packet->carries = TUNNEL_ESP;
		return 0;
	}
	return 0;
}
