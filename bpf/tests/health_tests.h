/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a connection's packets and the ICMP errors about it say of its health. */
#pragma once

#define SEND(...)                                                                                                      \
	do {                                                                                                           \
		const char *complaint_ = send_layers((const struct layer[LAYERS_MAX]){ __VA_ARGS__ }, 1);              \
		if (complaint_)                                                                                        \
			return complaint_;                                                                             \
	} while (0)

/* The counts of the TCP connection between LOW and HIGH; zeroes if there are none. */
static struct flow_counts connection_counts(void)
{
	struct flow_key key = connection_key();
	struct flow_counts counts = {};

	key.ifindex = 1;
	bpf_map_lookup_elem(bpf_map__fd(programs->maps.flows_even), &key, &counts);
	return counts;
}

static const char *handshake_is_timed(void)
{
	struct flow_counts counts;

	SEND(ETHERNET, IP4(), TCP(.flags = SYN, .sequence = 5));
	counts = connection_counts();
	REQUIRE(counts.syn_ns && counts.syn_ns >= counts.first_ns, "not the time of the SYN");
	REQUIRE(counts.syn_sequence == 5 && !counts.syn_ack_ns, "the sequence number, or an answer");
	SEND(ETHERNET, IP4(.from_high = true), TCP(.flags = SYN | ACK, .from_high = true));
	counts = connection_counts();
	REQUIRE(counts.syn_ack_ns > counts.syn_ns, "the time of the answer");
	SEND(ETHERNET, IP4(.from_high = true), TCP(.flags = SYN | ACK, .from_high = true));
	REQUIRE(connection_counts().syn_ack_ns == counts.syn_ack_ns, "a second answer counts");
	return NULL;
}

static const char *handshake_from_first_syn(void)
{
	uint64_t first;

	SEND(ETHERNET, IP4(), TCP(.flags = SYN, .sequence = 5));
	first = connection_counts().syn_ns;
	SEND(ETHERNET, IP4(), TCP(.flags = SYN, .sequence = 5));
	REQUIRE(first && connection_counts().syn_ns == first, "counted from the repetition");
	return NULL;
}

static const char *another_syn_is_another_handshake(void)
{
	struct flow_counts first, second;

	SEND(ETHERNET, IP4(), TCP(.flags = SYN, .sequence = 5));
	SEND(ETHERNET, IP4(.from_high = true), TCP(.flags = SYN | ACK, .from_high = true));
	first = connection_counts();
	SEND(ETHERNET, IP4(), TCP(.flags = SYN, .sequence = 6));
	second = connection_counts();
	REQUIRE(second.syn_ns > first.syn_ack_ns && !second.syn_ack_ns && second.syn_sequence == 6,
		"the old handshake goes on");
	return NULL;
}

static const char *closed_windows_by_sender(void)
{
	struct flow_counts counts;

	SEND(ETHERNET, IP4(), TCP(.flags = ACK, .is_window_closed = true));
	SEND(ETHERNET, IP4(), TCP(.flags = ACK));
	SEND(ETHERNET, IP4(), TCP(.flags = ACK, .is_window_closed = true));
	SEND(ETHERNET, IP4(.from_high = true), TCP(.flags = ACK, .is_window_closed = true, .from_high = true));
	SEND(ETHERNET, IP4(.from_high = true), TCP(.flags = SYN | ACK, .is_window_closed = true, .from_high = true));
	SEND(ETHERNET, IP4(.from_high = true), TCP(.flags = RST | ACK, .is_window_closed = true, .from_high = true));
	counts = connection_counts();
	REQUIRE(counts.zero_windows[0] == 2, "of the lower end");
	REQUIRE(counts.zero_windows[1] == 1, "a SYN or RST has none");
	return NULL;
}

static const char *resets_by_sender(void)
{
	struct flow_counts counts;

	SEND(ETHERNET, IP4(.from_high = true), TCP(.flags = RST | ACK, .from_high = true));
	SEND(ETHERNET, IP4(), TCP(.flags = RST));
	SEND(ETHERNET, IP4(), TCP(.flags = RST));
	counts = connection_counts();
	REQUIRE(counts.resets[0] == 2 && counts.resets[1] == 1, "resets each way");
	REQUIRE(counts.rst_by == 1, "the first to reset it");
	return NULL;
}

