/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Calls that fail before there is a packet; other processes of the machine are left out by the namespace. */
#pragma once

#include <sys/un.h>

#define FAILURE_MAP_ENTRIES 4096

static bool failure_of(uint32_t error, struct failure_key *key, struct failure_counts *counts)
{
	int fd = bpf_map__fd(programs->maps.failures_even);
	struct failure_key *previous = NULL, at;

	while (!bpf_map_get_next_key(fd, previous, key)) {
		at = *key;
		previous = &at;
		if (key->netns_inum == told.netns && key->error == error)
			return !bpf_map_lookup_elem(fd, key, counts);
	}
	return false;
}

static uint32_t failures_here(void)
{
	int fd = bpf_map__fd(programs->maps.failures_even);
	struct failure_key *previous = NULL, key, at;
	uint32_t count = 0;

	while (!bpf_map_get_next_key(fd, previous, &key)) {
		at = key;
		previous = &at;
		count += key.netns_inum == told.netns;
	}
	return count;
}

static int connect_to(const char *text, uint16_t port, int type)
{
	bool is_v6 = strchr(text, ':');
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(is_v6 ? AF_INET6 : AF_INET, type, 0), err;

	inet_pton(v4.sin_family, text, &v4.sin_addr);
	inet_pton(v6.sin6_family, text, &v6.sin6_addr);
	err = connect(fd, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4, is_v6 ? sizeof(v6) : sizeof(v4));
	err = err ? errno : 0;
	close(fd);
	return err;
}

static const char *no_route(const char *text, int family)
{
	uint8_t remote[16] = { [10] = 0xff, [11] = 0xff };
	struct failure_counts counts;
	struct failure_key key;
	char comm[16];

	inet_pton(family == 4 ? AF_INET : AF_INET6, text, remote + (family == 4 ? 12 : 0));
	REQUIRE(connect_to(text, 4433, SOCK_STREAM) == ENETUNREACH, "there is a route");
	REQUIRE(failure_of(ENETUNREACH, &key, &counts), "nothing was counted");
	REQUIRE(failures_here() == 1, "not one entry");
	REQUIRE(!memcmp(key.remote, remote, 16) && key.remote_port == 4433, "peer");
	REQUIRE(key.protocol == IPPROTO_TCP && key.family == family, "protocol or family");
	REQUIRE(key.pid == (uint32_t)getpid() && counts.count == 1 && counts.last_ns, "process, count or time");
	snprintf(comm, sizeof(comm), "%s", program_invocation_short_name);
	REQUIRE(!strcmp(counts.comm, comm) && counts.cgroup_id, "name or control group");
	return NULL;
}

static const char *no_route_v4(void)
{
	return no_route("192.0.2.7", 4);
}

static const char *no_route_v6(void)
{
	return no_route("2001:db8::7", 6);
}

static const char *failures_add_up(void)
{
	struct failure_counts counts;
	struct failure_key key;

	for (int i = 0; i < 20; i++)
		connect_to("192.0.2.7", 4433, SOCK_STREAM);
	REQUIRE(failure_of(ENETUNREACH, &key, &counts) && counts.count == 20, "not counted 20 times");
	REQUIRE(failures_here() == 1, "not one entry");
	connect_to("192.0.2.7", 4434, SOCK_STREAM);
	REQUIRE(failures_here() == 2, "another port is not another entry");
	return NULL;
}

static struct sockaddr_in unreachable(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(53) };

	inet_pton(AF_INET, "192.0.2.8", &address.sin_addr);
	return address;
}

static const char *expect_datagram(ssize_t sent)
{
	uint8_t remote[16] = { [10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 8 };
	struct failure_counts counts;
	struct failure_key key;

	REQUIRE(sent < 0, "there is a route");
	REQUIRE(failure_of(ENETUNREACH, &key, &counts) && counts.count == 1, "not counted once");
	REQUIRE(key.protocol == IPPROTO_UDP && key.remote_port == 53 && !memcmp(key.remote, remote, 16), "peer");
	return NULL;
}

static const char *datagram_without_route(void)
{
	struct sockaddr_in address = unreachable();
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	ssize_t sent = sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof(address));

	close(fd);
	return expect_datagram(sent);
}

static const char *message_without_route(void)
{
	struct sockaddr_in address = unreachable();
	struct iovec part = { .iov_base = "x", .iov_len = 1 };
	struct msghdr message = {
		.msg_name = &address, .msg_namelen = sizeof(address), .msg_iov = &part, .msg_iovlen = 1
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	ssize_t sent = sendmsg(fd, &message, 0);

	close(fd);
	return expect_datagram(sent);
}

static bool write_sysctl(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);
	bool is_written = fd >= 0 && write(fd, value, strlen(value)) > 0;

	close(fd);
	return is_written;
}

