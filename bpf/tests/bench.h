/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* `run-programs bench`: ns a packet takes in the kernel's test runs, one "name ns" a line. A floor: caches are warm. */
#pragma once

#define BENCH_BATCH   1000 /* the ring holds what so many runs copy */
#define BENCH_BATCHES 40
#define BENCH_FLOWS   131072 /* as the probe has them by default */
#define BENCH_OPENED  100000

static const struct {
	const char *name;
	struct layer layers[LAYERS_MAX];
} bench_packets[] = {
	{ "tcp acknowledgement", { ETHERNET, IP4(), TCP(.flags = ACK) } },
	{ "tcp payload, probed out", { ETHERNET, IP4(), TCP(.flags = ACK), BYTES(MTU_PAYLOAD) } },
	{ "udp", { ETHERNET, IP4(), UDP(), BYTES(64) } },
	{ "udp over ipv6", { ETHERNET, IP6(), UDP(), BYTES(64) } },
	{ "http request",
	  { ETHERNET, IP4(), TCP(.flags = ACK | PSH), TEXT("GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n") } },
	{ "vxlan of tcp", { ETHERNET, IP4(), UDP(.to_port = 4789), VXLAN(5), ETHERNET, IP4(), TCP(.flags = ACK) } },
	{ "ipv6 with a destination header", { ETHERNET, IP6(), EXTENSION(60), UDP(), BYTES(64) } },
};

static uint32_t least_ns(int program, const struct layer *layers)
{
	struct built_packet packet = build_packet(layers);
	struct __sk_buff context = { .ifindex = 1 };
	uint32_t least = UINT32_MAX;

	for (int i = 0; i < BENCH_BATCHES; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet.bytes, .data_size_in = packet.size,
			    .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = BENCH_BATCH);

		if (bpf_prog_test_run_opts(program, &options))
			return 0;
		if (options.duration < least)
			least = options.duration;
		ring_buffer__consume(ring);
	}
	return least;
}

/* The mean of runs that are each of a packet of its own: every one opens a conversation. */
static uint32_t mean_ns_of_conversations(int program)
{
	struct __sk_buff context = { .ifindex = 1 };
	uint64_t sum = 0;

	for (uint32_t i = 0; i < BENCH_OPENED; i++) {
		struct layer layers[LAYERS_MAX] = { ETHERNET, IP4(), UDP(.from_port = 1024 + i % 50000), BYTES(18) };
		struct built_packet packet;
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet.bytes, .ctx_in = &context,
			    .ctx_size_in = sizeof(context));

		layers[2].to_port = 20000 + i / 50000;
		packet = build_packet(layers);
		options.data_size_in = packet.size;
		if (bpf_prog_test_run_opts(program, &options))
			return 0;
		sum += options.duration;
	}
	return sum / BENCH_OPENED;
}

static int bench(const char *noop_path)
{
	struct bpf_object *noop = bpf_object__open(noop_path);
	int empty;

	if (!noop || bpf_object__load(noop)) {
		fprintf(stderr, "cannot load %s\n", noop_path);
		return 2;
	}
	empty = bpf_program__fd(bpf_object__find_program_by_name(noop, "palomar_noop"));
	printf("empty program %u\n", least_ns(empty, bench_packets[0].layers));
	printf("empty program, run once %u\n", mean_ns_of_conversations(empty));
	printf("new conversation, run once %u\n",
	       mean_ns_of_conversations(bpf_program__fd(programs->progs.watch_ingress)));
	for (size_t i = 0; i < sizeof(bench_packets) / sizeof(bench_packets[0]); i++) {
		start_over();
		printf("%s %u\n", bench_packets[i].name,
		       least_ns(bpf_program__fd(programs->progs.watch_ingress), bench_packets[i].layers));
	}
	bpf_object__close(noop);
	return 0;
}
