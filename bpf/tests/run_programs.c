// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Runs the tc programs in the kernel (BPF_PROG_TEST_RUN) on hand-made packets and compares what they count and copy.
 * Every run also checks that the verdict is "go on" and that not one byte of the packet changed. The programs on
 * tracepoints are attached, and see real sockets.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "maps.h"
#include "palomar.skel.h"
#include "probe/kernel_names.h"
#include "probe/tracepoints.h"
#include "tests/packets.h"

#define GO_ON	    ((uint32_t)-1)
#define MTU_PAYLOAD 1400

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define NS  0x100

enum device { ETHERNET_INGRESS, ETHERNET_EGRESS, PLAIN_IP_INGRESS, PLAIN_IP_EGRESS };

struct expectation {
	bool unparsed;
	int family;
	int protocol;
	int port_a, port_b;
	int sender;
	int initiator;
	int flags;
	int packets; /* default 1 */
	int icmp_type, icmp_code;
	int copied; /* payload bytes in L7 records */
};

struct parse_test {
	const char *name;
	struct layer layers[LAYERS_MAX];
	struct expectation expected;
	enum device device;
	uint32_t cut; /* bytes missing at the end */
	uint32_t gso_segments, gso_size;
};

/* Several packets; a complaint, or NULL. */
struct story_test {
	const char *name;
	const char *(*run)(void);
};

struct copied {
	uint32_t records, bytes;
	struct l7_record last;
	char text[16];
};

/* What sockets of this namespace told. */
struct told {
	uint32_t netns;
	uint32_t tcp_count;
	struct tcp_record tcp[16];
	uint32_t translation_count;
	struct translation_record translations[4];
};

static struct palomar_bpf *programs;
static struct told told;
static struct ring_buffer *ring;
static struct copied copied;
static int passed, failed;

static void report(bool ok, const char *name, const char *why)
{
	printf("%s %d - %s%s%s\n", ok ? "ok" : "not ok", passed + failed + 1, name, ok ? "" : ": ", ok ? "" : why);
	if (ok)
		passed++;
	else
		failed++;
}

static int on_record(void *context, void *data, size_t size)
{
	const struct l7_record *record = data;

	(void)context;
	if (record->header.type == RECORD_TCP && size >= sizeof(struct tcp_record)) {
		const struct tcp_record *tcp = data;

		if (tcp->netns_inum == told.netns && told.tcp_count < sizeof(told.tcp) / sizeof(told.tcp[0]))
			told.tcp[told.tcp_count++] = *tcp;
		return 0;
	}
	if (record->header.type == RECORD_TRANSLATION && size >= sizeof(struct translation_record)) {
		const struct translation_record *translation = data;

		if (translation->netns_inum == told.netns && told.translation_count < 4)
			told.translations[told.translation_count++] = *translation;
		return 0;
	}
	if (size < sizeof(*record) || record->header.type != RECORD_L7)
		return 0;
	copied.records++;
	copied.bytes += record->captured;
	copied.last = *record;
	snprintf(copied.text, sizeof(copied.text), "%.*s", (int)record->captured, (const char *)(record + 1));
	return 0;
}

static uint64_t stat_value(uint32_t stat)
{
	uint64_t values[libbpf_num_possible_cpus()], sum = 0;

	bpf_map_lookup_elem(bpf_map__fd(programs->maps.stats), &stat, values);
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
		sum += values[cpu];
	return sum;
}

static void clear(const struct bpf_map *map)
{
	/* As large as the largest key. */
	struct flow_key key;

	while (!bpf_map_get_next_key(bpf_map__fd(map), NULL, &key))
		bpf_map_delete_elem(bpf_map__fd(map), &key);
}

static void start_over(void)
{
	clear(programs->maps.flows_even);
	programs->bss->flows_are_full = 0;
	clear(programs->maps.l7_states);
	clear(programs->maps.fragments);
	clear(programs->maps.failures_even);
	ring_buffer__consume(ring);
	memset(&copied, 0, sizeof(copied));
	told.tcp_count = told.translation_count = 0;
}

