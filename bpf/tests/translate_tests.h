/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A service whose backend a program on the control group's connect hook chooses. The program is attached to a control
 * group that only this process is in, for the time of one test.
 */
#pragma once

#include <stddef.h>

#define SERVICE_PORT 80

struct redirection {
	char group[64], former[64];
	int program_fd;
	enum bpf_attach_type type;
	int group_fd;
};

static bool move_to_group(const char *group)
{
	char path[96], pid[16];

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	snprintf(pid, sizeof(pid), "%d", getpid());
	return write_sysctl(path, pid);
}

/* Where this process is in the v2 hierarchy, and a group below the root for the test. */
static bool find_groups(struct redirection *redirection)
{
	const char *root =
		access("/sys/fs/cgroup/unified/cgroup.procs", F_OK) ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[256], own[32] = "/";

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "0::%31s", own);
	if (file)
		fclose(file);
	snprintf(redirection->former, sizeof(redirection->former), "%s%s", root, own);
	snprintf(redirection->group, sizeof(redirection->group), "%s/palomar-test", root);
	return file;
}

/* if (address == service) { address = backend; port = backend_port; } return 1; */
static int load_redirect(int family, uint32_t service, uint32_t backend, uint16_t port, enum bpf_attach_type type)
{
	int last = offsetof(struct bpf_sock_addr, user_ip4);

	if (family == AF_INET6)
		last = offsetof(struct bpf_sock_addr, user_ip6) + 12;

	struct bpf_insn code[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 2, .src_reg = 1, .off = last },
		{ .code = BPF_JMP32 | BPF_JNE | BPF_K, .dst_reg = 2, .off = 4, .imm = service },
		{ .code = BPF_ALU | BPF_MOV | BPF_K, .dst_reg = 3, .imm = backend },
		{ .code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = 1, .src_reg = 3, .off = last },
		{ .code = BPF_ALU | BPF_MOV | BPF_K, .dst_reg = 3, .imm = htons(port) },
		{ .code = BPF_STX | BPF_MEM | BPF_W,
		  .dst_reg = 1,
		  .src_reg = 3,
		  .off = offsetof(struct bpf_sock_addr, user_port) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = type);

	return bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "palomar_test", "GPL", code,
			     sizeof(code) / sizeof(code[0]), &options);
}

static const char *redirect(struct redirection *redirection, int family, uint32_t service, uint32_t backend,
			    uint16_t port)
{
	redirection->type = family == AF_INET ? BPF_CGROUP_INET4_CONNECT : BPF_CGROUP_INET6_CONNECT;
	REQUIRE(find_groups(redirection), "no control groups");
	rmdir(redirection->group);
	REQUIRE(!mkdir(redirection->group, 0700) && move_to_group(redirection->group), "cannot make a control group");
	redirection->program_fd = load_redirect(family, service, backend, port, redirection->type);
	redirection->group_fd = open(redirection->group, O_RDONLY | O_DIRECTORY);
	REQUIRE(redirection->program_fd >= 0, "the program that redirects cannot be loaded");
	REQUIRE(!bpf_prog_attach(redirection->program_fd, redirection->group_fd, redirection->type, 0),
		"the program that redirects cannot be attached");
	return NULL;
}

static void undo(struct redirection *redirection)
{
	bpf_prog_detach2(redirection->program_fd, redirection->group_fd, redirection->type);
	close(redirection->program_fd);
	close(redirection->group_fd);
	move_to_group(redirection->former);
	rmdir(redirection->group);
}

static const char *check_translation(const uint8_t *service, const uint8_t *backend, uint16_t port, int protocol,
				     int family)
{
	const struct translation_record *record = &told.translations[0];

	ring_buffer__consume(ring);
	REQUIRE(told.translation_count == 1, "not one record");
	REQUIRE(record->by == TRANSLATED_BY_CONNECT && record->protocol == protocol && record->family == family,
		"kind, protocol or family");
	REQUIRE(!memcmp(record->service, service, 16) && record->service_port == SERVICE_PORT, "service");
	REQUIRE(!memcmp(record->backend, backend, 16) && record->backend_port == port, "backend");
	REQUIRE(!memcmp(record->client, backend, 16) && record->client_port, "the client is on the loopback too");
	REQUIRE(!memcmp(record->seen_as, record->client, 16) && record->seen_as_port == record->client_port,
		"the backend sees another client");
	return NULL;
}

static const uint8_t service_v4[16] = { [10] = 0xff, [11] = 0xff, [12] = 10, [13] = 96, [15] = 10 };
static const uint8_t loopback_v4[16] = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 };
static const uint8_t service_v6[16] = { [15] = 0x99 };
static const uint8_t loopback_v6[16] = { [15] = 1 };

