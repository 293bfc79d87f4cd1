/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Packets from a list of layers: ETHERNET, VLAN, IP4(...), TCP(...), TEXT("...").
 *
 * Lengths and next-protocol fields are filled from the layers that follow; a layer may override them to lie. The two
 * ends are LOW (10.0.0.1, fd00::1, port 1000) and HIGH (10.0.0.2, fd00::2, port 2000), so that LOW is always `a`;
 * a packet goes from LOW to HIGH unless a layer says .from_high.
 */
#pragma once

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LOW_PORT   1000
#define HIGH_PORT  2000
#define LAYERS_MAX 12
#define PACKET_MAX 4096

enum layer_kind {
	LAYER_NONE,
	LAYER_ETHERNET,
	LAYER_VLAN,
	LAYER_IP4,
	LAYER_IP6,
	LAYER_EXTENSION,
	LAYER_TCP,
	LAYER_UDP,
	LAYER_PORTS,
	LAYER_ICMP,
	LAYER_BYTES,
	LAYER_RAW,
	LAYER_PADDING,
};

struct layer {
	enum layer_kind kind;
	bool from_high;
	int type;      /* EtherType, IP protocol of this layer, ICMP type */
	int next;      /* overrides what the next layer says */
	int code;      /* ICMP code */
	int id;	       /* ICMP echo identifier, number of a fragmented packet */
	int fragment;  /* offset in 8-byte units */
	bool more;     /* fragments follow */
	int options;   /* bytes of IPv4 or TCP options, multiple of 4; units of an extension header */
	int from_port; /* default by direction */
	int to_port;
	int flags; /* TCP */
	bool is_window_closed;
	uint32_t sequence;
	const char *text;
	int count;   /* bytes, if no text */
	int length;  /* overrides the IP length */
	int version; /* overrides the IP version */
	uint8_t raw[16];
};

#define ETHERNET                                                                                                       \
	{                                                                                                              \
		.kind = LAYER_ETHERNET                                                                                 \
	}
#define VLAN                                                                                                           \
	{                                                                                                              \
		.kind = LAYER_VLAN, .type = 0x8100                                                                     \
	}
#define VLAN_AD                                                                                                        \
	{                                                                                                              \
		.kind = LAYER_VLAN, .type = 0x88a8                                                                     \
	}
#define IP4(...)                                                                                                       \
	{                                                                                                              \
		.kind = LAYER_IP4, ##__VA_ARGS__                                                                       \
	}
#define IP6(...)                                                                                                       \
	{                                                                                                              \
		.kind = LAYER_IP6, ##__VA_ARGS__                                                                       \
	}
#define EXTENSION(protocol, ...)                                                                                       \
	{                                                                                                              \
		.kind = LAYER_EXTENSION, .type = protocol, ##__VA_ARGS__                                               \
	}
#define TCP(...)                                                                                                       \
	{                                                                                                              \
		.kind = LAYER_TCP, .type = 6, ##__VA_ARGS__                                                            \
	}
#define UDP(...)                                                                                                       \
	{                                                                                                              \
		.kind = LAYER_UDP, .type = 17, ##__VA_ARGS__                                                           \
	}
#define SCTP(...)                                                                                                      \
	{                                                                                                              \
		.kind = LAYER_PORTS, .type = 132, ##__VA_ARGS__                                                        \
	}
/* The first 8 bytes of any transport with ports. */
#define PORTS8(protocol, ...)                                                                                          \
	{                                                                                                              \
		.kind = LAYER_PORTS, .type = protocol, .count = 8, ##__VA_ARGS__                                       \
	}
#define ICMP4(t, ...)                                                                                                  \
	{                                                                                                              \
		.kind = LAYER_ICMP, .type = t, ##__VA_ARGS__                                                           \
	}
#define ICMP6(t, ...)                                                                                                  \
	{                                                                                                              \
		.kind = LAYER_ICMP, .type = t, .version = 6, ##__VA_ARGS__                                             \
	}
/* `n` bytes as they are, for whatever has no layer of its own; `protocol` as in struct layer's type. */
#define RAW(protocol, n, ...)                                                                                          \
	{                                                                                                              \
		.kind = LAYER_RAW, .type = protocol, .count = n, .raw = { __VA_ARGS__ }                                \
	}
#define BYTE_OF(n, bits) ((uint8_t)((n) >> (bits)))
#define VXLAN(vni)	 RAW(0, 8, 8, 0, 0, 0, BYTE_OF(vni, 16), BYTE_OF(vni, 8), BYTE_OF(vni, 0))
#define GENEVE(type, vni)                                                                                              \
	RAW(0, 8, 0, 0, BYTE_OF(type, 8), BYTE_OF(type, 0), BYTE_OF(vni, 16), BYTE_OF(vni, 8), BYTE_OF(vni, 0))
#define GRE(type) RAW(47, 4, 0, 0, BYTE_OF(type, 8), BYTE_OF(type, 0))
#define GRE_KEY(type, key)                                                                                             \
	RAW(47, 8, 0x20, 0, BYTE_OF(type, 8), BYTE_OF(type, 0), BYTE_OF(key, 24), BYTE_OF(key, 16), BYTE_OF(key, 8),   \
	    BYTE_OF(key, 0))
#define TEXT(t)                                                                                                        \
	{                                                                                                              \
		.kind = LAYER_BYTES, .text = t                                                                         \
	}
#define BYTES(n)                                                                                                       \
	{                                                                                                              \
		.kind = LAYER_BYTES, .count = n                                                                        \
	}
#define PADDING(n)                                                                                                     \
	{                                                                                                              \
		.kind = LAYER_PADDING, .count = n                                                                      \
	}

struct built_packet {
	uint8_t bytes[PACKET_MAX];
	uint32_t size;
};

