/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Several packets each: what is copied of a connection, and what happens when a map is full. */
#pragma once

#define FLOW_MAP_ENTRIES 64
#define OTHER_INTERFACE	 2
#define BODY                                                                                                           \
	{                                                                                                              \
		.kind = LAYER_BYTES, .count = MTU_PAYLOAD                                                              \
	}

#define REQUIRE(condition, complaint)                                                                                  \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			return complaint;                                                                              \
	} while (0)

static const char *send_tcp(struct layer payload, uint32_t sequence, bool from_high, uint32_t ifindex)
{
	struct layer layers[LAYERS_MAX] = {
		ETHERNET,
		IP4(.from_high = from_high),
		TCP(.flags = ACK | PSH, .sequence = sequence, .from_high = from_high),
		payload,
	};

	return send_layers(layers, ifindex);
}

static const char *send_text(const char *text, bool from_high)
{
	return send_tcp((struct layer)TEXT(text), 1, from_high, 1);
}

static const char *send_bodies(int count, bool from_high)
{
	for (int i = 0; i < count; i++) {
		const char *why = send_tcp((struct layer)BODY, 1000 + i, from_high, 1);

		if (why)
			return why;
	}
	return NULL;
}

static struct flow_key connection_key(void)
{
	struct flow_key key = {
		.addr_a = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1 },
		.addr_b = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 2 },
		.port_a = LOW_PORT,
		.port_b = HIGH_PORT,
		.protocol = 6,
		.family = 4,
	};

	return key;
}

static const char *probing_stops(void)
{
	send_bodies(L7_PROBED_SEGMENTS + 10, false);
	REQUIRE(copied.records == L7_PROBED_SEGMENTS, "not the first 16 segments");
	REQUIRE(copied.last.copy_mode == L7_COPY_PROBING, "copy mode");
	send_bodies(3, true);
	REQUIRE(copied.records == L7_PROBED_SEGMENTS + 3, "the other direction has its own count");
	return NULL;
}

static const char *every_http_start(void)
{
	static const char *const starts[] = {
		"GET / HTTP/1.1", "POST /a HTTP",    "PUT /a HTTP/1",  "HEAD / HTTP/1",
		"DELETE / HTTP",  "PATCH / HTTP/1",  "OPTIONS * HTTP", "CONNECT a:443",
		"TRACE / HTTP/1", "HTTP/1.1 200 OK", "PRI * HTTP/2.0",
	};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		start_over();
		send_text(starts[i], false);
		REQUIRE(copied.records == 1 && copied.last.copy_mode == L7_COPY_ALL, starts[i]);
		REQUIRE(!strncmp(copied.text, starts[i], 12), "the text");
	}
	return NULL;
}

static const char *no_http_start(void)
{
	static const char *const others[] = { "GETTING there", "get / http/1", "HTTPS is not",
					      "\x16\x03\x01\x02\x01 client" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		start_over();
		send_text(others[i], false);
		REQUIRE(copied.last.copy_mode == L7_COPY_PROBING, others[i]);
	}
	return NULL;
}

static const char *late_http_start(void)
{
	send_bodies(L7_PROBED_SEGMENTS + 1, false);
	send_text("GET /late HTTP/1.1\r\n\r\n", false);
	REQUIRE(copied.records == L7_PROBED_SEGMENTS + 1, "not copied after probing was over");
	return NULL;
}

static const char *body_is_bounded(void)
{
	send_text("HTTP/1.1 200 OK\r\n\r\n", true);
	send_bodies(200, true);
	REQUIRE(copied.bytes <= L7_MESSAGE_BYTES + 1000, "a body was copied on and on");
	REQUIRE(copied.bytes > L7_MESSAGE_BYTES - 2 * MTU_PAYLOAD, "the first 64 KiB were not copied");
	REQUIRE(stat_value(STAT_L7_TRUNCATED) > 0, "nothing says that it was cut");
	return NULL;
}

static const char *end_of_body_is_copied(void)
{
	uint32_t before;

	send_text("HTTP/1.1 200 OK\r\n\r\n", true);
	send_bodies(200, true);
	before = copied.records;
	send_text("the end of the body, HTTP/1.1 404", true);
	REQUIRE(copied.records == before + 1, "a short segment was left out");
	return NULL;
}

static const char *pipelined_after_body(void)
{
	static char segment[MTU_PAYLOAD + 1];
	uint32_t before;

	memset(segment, 'z', MTU_PAYLOAD);
	memcpy(segment + 400, "HTTP/1.1 200 OK", 15);
	send_text("HTTP/1.1 200 OK\r\n\r\n", true);
	send_bodies(200, true);
	before = copied.bytes;
	send_text(segment, true);
	REQUIRE(copied.bytes == before + MTU_PAYLOAD, "a message inside a segment was left out");
	send_bodies(1, true);
	REQUIRE(copied.bytes == before + 2 * MTU_PAYLOAD, "it granted no credit");
	return NULL;
}