/* Sends one packet through a program; a complaint, or NULL if it was let through untouched. */
static const char *run(const struct built_packet *packet, enum device device, uint32_t ifindex, uint32_t gso_segments,
		       uint32_t gso_size)
{
	const struct bpf_program *const by_device[] = {
		programs->progs.watch_ingress,
		programs->progs.watch_egress,
		programs->progs.watch_ingress_l3,
		programs->progs.watch_egress_l3,
	};
	struct __sk_buff context = { .ifindex = ifindex, .gso_segs = gso_segments, .gso_size = gso_size };
	static uint8_t out[PACKET_MAX * 2];
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet->bytes, .data_size_in = packet->size, .data_out = out,
		    .data_size_out = sizeof(out), .ctx_in = &context, .ctx_size_in = sizeof(context));

	if (bpf_prog_test_run_opts(bpf_program__fd(by_device[device]), &options))
		return strerror(errno);
	if (options.retval != GO_ON)
		return "the verdict is not to go on";
	if (options.data_size_out != packet->size || memcmp(out, packet->bytes, packet->size))
		return "the packet was changed";
	ring_buffer__consume(ring);
	return NULL;
}

static const char *send_layers(const struct layer *layers, uint32_t ifindex)
{
	struct built_packet packet = build_packet(layers);

	return run(&packet, ETHERNET_INGRESS, ifindex, 0, 0);
}

/* The one flow there is; false unless there is exactly one. */
static bool only_flow(struct flow_key *key, struct flow_counts *counts)
{
	int fd = bpf_map__fd(programs->maps.flows_even);
	struct flow_key second;

	return !bpf_map_get_next_key(fd, NULL, key) && bpf_map_get_next_key(fd, key, &second) &&
	       !bpf_map_lookup_elem(fd, key, counts);
}

static const char *check_ends(const struct flow_key *key, int family)
{
	uint8_t low[16] = { [10] = 0xff, [11] = 0xff }, high[16] = { [10] = 0xff, [11] = 0xff };

	inet_pton(family == 4 ? AF_INET : AF_INET6, family == 4 ? "10.0.0.1" : "fd00::1", low + (family == 4 ? 12 : 0));
	inet_pton(family == 4 ? AF_INET : AF_INET6, family == 4 ? "10.0.0.2" : "fd00::2",
		  high + (family == 4 ? 12 : 0));
	if (memcmp(key->addr_a, low, 16))
		return "address a";
	return memcmp(key->addr_b, high, 16) ? "address b" : NULL;
}

static const char *check_flow(const struct parse_test *test, uint32_t size)
{
	const struct expectation *expected = &test->expected;
	bool is_ingress = test->device == ETHERNET_INGRESS || test->device == PLAIN_IP_INGRESS;
	uint64_t packets = expected->packets ? expected->packets : 1;
	int sender = expected->sender;
	struct flow_counts counts;
	struct flow_key key;

	if (!only_flow(&key, &counts))
		return "not exactly one flow";
	if (key.family != expected->family || key.protocol != expected->protocol)
		return "family or protocol";
	if (key.port_a != expected->port_a || key.port_b != expected->port_b)
		return "ports";
	if (key.ifindex != 1 || key.pad || key.tunnel || key.tunnel_id)
		return "interface or padding";
	if (counts.packets[sender] != packets || counts.packets[!sender])
		return "packets";
	if (counts.bytes[sender] != size || counts.bytes[!sender])
		return "bytes";
	if (counts.tcp_flags[sender] != (uint32_t)expected->flags || counts.initiator != expected->initiator)
		return "flags or initiator";
	if (counts.rst_by != (expected->flags & RST ? sender : NOBODY))
		return "who reset it";
	if (counts.ingress[sender] != is_ingress || counts.ingress[!sender] != 2)
		return "direction at the interface";
	if (counts.icmp_type[sender] != expected->icmp_type || counts.icmp_code[sender] != expected->icmp_code)
		return "ICMP type or code";
	return check_ends(&key, expected->family);
}

static const char *run_parse_test(const struct parse_test *test)
{
	uint64_t seen = stat_value(STAT_PACKETS_SEEN), unparsed = stat_value(STAT_PACKETS_UNPARSED);
	struct built_packet packet = build_packet(test->layers);
	const char *why;

	start_over();
	packet.size -= test->cut;
	why = run(&packet, test->device, 1, test->gso_segments, test->gso_size);
	if (why)
		return why;
	if (stat_value(STAT_PACKETS_SEEN) - seen != !test->expected.unparsed)
		return "count of packets seen";
	if (stat_value(STAT_PACKETS_UNPARSED) - unparsed != test->expected.unparsed)
		return "count of unparsed packets";
	if (copied.bytes != (uint32_t)test->expected.copied)
		return "payload copied";
	if (!test->expected.unparsed)
		return check_flow(test, packet.size);
	return bpf_map_get_next_key(bpf_map__fd(programs->maps.flows_even), NULL, &(struct flow_key){}) ? NULL
													: "a flow";
}

