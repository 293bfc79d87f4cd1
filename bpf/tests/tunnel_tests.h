/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Tunnels: what is counted of the outside, and what of the inside. */
#pragma once

/* A conversation between LOW and HIGH; `bytes` 0 is: none of it. */
struct expected_flow {
	int family, protocol, port_a, port_b;
	int tunnel; /* it lies in one */
	uint32_t tunnel_id;
	int carries;
	uint32_t bytes;
};

struct tunnel_test {
	const char *name;
	struct layer layers[LAYERS_MAX];
	struct expected_flow outer, inner;
	bool inner_unparsed;
	enum device device;
};

#define INNER		    ETHERNET, IP4(), TCP(.flags = SYN)
#define INNER_BYTES	    54
#define INNER_TCP(id)	    .family = 4, .protocol = 6, .port_a = LOW_PORT, .port_b = HIGH_PORT, .tunnel_id = id
#define OUTER_UDP(ip, port) .family = ip, .protocol = 17, .port_a = LOW_PORT, .port_b = port
#define OUTER(ip, number)   .family = ip, .protocol = number

static const struct tunnel_test tunnel_tests[] = {
	{ "vxlan",
	  { ETHERNET, IP4(), UDP(.to_port = 4789), VXLAN(0x123456), INNER },
	  { OUTER_UDP(4, 4789), .carries = TUNNEL_VXLAN, .bytes = 50 + INNER_BYTES },
	  { INNER_TCP(0x123456), .tunnel = TUNNEL_VXLAN, .bytes = INNER_BYTES } },
	{ "vxlan at its older port, over ipv6, of ipv6",
	  { ETHERNET, IP6(), UDP(.to_port = 8472), VXLAN(1), ETHERNET, IP6(), UDP(), BYTES(10) },
	  { OUTER_UDP(6, 8472), .carries = TUNNEL_VXLAN, .bytes = 70 + 72 },
	  { .family = 6,
	    .protocol = 17,
	    .port_a = LOW_PORT,
	    .port_b = HIGH_PORT,
	    .tunnel = TUNNEL_VXLAN,
	    .tunnel_id = 1,
	    .bytes = 72 } },
	{ "vxlan of a tagged frame",
	  { ETHERNET, IP4(), UDP(.to_port = 4789), VXLAN(9), ETHERNET, VLAN, IP4(), TCP(.flags = SYN) },
	  { OUTER_UDP(4, 4789), .carries = TUNNEL_VXLAN, .bytes = 54 + INNER_BYTES },
	  { INNER_TCP(9), .tunnel = TUNNEL_VXLAN, .bytes = INNER_BYTES + 4 } },
	{ "vxlan with a group policy",
	  { ETHERNET, IP4(), UDP(.to_port = 4789), RAW(0, 8, 0x88, 0, 1, 2, 0, 0, 5), INNER },
	  { OUTER_UDP(4, 4789), .carries = TUNNEL_VXLAN, .bytes = 50 + INNER_BYTES },
	  { INNER_TCP(5), .tunnel = TUNNEL_VXLAN, .bytes = INNER_BYTES } },
	{ "the vxlan port without a network is no tunnel",
	  { ETHERNET, IP4(), UDP(.to_port = 4789), RAW(0, 8, 0, 0, 0, 0, 0, 0, 5), INNER },
	  { OUTER_UDP(4, 4789), .bytes = 50 + INNER_BYTES },
	  { INNER_TCP(5), .tunnel = TUNNEL_VXLAN } },
	{ "a vxlan header with a reserved bit is no tunnel",
	  { ETHERNET, IP4(), UDP(.to_port = 4789), RAW(0, 8, 8, 0, 0, 0, 0, 0, 5, 1), INNER },
	  { OUTER_UDP(4, 4789), .bytes = 50 + INNER_BYTES },
	  { INNER_TCP(5), .tunnel = TUNNEL_VXLAN } },
	{ "vxlan of arp: counted outside, told that the inside is unknown",
	  { ETHERNET, IP4(), UDP(.to_port = 4789), VXLAN(5), { .kind = LAYER_ETHERNET, .next = 0x0806 }, BYTES(28) },
	  { OUTER_UDP(4, 4789), .carries = TUNNEL_VXLAN, .bytes = 92 },
	  { INNER_TCP(5), .tunnel = TUNNEL_VXLAN },
	  .inner_unparsed = true },
	{ "vxlan too short for its frame",
	  { ETHERNET, IP4(), UDP(.to_port = 4789), VXLAN(5), BYTES(20) },
	  { OUTER_UDP(4, 4789), .carries = TUNNEL_VXLAN, .bytes = 70 },
	  { INNER_TCP(5), .tunnel = TUNNEL_VXLAN },
	  .inner_unparsed = true },
	{ "vxlan inside of vxlan: one level",
	  { ETHERNET, IP4(), UDP(.to_port = 4789), VXLAN(1), ETHERNET, IP4(), UDP(.to_port = 4789), VXLAN(2), INNER },
	  { OUTER_UDP(4, 4789), .carries = TUNNEL_VXLAN, .bytes = 100 + INNER_BYTES },
	  { OUTER_UDP(4, 4789), .tunnel = TUNNEL_VXLAN, .tunnel_id = 1, .bytes = 50 + INNER_BYTES } },
	{ "geneve",
	  { ETHERNET, IP4(), UDP(.to_port = 6081), GENEVE(0x6558, 77), INNER },
	  { OUTER_UDP(4, 6081), .carries = TUNNEL_GENEVE, .bytes = 50 + INNER_BYTES },
	  { INNER_TCP(77), .tunnel = TUNNEL_GENEVE, .bytes = INNER_BYTES } },
	{ "geneve with options",
	  { ETHERNET, IP4(), UDP(.to_port = 6081), RAW(0, 16, 2, 0, 0x65, 0x58, 0, 0, 77), INNER },
	  { OUTER_UDP(4, 6081), .carries = TUNNEL_GENEVE, .bytes = 58 + INNER_BYTES },
	  { INNER_TCP(77), .tunnel = TUNNEL_GENEVE, .bytes = INNER_BYTES } },
	{ "geneve of plain ip",
	  { ETHERNET, IP4(), UDP(.to_port = 6081), GENEVE(0x0800, 77), IP4(), TCP(.flags = SYN) },
	  { OUTER_UDP(4, 6081), .carries = TUNNEL_GENEVE, .bytes = 90 },
	  { INNER_TCP(77), .tunnel = TUNNEL_GENEVE, .bytes = 40 } },
	{ "geneve of another version is no tunnel",
	  { ETHERNET, IP4(), UDP(.to_port = 6081), RAW(0, 8, 0x40, 0, 0x65, 0x58, 0, 0, 77), INNER },
	  { OUTER_UDP(4, 6081), .bytes = 50 + INNER_BYTES },
	  { INNER_TCP(77), .tunnel = TUNNEL_GENEVE } },
	{ "geneve options beyond the packet",
	  { ETHERNET, IP4(), UDP(.to_port = 6081), RAW(0, 8, 0x3f, 0, 0x65, 0x58, 0, 0, 77), INNER },
	  { OUTER_UDP(4, 6081), .carries = TUNNEL_GENEVE, .bytes = 50 + INNER_BYTES },
	  { INNER_TCP(77), .tunnel = TUNNEL_GENEVE },
	  .inner_unparsed = true },
	{ "ipv4 in ipv4",
	  { ETHERNET, IP4(), IP4(), TCP(.flags = SYN) },
	  { OUTER(4, 4), .carries = TUNNEL_IPIP, .bytes = 74 },
	  { INNER_TCP(0), .tunnel = TUNNEL_IPIP, .bytes = 40 } },
	{ "ipv6 in ipv4",
	  { ETHERNET, IP4(), IP6(), UDP() },
	  { OUTER(4, 41), .carries = TUNNEL_IPIP, .bytes = 82 },
	  { .family = 6,
	    .protocol = 17,
	    .port_a = LOW_PORT,
	    .port_b = HIGH_PORT,
	    .tunnel = TUNNEL_IPIP,
	    .bytes = 48 } },
	{ "ipv4 in ipv6, behind destination options",
	  { ETHERNET, IP6(), EXTENSION(60), IP4(), TCP(.flags = SYN) },
	  { OUTER(6, 4), .carries = TUNNEL_IPIP, .bytes = 102 },
	  { INNER_TCP(0), .tunnel = TUNNEL_IPIP, .bytes = 40 } },
	{ "ipv6 in ipv6, on a device without a link header",
	  { IP6(), IP6(), UDP() },
	  { OUTER(6, 41), .carries = TUNNEL_IPIP, .bytes = 88 },
	  { .family = 6, .protocol = 17, .port_a = LOW_PORT, .port_b = HIGH_PORT, .tunnel = TUNNEL_IPIP, .bytes = 48 },
	  .device = PLAIN_IP_EGRESS },
	{ "gre of ipv4",
	  { ETHERNET, IP4(), GRE(0x0800), IP4(), TCP(.flags = SYN) },
	  { OUTER(4, 47), .carries = TUNNEL_GRE, .bytes = 78 },
	  { INNER_TCP(0), .tunnel = TUNNEL_GRE, .bytes = 40 } },
	{ "gre with a key, of frames",
	  { ETHERNET, IP6(), GRE_KEY(0x6558, 0x01020304), INNER },
	  { OUTER(6, 47), .carries = TUNNEL_GRE, .bytes = 62 + INNER_BYTES },
	  { INNER_TCP(0x01020304), .tunnel = TUNNEL_GRE, .bytes = INNER_BYTES } },
	{ "gre with checksum, key and sequence number",
	  { ETHERNET, IP4(), RAW(47, 16, 0xb0, 0, 8, 0, 1, 1, 0, 0, 0, 0, 0, 9), IP4(), TCP(.flags = SYN) },
	  { OUTER(4, 47), .carries = TUNNEL_GRE, .bytes = 90 },
	  { INNER_TCP(9), .tunnel = TUNNEL_GRE, .bytes = 40 } },
	{ "gre of version 1 carries what is not read",
	  { ETHERNET, IP4(), RAW(47, 8, 0x20, 1, 0x88, 0x0b), BYTES(40) },
	  { OUTER(4, 47), .carries = TUNNEL_GRE, .bytes = 82 },
	  { INNER_TCP(0), .tunnel = TUNNEL_GRE } },
	{ "gre whose key is cut off",
	  { ETHERNET, VLAN, IP4(), RAW(47, 4, 0x20, 0, 8, 0) },
	  { OUTER(4, 47), .carries = TUNNEL_GRE, .bytes = 42 },
	  { INNER_TCP(0), .tunnel = TUNNEL_GRE },
	  .inner_unparsed = true },
	{ "wireguard data",
	  { ETHERNET, IP4(), UDP(.to_port = 51820), RAW(0, 96, 4) },
	  { OUTER_UDP(4, 51820), .carries = TUNNEL_WIREGUARD, .bytes = 138 } },
	{ "wireguard data has a length that is a multiple of 16",
	  { ETHERNET, IP4(), UDP(.to_port = 51820), RAW(0, 97, 4) },
	  { OUTER_UDP(4, 51820), .bytes = 139 } },
	{ "a wireguard handshake at any port",
	  { ETHERNET, IP6(), UDP(.to_port = 1234), RAW(0, 148, 1) },
	  { OUTER_UDP(6, 1234), .carries = TUNNEL_WIREGUARD, .bytes = 210 } },
	{ "a wireguard answer at any port",
	  { ETHERNET, IP4(), UDP(.to_port = 1234), RAW(0, 92, 2) },
	  { OUTER_UDP(4, 1234), .carries = TUNNEL_WIREGUARD, .bytes = 134 } },
	{ "wireguard data at another port is not told from other UDP",
	  { ETHERNET, IP4(), UDP(.to_port = 1234), RAW(0, 96, 4) },
	  { OUTER_UDP(4, 1234), .bytes = 138 } },
	{ "something else of a handshake's length",
	  { ETHERNET, IP4(), UDP(.to_port = 1234), RAW(0, 148, 1, 1) },
	  { OUTER_UDP(4, 1234), .bytes = 190 } },
	{ "esp", { ETHERNET, IP4(.next = 50), BYTES(60) }, { OUTER(4, 50), .carries = TUNNEL_ESP, .bytes = 94 } },
	{ "esp in udp",
	  { ETHERNET, IP4(), UDP(.to_port = 4500), RAW(0, 60, 0, 0, 1) },
	  { OUTER_UDP(4, 4500), .carries = TUNNEL_ESP, .bytes = 102 } },
	{ "ike at the same port",
	  { ETHERNET, IP4(), UDP(.to_port = 4500), RAW(0, 60, 0, 0, 0, 0, 1) },
	  { OUTER_UDP(4, 4500), .bytes = 102 } },
	{ "esp's keepalive is no packet of it",
	  { ETHERNET, IP4(), UDP(.to_port = 4500), RAW(0, 1, 0xff) },
	  { OUTER_UDP(4, 4500), .bytes = 43 } },
};