static const char *one_interface_copies(void)
{
	send_tcp((struct layer)BODY, 1, false, 1);
	send_tcp((struct layer)BODY, 1, false, OTHER_INTERFACE);
	REQUIRE(copied.records == 1, "not copied once");
	REQUIRE(copied.last.key.ifindex == 1, "not by the first");
	send_tcp((struct layer)BODY, 1, true, OTHER_INTERFACE);
	REQUIRE(copied.records == 1, "the other direction went to another interface");
	return NULL;
}

static const char *verdict_none(void)
{
	struct l7_state state = { .owner_ifindex = 1, .copy = L7_COPY_NONE };
	struct flow_key key = connection_key();

	send_bodies(1, false);
	REQUIRE(!bpf_map_update_elem(bpf_map__fd(programs->maps.l7_states), &key, &state, BPF_EXIST),
		"no state under its key");
	send_bodies(5, false);
	send_text("GET / HTTP/1.1", false);
	REQUIRE(copied.records == 1, "copied against the verdict");
	return NULL;
}

/* What user space does when it is told of a protocol. */
static bool decide(__u32 copy)
{
	struct l7_state state = { .owner_ifindex = 1, .copy = copy, .speaker = NOBODY };
	struct flow_key key = connection_key();

	return !bpf_map_update_elem(bpf_map__fd(programs->maps.l7_states), &key, &state, BPF_ANY);
}

static const char *heads_of_a_turn(void)
{
	REQUIRE(decide(L7_COPY_HEADS), "no verdict");
	send_bodies(1, false);
	REQUIRE(copied.bytes == L7_HEAD_BYTES, "not the first 512 bytes of a question");
	REQUIRE(copied.last.copy_mode == L7_COPY_HEADS, "copy mode");
	REQUIRE(copied.last.payload_length == MTU_PAYLOAD && copied.last.captured == L7_HEAD_BYTES,
		"a reader cannot tell how much is missing");
	send_bodies(200, true);
	REQUIRE(copied.bytes == L7_HEAD_BYTES + L7_TURN_HEADS, "not 4 KiB of a long answer");
	send_text("the end of the answer", true);
	REQUIRE(copied.bytes == L7_HEAD_BYTES + L7_TURN_HEADS + 21, "its short end was left out");
	send_bodies(1, true);
	REQUIRE(copied.bytes == L7_HEAD_BYTES + L7_TURN_HEADS + 21, "the same side went on, and was copied anew");
	send_bodies(1, false);
	send_bodies(1, true);
	REQUIRE(copied.bytes == 3 * L7_HEAD_BYTES + L7_TURN_HEADS + 21, "the next question and answer");
	return NULL;
}

static const char *whole_turns(void)
{
	REQUIRE(decide(L7_COPY_TURNS), "no verdict");
	send_bodies(3, false);
	REQUIRE(copied.bytes == 3 * MTU_PAYLOAD, "a question is not copied whole");
	send_bodies(200, true);
	REQUIRE(copied.bytes == 3 * MTU_PAYLOAD + L7_MESSAGE_BYTES, "not 64 KiB of a long answer");
	send_bodies(1, false);
	send_bodies(2, true);
	REQUIRE(copied.bytes == 6 * MTU_PAYLOAD + L7_MESSAGE_BYTES, "the next question and answer");
	return NULL;
}

/* A row of a table may hold anything. */
static const char *turns_look_at_nothing(void)
{
	static char segment[MTU_PAYLOAD + 1];
	static const __u32 modes[] = { L7_COPY_HEADS, L7_COPY_TURNS };

	memset(segment, 'z', MTU_PAYLOAD);
	memcpy(segment, "HTTP/1.1 200 OK", 15);
	for (int i = 0; i < 2; i++) {
		uint32_t before;

		start_over();
		REQUIRE(decide(modes[i]), "no verdict");
		send_bodies(200, true);
		before = copied.bytes;
		send_text(segment, true);
		REQUIRE(copied.bytes == before, "what resembles HTTP was copied");
		send_text("GET / HTTP/1.1", false);
		REQUIRE(copied.last.copy_mode == modes[i], "what resembles HTTP changed the mode");
	}
	return NULL;
}

static const char *verdict_is_remembered(void)
{
	struct l7_state state = { .owner_ifindex = 1, .copy = L7_COPY_NONE };
	struct flow_key key = connection_key();
	struct layer syn[LAYERS_MAX] = { ETHERNET, IP4(), TCP(.flags = SYN) };

	send_bodies(1, false);
	bpf_map_update_elem(bpf_map__fd(programs->maps.l7_states), &key, &state, BPF_EXIST);
	send_bodies(1, false);
	bpf_map_delete_elem(bpf_map__fd(programs->maps.l7_states), &key);
	send_bodies(1, false);
	REQUIRE(copied.records == 1, "asked again before the maps were swapped");
	send_layers(syn, 1);
	send_bodies(1, false);
	REQUIRE(copied.records == 2, "the next connection on these ports is not copied");
	return NULL;
}