static const char *icmp_errors_are_about_the_quoted(void)
{
	static const uint8_t errors[][2] = { { 3, 1 }, { 3, 4 }, { 4, 0 }, { 11, 0 }, { 12, 2 } };

	for (uint32_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct flow_counts counts;

		SEND(ETHERNET, IP4(.from_high = true), ICMP4(errors[i][0], .code = errors[i][1]), IP4(), PORTS8(6));
		counts = connection_counts();
		REQUIRE(counts.icmp_errors == i + 1, "not counted");
		REQUIRE(counts.icmp_error_type == errors[i][0] && counts.icmp_error_code == errors[i][1],
			"type or code");
		REQUIRE(!counts.packets[0] && !counts.packets[1] && !counts.bytes[0], "a quote is no packet");
	}
	return NULL;
}

static const char *icmpv6_errors_are_about_the_quoted(void)
{
	static const uint8_t errors[][2] = { { 1, 4 }, { 2, 0 }, { 3, 0 }, { 4, 1 } };
	struct flow_key key = { .protocol = 17, .family = 6, .port_a = LOW_PORT, .port_b = HIGH_PORT, .ifindex = 1 };

	inet_pton(AF_INET6, "fd00::1", key.addr_a);
	inet_pton(AF_INET6, "fd00::2", key.addr_b);
	for (uint32_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct flow_counts counts = {};

		SEND(ETHERNET, IP6(), ICMP6(errors[i][0], .code = errors[i][1]), IP6(.from_high = true), EXTENSION(60),
		     UDP(.from_high = true));
		bpf_map_lookup_elem(bpf_map__fd(programs->maps.flows_even), &key, &counts);
		REQUIRE(counts.icmp_errors == i + 1, "not counted");
		REQUIRE(counts.icmp_error_type == errors[i][0] && counts.icmp_error_code == errors[i][1],
			"type or code");
	}
	return NULL;
}

static const char *icmp_error_about_a_ping(void)
{
	struct flow_key key = connection_key();
	struct flow_counts counts = {};

	key.port_a = key.port_b = 9;
	key.protocol = 1;
	key.ifindex = 1;
	SEND(ETHERNET, IP4(.from_high = true), ICMP4(11), IP4(), ICMP4(8, .id = 9));
	bpf_map_lookup_elem(bpf_map__fd(programs->maps.flows_even), &key, &counts);
	REQUIRE(counts.icmp_errors == 1, "not told to the echo request that it quotes");
	return NULL;
}

static const char *other_icmp_quotes_nothing(void)
{
	uint64_t before = stat_value(STAT_INNER_UNPARSED);

	SEND(ETHERNET, IP4(.from_high = true), ICMP4(8), IP4(), TCP());
	SEND(ETHERNET, IP4(.from_high = true), ICMP4(5), IP4(), TCP());
	SEND(ETHERNET, IP6(.from_high = true), ICMP6(128), IP6(), TCP());
	REQUIRE(!connection_counts().icmp_errors, "an echo or a redirect is no error");
	REQUIRE(stat_value(STAT_INNER_UNPARSED) == before, "it was looked into");
	return NULL;
}

static const char *unreadable_quotes_are_counted(void)
{
	uint64_t before = stat_value(STAT_INNER_UNPARSED), seen = stat_value(STAT_PACKETS_SEEN);

	SEND(ETHERNET, IP4(), ICMP4(3), BYTES(28));
	SEND(ETHERNET, IP4(), ICMP4(3), IP4(.next = 6), BYTES(4));
	SEND(ETHERNET, IP6(), ICMP6(1));
	REQUIRE(stat_value(STAT_INNER_UNPARSED) == before + 3, "the quotes");
	REQUIRE(stat_value(STAT_PACKETS_SEEN) == seen + 3, "the packets themselves");
	return NULL;
}

static const struct story_test health_tests[] = {
	{ "a handshake is timed from the SYN to its first answer", handshake_is_timed },
	{ "a SYN sent again does not shorten the handshake", handshake_from_first_syn },
	{ "a SYN with another number is another handshake", another_syn_is_another_handshake },
	{ "closed windows are counted by sender", closed_windows_by_sender },
	{ "resets are counted by sender, and who was first", resets_by_sender },
	{ "ICMP errors are about the connection they quote", icmp_errors_are_about_the_quoted },
	{ "ICMPv6 errors are about the conversation they quote", icmpv6_errors_are_about_the_quoted },
	{ "an ICMP error about an echo request finds it", icmp_error_about_a_ping },
	{ "ICMP that is no error quotes nothing", other_icmp_quotes_nothing },
	{ "a quote that cannot be read is counted", unreadable_quotes_are_counted },
};