static const char *check_tunnel_flow(const struct expected_flow *expected)
{
	struct flow_counts counts = {};
	struct flow_key key = connection_key();

	key.ifindex = 1;
	key.family = expected->family;
	key.protocol = expected->protocol;
	key.port_a = expected->port_a;
	key.port_b = expected->port_b;
	key.tunnel = expected->tunnel;
	key.tunnel_id = expected->tunnel_id;
	if (expected->family == 6) {
		inet_pton(AF_INET6, "fd00::1", key.addr_a);
		inet_pton(AF_INET6, "fd00::2", key.addr_b);
	}
	bpf_map_lookup_elem(bpf_map__fd(programs->maps.flows_even), &key, &counts);
	if (counts.bytes[0] != expected->bytes || counts.packets[0] != (expected->bytes != 0))
		return "bytes or packets";
	return counts.carries != expected->carries ? "what it carries" : NULL;
}

static const char *run_tunnel_test(const struct tunnel_test *test)
{
	uint64_t seen = stat_value(STAT_PACKETS_SEEN), unparsed = stat_value(STAT_INNER_UNPARSED);
	struct built_packet packet = build_packet(test->layers);
	struct flow_key keys[3], *last = NULL;
	uint32_t flows = 0;
	const char *why;

	start_over();
	why = run(&packet, test->device, 1, 0, 0);
	if (!why)
		why = check_tunnel_flow(&test->outer);
	if (!why && test->inner.family)
		why = check_tunnel_flow(&test->inner);
	if (why)
		return why;
	for (; flows < 3 && !bpf_map_get_next_key(bpf_map__fd(programs->maps.flows_even), last, &keys[flows]); flows++)
		last = &keys[flows];
	if (flows != 1u + (test->inner.bytes != 0))
		return "another number of flows";
	if (stat_value(STAT_PACKETS_SEEN) - seen != 1)
		return "one packet is one packet";
	return stat_value(STAT_INNER_UNPARSED) - unparsed != test->inner_unparsed ? "what could not be read" : NULL;
}

static void run_tunnel_tests(void)
{
	for (size_t i = 0; i < sizeof(tunnel_tests) / sizeof(tunnel_tests[0]); i++) {
		const char *why = run_tunnel_test(&tunnel_tests[i]);

		report(!why, tunnel_tests[i].name, why);
	}
}