static const char *service_is_told_v4(void)
{
	int listener, err;
	struct redirection redirection = {};
	const char *why;
	uint16_t port;

	listener = listen_on_loopback(AF_INET, &port);
	why = redirect(&redirection, AF_INET, htonl(0x0a60000a), htonl(INADDR_LOOPBACK), port);
	err = why ? 0 : connect_to("10.96.0.10", SERVICE_PORT, SOCK_STREAM);
	undo(&redirection);
	close(listener);
	REQUIRE(!why, why);
	REQUIRE(!err, "no connection to the service");
	return check_translation(service_v4, loopback_v4, port, IPPROTO_TCP, 4);
}

static const char *service_is_told_v6(void)
{
	int listener, err;
	struct redirection redirection = {};
	const char *why;
	uint16_t port;

	listener = listen_on_loopback(AF_INET6, &port);
	/* ::99 to ::1: only the last word changes. */
	why = redirect(&redirection, AF_INET6, htonl(0x99), htonl(1), port);
	err = why ? 0 : connect_to("::99", SERVICE_PORT, SOCK_STREAM);
	undo(&redirection);
	close(listener);
	REQUIRE(!why, why);
	REQUIRE(!err, "no connection to the service");
	return check_translation(service_v6, loopback_v6, port, IPPROTO_TCP, 6);
}

static const char *datagram_service_is_told(void)
{
	struct redirection redirection = {};
	const char *why = redirect(&redirection, AF_INET, htonl(0x0a60000a), htonl(INADDR_LOOPBACK), 5353);
	int err = why ? 0 : connect_to("10.96.0.10", SERVICE_PORT, SOCK_DGRAM);

	undo(&redirection);
	REQUIRE(!why, why);
	REQUIRE(!err, "no connection to the service");
	return check_translation(service_v4, loopback_v4, 5353, IPPROTO_UDP, 4);
}

static const char *refusing_backend_is_told(void)
{
	struct redirection redirection = {};
	const char *why = redirect(&redirection, AF_INET, htonl(0x0a60000a), htonl(INADDR_LOOPBACK), CLOSED_PORT);
	int err = why ? 0 : connect_to("10.96.0.10", SERVICE_PORT, SOCK_STREAM);

	undo(&redirection);
	REQUIRE(!why, why);
	REQUIRE(err == ECONNREFUSED, "not refused");
	return check_translation(service_v4, loopback_v4, CLOSED_PORT, IPPROTO_TCP, 4);
}

static const char *plain_connections_translate_nothing(void)
{
	int any, listener;
	uint16_t port;

	listener = listen_on_loopback(AF_INET, &port);
	any = connect_to("0.0.0.0", port, SOCK_STREAM);
	REQUIRE(!any && !connect_to("127.0.0.1", port, SOCK_STREAM), "no connection");
	REQUIRE(!connect_to("::ffff:127.0.0.1", port, SOCK_STREAM), "no connection by a mapped address");
	REQUIRE(!connect_to("127.0.0.1", port, SOCK_DGRAM) && !connect_to("::1", port, SOCK_DGRAM), "no datagrams");
	close(listener);
	ring_buffer__consume(ring);
	REQUIRE(!told.translation_count, "a translation out of nothing");
	return NULL;
}

static const struct {
	const char *name;
	const char *(*run)(void);
} socket_tests[] = {
	{ "both ends of a connection tell its opening and its end over IPv4", both_ends_tell_v4 },
	{ "both ends of a connection tell its opening and its end over IPv6", both_ends_tell_v6 },
	{ "the process of the end that connected is named", client_is_named },
	{ "a refused connection tells why", refusal_is_told },
	{ "a connection that is reset tells so at the other end", reset_is_told },
	{ "a socket that only listened tells nothing", listener_is_silent },
	{ "a connect() without a route is counted with its peer over IPv4", no_route_v4 },
	{ "a connect() without a route is counted with its peer over IPv6", no_route_v6 },
	{ "the same failure again is the same entry", failures_add_up },
	{ "a datagram without a route is counted", datagram_without_route },
	{ "a message without a route is counted", message_without_route },
	{ "a connect() that finds no free port is counted", no_such_local_address },
	{ "a blackhole route is counted", blackhole_is_counted },
	{ "a refused connection is no local failure", refusal_is_not_local },
	{ "an unreachable host that was asked is told by the socket alone", unreachable_is_told_once },
	{ "calls that wait or go well are not counted", success_is_not_counted },
	{ "a call on something else than an IP socket is not counted", other_files_are_not_counted },
	{ "a full map of failures is counted", full_failure_map_is_counted },
	{ "a service and the backend chosen at connect() are told over IPv4", service_is_told_v4 },
	{ "a service and the backend chosen at connect() are told over IPv6", service_is_told_v6 },
	{ "the service of a connected datagram socket is told", datagram_service_is_told },
	{ "a backend that refuses is told with its service", refusing_backend_is_told },
	{ "a connection to what was asked for tells no translation", plain_connections_translate_nothing },
};
