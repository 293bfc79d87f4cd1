/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Packets in pieces: the later ones belong to the conversation of the first. */
#pragma once

/* Packets counted of the UDP conversation between LOW and HIGH with these ports. */
static uint64_t fragments_counted(int family, uint16_t port_a, uint16_t port_b)
{
	struct flow_key key = { .protocol = 17, .family = family, .port_a = port_a, .port_b = port_b, .ifindex = 1 };
	struct flow_counts counts = {};

	memcpy(key.addr_a, family == 4 ? connection_key().addr_a : (uint8_t[16]){ 0xfd, [15] = 1 }, 16);
	memcpy(key.addr_b, family == 4 ? connection_key().addr_b : (uint8_t[16]){ 0xfd, [15] = 2 }, 16);
	bpf_map_lookup_elem(bpf_map__fd(programs->maps.flows_even), &key, &counts);
	return counts.packets[0] + counts.packets[1];
}

static const char *fragments_of_ipv4(void)
{
	SEND(ETHERNET, IP4(.more = true, .id = 7), UDP(), BYTES(64));
	SEND(ETHERNET, IP4(.more = true, .id = 7, .fragment = 9, .next = 17), BYTES(64));
	SEND(ETHERNET, IP4(.id = 7, .fragment = 17, .next = 17), BYTES(9));
	REQUIRE(fragments_counted(4, LOW_PORT, HIGH_PORT) == 3, "not all three under the ports of the first");
	return NULL;
}

static const char *fragments_of_ipv6(void)
{
	SEND(ETHERNET, IP6(), EXTENSION(44, .more = true, .id = 7), UDP(), BYTES(64));
	SEND(ETHERNET, IP6(), EXTENSION(0), EXTENSION(44, .id = 7, .fragment = 9, .next = 17), BYTES(64));
	REQUIRE(fragments_counted(6, LOW_PORT, HIGH_PORT) == 2, "not both under the ports of the first");
	return NULL;
}

static const char *fragment_of_another_packet(void)
{
	SEND(ETHERNET, IP4(.more = true, .id = 7), UDP(), BYTES(64));
	SEND(ETHERNET, IP4(.id = 8, .fragment = 9, .next = 17), BYTES(64));
	SEND(ETHERNET, IP4(.id = 7, .fragment = 9, .next = 17, .from_high = true), BYTES(64));
	REQUIRE(fragments_counted(4, LOW_PORT, HIGH_PORT) == 1, "another number or sender is another packet");
	REQUIRE(fragments_counted(4, 0, 0) == 2, "counted without ports");
	return NULL;
}

static const char *fragment_at_another_interface(void)
{
	struct layer first[LAYERS_MAX] = { ETHERNET, IP4(.more = true, .id = 7), UDP(), BYTES(64) };

	send_layers(first, OTHER_INTERFACE);
	SEND(ETHERNET, IP4(.id = 7, .fragment = 9, .next = 17), BYTES(64));
	REQUIRE(fragments_counted(4, 0, 0) == 1, "the first was seen elsewhere");
	return NULL;
}

static const char *unfragmented_is_not_remembered(void)
{
	SEND(ETHERNET, IP4(.id = 7), UDP(), BYTES(64));
	SEND(ETHERNET, IP4(.id = 7, .fragment = 9, .next = 17), BYTES(64));
	REQUIRE(fragments_counted(4, 0, 0) == 1, "a whole packet has no fragments");
	return NULL;
}

static const struct story_test fragment_tests[] = {
	{ "later IPv4 fragments have the ports of the first", fragments_of_ipv4 },
	{ "later IPv6 fragments have the ports of the first", fragments_of_ipv6 },
	{ "a fragment of another packet has no ports", fragment_of_another_packet },
	{ "a first fragment at one interface is none at another", fragment_at_another_interface },
	{ "a packet in one piece is not remembered", unfragmented_is_not_remembered },
};