static const char *no_such_local_address(void)
{
	struct failure_counts counts;
	struct failure_key key;
	int first, second, err, listener;
	uint16_t port;

	listener = listen_on_loopback(AF_INET, &port);
	/* One port for two connections to one peer. */
	REQUIRE(write_sysctl("/proc/sys/net/ipv4/ip_local_port_range", "40000 40000"), "cannot narrow the ports");
	connect_loopback(AF_INET, port, &first);
	err = connect_loopback(AF_INET, port, &second);
	write_sysctl("/proc/sys/net/ipv4/ip_local_port_range", "32768 60999");
	close(first);
	close(second);
	close(listener);
	REQUIRE(err == EADDRNOTAVAIL, "the second connection found a port");
	REQUIRE(failure_of(EADDRNOTAVAIL, &key, &counts) && counts.count == 1, "not counted once");
	REQUIRE(key.remote_port == port && key.protocol == IPPROTO_TCP, "peer");
	return NULL;
}

static const char *blackhole_is_counted(void)
{
	struct failure_counts counts;
	struct failure_key key;

	REQUIRE(!system("ip route add blackhole 198.51.100.0/24"), "cannot add the route");
	REQUIRE(connect_to("198.51.100.1", 80, SOCK_STREAM) == EINVAL, "the route is no blackhole");
	REQUIRE(failure_of(EINVAL, &key, &counts) && counts.count == 1, "not counted once");
	return NULL;
}

static const char *refusal_is_not_local(void)
{
	REQUIRE(connect_to("127.0.0.1", CLOSED_PORT, SOCK_STREAM) == ECONNREFUSED, "not refused");
	REQUIRE(!failures_here(), "counted as if no packet had been made");
	return NULL;
}

/* The SYN waits for a neighbour that does not answer: a packet was made, and its socket tells of it. */
static const char *unreachable_is_told_once(void)
{
	REQUIRE(!system("ip addr add 203.0.113.1/24 dev palomar-t0 && ip link set palomar-t0 up && "
			"ip link set palomar-t1 up"),
		"cannot set up the link");
	write_sysctl("/proc/sys/net/ipv4/neigh/palomar-t0/retrans_time_ms", "20");
	REQUIRE(connect_to("203.0.113.9", 80, SOCK_STREAM) == EHOSTUNREACH, "the neighbour was there");
	REQUIRE(wait_for_tcp(TCP_CLOSE, 1), "its socket told nothing");
	REQUIRE(tcp_of_state(TCP_CLOSE, 0)->error == EHOSTUNREACH, "its socket told another error");
	REQUIRE(!failures_here(), "told twice");
	REQUIRE(connect_to("192.0.2.7", 80, SOCK_STREAM) == ENETUNREACH && failures_here() == 1,
		"the next failure was taken for this one");
	return NULL;
}

static const char *success_is_not_counted(void)
{
	struct sockaddr_storage address;
	int fd, listener, nothing = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	socklen_t length;
	uint16_t port;

	listener = listen_on_loopback(AF_INET6, &port);
	length = loopback(&address, AF_INET6, port);
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
	REQUIRE(connect(fd, (struct sockaddr *)&address, length) < 0 && errno == EINPROGRESS, "it did not wait");
	REQUIRE(connect_to("127.0.0.1", CLOSED_PORT, SOCK_DGRAM) == 0, "a datagram socket cannot be connected");
	REQUIRE(send(nothing, "x", 1, 0) < 0 && errno == EDESTADDRREQ, "something was sent nowhere");
	close(nothing);
	close(fd);
	close(listener);
	REQUIRE(!failures_here(), "counted");
	return NULL;
}

static const char *other_files_are_not_counted(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "/nowhere" };
	int fds[2], local = socket(AF_UNIX, SOCK_STREAM, 0);

	REQUIRE(!pipe(fds), "no pipe");
	REQUIRE(send(fds[1], "x", 1, 0) < 0 && errno == ENOTSOCK, "a pipe is a socket");
	REQUIRE(connect(local, (struct sockaddr *)&name, 1) < 0 && errno == EINVAL, "a short name is none");
	close(local);
	close(fds[0]);
	close(fds[1]);
	REQUIRE(!failures_here(), "counted");
	return NULL;
}

static const char *full_failure_map_is_counted(void)
{
	uint64_t before = stat_value(STAT_CONNECT_MAP_FULL);

	for (int port = 1; port <= FAILURE_MAP_ENTRIES + 10; port++)
		connect_to("192.0.2.7", port, SOCK_DGRAM);
	REQUIRE(stat_value(STAT_CONNECT_MAP_FULL) >= before + 10, "those without room are not counted");
	REQUIRE(failures_here() <= FAILURE_MAP_ENTRIES, "more than there is room for");
	return NULL;
}