static inline void put16(uint8_t *to, uint32_t value)
{
	to[0] = value >> 8;
	to[1] = value;
}

static inline uint32_t layer_size(const struct layer *layer)
{
	switch (layer->kind) {
	case LAYER_NONE:
		return 0;
	case LAYER_ETHERNET:
		return 14;
	case LAYER_VLAN:
		return 4;
	case LAYER_IP4:
	case LAYER_TCP:
		return 20 + layer->options;
	case LAYER_IP6:
		return 40;
	case LAYER_EXTENSION:
		return layer->type == 51 ? (layer->options + 2) * 4 : (layer->options + 1) * 8;
	case LAYER_UDP:
	case LAYER_ICMP:
		return 8;
	case LAYER_PORTS:
		return layer->count ? layer->count : 12;
	case LAYER_RAW:
	case LAYER_BYTES:
	case LAYER_PADDING:
		return layer->text ? strlen(layer->text) : (uint32_t)layer->count;
	}
	return 0;
}

/* What the layer before must say that this one is, as an EtherType or as an IP protocol. */
static inline int announced(const struct layer *layer, bool as_ethertype)
{
	if (as_ethertype)
		return layer->kind == LAYER_IP4 ? 0x0800 : layer->kind == LAYER_IP6 ? 0x86dd : layer->type;
	if (layer->kind == LAYER_ICMP)
		return layer->version == 6 ? 58 : 1;
	if (layer->kind == LAYER_IP4 || layer->kind == LAYER_IP6)
		return layer->kind == LAYER_IP4 ? 4 : 41;
	return layer->kind == LAYER_BYTES ? 59 : layer->type;
}

static inline void fill_ip4(uint8_t *at, const struct layer *layer, int next, uint32_t length)
{
	at[0] = (layer->version ? layer->version : 4) << 4 | (5 + layer->options / 4);
	put16(at + 2, layer->length ? (uint32_t)layer->length : length);
	put16(at + 4, layer->id);
	put16(at + 6, layer->fragment | (layer->more ? 0x2000 : 0));
	at[8] = 64;
	at[9] = next;
	inet_pton(AF_INET, layer->from_high ? "10.0.0.2" : "10.0.0.1", at + 12);
	inet_pton(AF_INET, layer->from_high ? "10.0.0.1" : "10.0.0.2", at + 16);
}

static inline void fill_ip6(uint8_t *at, const struct layer *layer, int next, uint32_t length)
{
	at[0] = (layer->version ? layer->version : 6) << 4;
	put16(at + 4, layer->length ? (uint32_t)layer->length : length - 40);
	at[6] = next;
	at[7] = 64;
	inet_pton(AF_INET6, layer->from_high ? "fd00::2" : "fd00::1", at + 8);
	inet_pton(AF_INET6, layer->from_high ? "fd00::1" : "fd00::2", at + 24);
}

static inline void fill_extension(uint8_t *at, const struct layer *layer, int next)
{
	at[0] = next;
	if (layer->type == 44) {
		put16(at + 2, layer->fragment << 3 | layer->more);
		put16(at + 6, layer->id);
	} else {
		at[1] = layer->options;
	}
}

static inline void fill_ports(uint8_t *at, const struct layer *layer)
{
	put16(at, layer->from_port ? layer->from_port : layer->from_high ? HIGH_PORT : LOW_PORT);
	put16(at + 2, layer->to_port ? layer->to_port : layer->from_high ? LOW_PORT : HIGH_PORT);
}

static inline void fill_layer(uint8_t *at, const struct layer *layer, uint32_t rest)
{
	const struct layer *after = layer + 1;
	bool is_link = layer->kind == LAYER_ETHERNET || layer->kind == LAYER_VLAN;
	int next = layer->next ? layer->next : announced(after, is_link);

	switch (layer->kind) {
	case LAYER_ETHERNET:
		memset(at, 2, 12);
		put16(at + 12, next);
		break;
	case LAYER_VLAN:
		put16(at, 7);
		put16(at + 2, next);
		break;
	case LAYER_IP4:
		fill_ip4(at, layer, next, rest);
		break;
	case LAYER_IP6:
		fill_ip6(at, layer, next, rest);
		break;
	case LAYER_EXTENSION:
		fill_extension(at, layer, next);
		break;
	case LAYER_TCP:
		fill_ports(at, layer);
		put16(at + 4, layer->sequence >> 16);
		put16(at + 6, layer->sequence);
		put16(at + 12, (5 + layer->options / 4) << 12 | layer->flags);
		put16(at + 14, layer->is_window_closed ? 0 : 0x2000);
		break;
	case LAYER_UDP:
		fill_ports(at, layer);
		put16(at + 4, rest);
		break;
	case LAYER_PORTS:
		fill_ports(at, layer);
		break;
	case LAYER_ICMP:
		at[0] = layer->type;
		at[1] = layer->code;
		put16(at + 4, layer->id);
		break;
	case LAYER_BYTES:
		if (layer->text)
			memcpy(at, layer->text, strlen(layer->text));
		break;
	case LAYER_RAW:
		memcpy(at, layer->raw, layer->count < 16 ? layer->count : 16);
		break;
	case LAYER_NONE:
	case LAYER_PADDING:
		break;
	}
}

static inline struct built_packet build_packet(const struct layer *layers)
{
	struct built_packet packet = {};
	uint32_t inside = 0;

	for (const struct layer *layer = layers; layer->kind; layer++) {
		packet.size += layer_size(layer);
		if (layer->kind != LAYER_PADDING)
			inside += layer_size(layer);
	}
	for (uint32_t at = 0; layers->kind; at += layer_size(layers), inside -= layer_size(layers), layers++)
		fill_layer(packet.bytes + at, layers, inside);
	return packet;
}