static const char *syn_starts_anew(void)
{
	struct layer syn[LAYERS_MAX] = { ETHERNET, IP4(), TCP(.flags = SYN) };

	send_bodies(L7_PROBED_SEGMENTS + 5, false);
	send_layers(syn, 1);
	send_bodies(1, false);
	REQUIRE(copied.records == L7_PROBED_SEGMENTS + 1, "the next connection on these ports is not probed");
	return NULL;
}

static const char *record_says_where(void)
{
	send_tcp((struct layer)BYTES(777), 0xfffffff0, true, 1);
	REQUIRE(copied.last.sequence == 0xfffffff0, "sequence");
	REQUIRE(copied.last.payload_length == 777 && copied.last.captured == 777, "lengths");
	REQUIRE(copied.last.sender == 1 && copied.last.tcp_flags == (ACK | PSH), "sender or flags");
	REQUIRE(copied.last.header.length == sizeof(struct l7_record) + 777, "record length");
	return NULL;
}

static const char *full_map_is_counted(void)
{
	uint64_t before = stat_value(STAT_FLOW_MAP_FULL);

	for (int port = 1; port <= FLOW_MAP_ENTRIES + 10; port++) {
		struct layer layers[LAYERS_MAX] = { ETHERNET, IP4(), UDP(.from_port = port) };

		send_layers(layers, 1);
	}
	REQUIRE(stat_value(STAT_FLOW_MAP_FULL) == before + 10, "not one per packet that found no room");
	return NULL;
}

static const char *both_directions_one_flow(void)
{
	struct flow_counts counts;
	struct flow_key key;

	send_bodies(3, false);
	send_bodies(2, true);
	REQUIRE(only_flow(&key, &counts), "not one flow");
	REQUIRE(counts.packets[0] == 3 && counts.packets[1] == 2, "packets each way");
	REQUIRE(counts.bytes[0] == 3 * (54 + MTU_PAYLOAD) && counts.bytes[1] == 2 * (54 + MTU_PAYLOAD),
		"bytes each way");
	REQUIRE(counts.first_ns && counts.last_ns, "times");
	return NULL;
}

/* The same packet again and again, while nobody reads the ring. */
static const char *send_unread(const char *text, bool from_high, uint32_t count)
{
	struct layer layers[LAYERS_MAX] = {
		ETHERNET,
		IP4(.from_high = from_high),
		TCP(.flags = ACK | PSH, .from_high = from_high),
		TEXT(text),
	};
	struct built_packet packet = build_packet(layers);
	struct __sk_buff context = { .ifindex = 1 };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet.bytes, .data_size_in = packet.size,
		    .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = count);

	return bpf_prog_test_run_opts(bpf_program__fd(programs->progs.watch_ingress), &options) ? strerror(errno)
												: NULL;
}

static const char *lost_requests_are_counted(void)
{
	const uint64_t ring_full = stat_value(STAT_RING_FULL), before = stat_value(STAT_HTTP_REQUESTS_LOST);
	const uint32_t sent = 200000;
	uint64_t lost;

	REQUIRE(!send_unread("GET / HTTP/1.1\r\n\r\n", false, sent), "not sent");
	lost = stat_value(STAT_HTTP_REQUESTS_LOST) - before;
	REQUIRE(!send_unread("HTTP/1.1 200 OK\r\n\r\n", true, 10), "not sent");
	ring_buffer__consume(ring);
	REQUIRE(lost > 0, "the ring was never full: this proves nothing");
	REQUIRE(copied.records + lost == sent, "copied and lost requests are not those that were sent");
	REQUIRE(stat_value(STAT_RING_FULL) - ring_full == lost + 10, "not every lost record is counted");
	REQUIRE(stat_value(STAT_HTTP_REQUESTS_LOST) - before == lost, "a lost answer counts as a request");
	return NULL;
}

static const struct story_test story_tests[] = {
	{ "both directions are one flow", both_directions_one_flow },
	{ "a full flow map is counted", full_map_is_counted },
	{ "an unknown connection is copied for 16 segments each way", probing_stops },
	{ "every HTTP start switches to copying all", every_http_start },
	{ "what only resembles HTTP does not", no_http_start },
	{ "HTTP that starts after probing is still found", late_http_start },
	{ "a long body is not copied whole", body_is_bounded },
	{ "the short end of a long body is copied", end_of_body_is_copied },
	{ "a message that starts inside a segment is found after a long body", pipelined_after_body },
	{ "only the first interface copies a connection", one_interface_copies },
	{ "a verdict of none stops the copying", verdict_none },
	{ "of a database the first 512 bytes of each segment are copied, and 4 KiB of a turn", heads_of_a_turn },
	{ "whole turns are copied up to 64 KiB", whole_turns },
	{ "where turns matter, payload that resembles HTTP means nothing", turns_look_at_nothing },
	{ "what is not copied is not looked up again", verdict_is_remembered },
	{ "a syn on used ports starts anew", syn_starts_anew },
	{ "a record says which bytes it holds", record_says_where },
	{ "requests that find the ring full are counted, each once", lost_requests_are_counted },
};