#include "tests/parse_tests.h"
#include "tests/l7_tests.h"
#include "tests/socket_tests.h"
#include "tests/connect_tests.h"
#include "tests/health_tests.h"
#include "tests/translate_tests.h"
#include "tests/bench.h"
#include "tests/tunnel_tests.h"
#include "tests/seeds.h"
#include "tests/fragment_tests.h"

static bool open_programs(uint32_t flow_entries)
{
	static struct kernel_names names;

	/* Its own network namespace: interface 1 is its loopback, and nobody else is disturbed. */
	if (unshare(CLONE_NEWNET)) {
		fprintf(stderr, "cannot make a network namespace: %s; run as root\n", strerror(errno));
		return false;
	}
	told.netns = own_netns();
	if (system("ip link add palomar-t0 type veth peer name palomar-t1 && ip link set lo up"))
		return false;
	programs = palomar_bpf__open();
	if (!programs)
		return false;
	bpf_map__set_max_entries(programs->maps.flows_even, flow_entries);
	/* Loaded to see that the verifier takes it; what it counts is tested with real drops. */
	if (kernel_names_load(&names))
		return false;
	bpf_program__set_autoload(programs->progs.watch_drops, !names.kfree_skb_has_receiver);
	bpf_program__set_autoload(programs->progs.watch_drops_rx_sk, names.kfree_skb_has_receiver);
	kernel_names_free(&names);
	if (palomar_bpf__load(programs))
		return false;
	ring = ring_buffer__new(bpf_map__fd(programs->maps.events), on_record, NULL, NULL);
	return ring != NULL;
}

static void attach_to_calls(struct bpf_link *links[3])
{
	const struct bpf_program *const by_call[] = { programs->progs.watch_connect, programs->progs.watch_sendto,
						      programs->progs.watch_sendmsg };
	static const char *const calls[] = { "sys_exit_connect", "sys_exit_sendto", "sys_exit_sendmsg" };

	for (int i = 0; i < 3; i++) {
		int fd = tracepoint_open("syscalls", calls[i]);

		links[i] = fd < 0 ? NULL : bpf_program__attach_perf_event(by_call[i], fd);
		if (!links[i])
			printf("# %s: %s\n", calls[i], strerror(fd < 0 ? -fd : errno));
	}
}

static void run_socket_tests(void)
{
	struct bpf_link *sockets = bpf_program__attach(programs->progs.watch_sockets), *calls[3];

	attach_to_calls(calls);
	for (size_t i = 0; i < sizeof(socket_tests) / sizeof(socket_tests[0]); i++) {
		const char *why = "the programs cannot be attached";

		start_over();
		if (sockets && calls[0] && calls[1] && calls[2])
			why = socket_tests[i].run();
		report(!why, socket_tests[i].name, why);
	}
	for (int i = 0; i < 3; i++)
		bpf_link__destroy(calls[i]);
	bpf_link__destroy(sockets);
}

static void run_stories(const struct story_test *tests, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *why;

		start_over();
		why = tests[i].run();
		report(!why, tests[i].name, why);
	}
}

int main(int argc, char **argv)
{
	bool is_bench;

	if (argc > 2 && !strcmp(argv[1], "seeds"))
		return write_seeds(argv[2]);
	is_bench = argc > 2 && !strcmp(argv[1], "bench");
	if (!open_programs(is_bench ? BENCH_FLOWS : FLOW_MAP_ENTRIES))
		return 2;
	if (is_bench)
		return bench(argv[2]);
	for (size_t i = 0; i < sizeof(parse_tests) / sizeof(parse_tests[0]); i++) {
		const char *why = run_parse_test(&parse_tests[i]);

		report(!why, parse_tests[i].name, why);
	}
	run_stories(story_tests, sizeof(story_tests) / sizeof(story_tests[0]));
	run_stories(health_tests, sizeof(health_tests) / sizeof(health_tests[0]));
	run_tunnel_tests();
	run_stories(fragment_tests, sizeof(fragment_tests) / sizeof(fragment_tests[0]));
	run_socket_tests();
	printf("1..%d\n# %d passed, %d failed\n", passed + failed, passed, failed);
	ring_buffer__free(ring);
	palomar_bpf__destroy(programs);
	return failed ? 1 : 0;
}
