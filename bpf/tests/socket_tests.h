/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What sockets tell: real ones, on the loopback of the test's own network namespace. Programs on tracepoints cannot be
 * run by BPF_PROG_TEST_RUN, so they are attached for the time of the tests and see the whole machine; records of
 * other namespaces are left out.
 */
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define CLOSED_PORT 9

static uint32_t own_netns(void)
{
	struct stat file;

	return stat("/proc/self/ns/net", &file) ? 0 : file.st_ino;
}

static socklen_t loopback(struct sockaddr_storage *address, int family, uint16_t port)
{
	struct sockaddr_in *v4 = (void *)address;
	struct sockaddr_in6 *v6 = (void *)address;

	memset(address, 0, sizeof(*address));
	address->ss_family = family;
	if (family == AF_INET) {
		v4->sin_port = htons(port);
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(*v4);
	}
	v6->sin6_port = htons(port);
	v6->sin6_addr = in6addr_loopback;
	return sizeof(*v6);
}

/* A listening socket on a port that the kernel chooses. */
static int listen_on_loopback(int family, uint16_t *port)
{
	struct sockaddr_storage address;
	socklen_t length = loopback(&address, family, 0);
	int fd = socket(family, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&address, length) || listen(fd, 4) ||
	    getsockname(fd, (struct sockaddr *)&address, &length))
		return -1;
	*port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	return fd;
}

static int connect_loopback(int family, uint16_t port, int *fd)
{
	struct sockaddr_storage address;
	socklen_t length = loopback(&address, family, port);

	*fd = socket(family, SOCK_STREAM, 0);
	return connect(*fd, (struct sockaddr *)&address, length) ? errno : 0;
}

/* Reads the ring until there are so many TCP records of that state, for a second at most. */
static bool wait_for_tcp(uint32_t state, uint32_t count)
{
	for (int i = 0; i < 100; i++) {
		uint32_t found = 0;

		ring_buffer__consume(ring);
		for (uint32_t j = 0; j < told.tcp_count; j++)
			found += told.tcp[j].state == state;
		if (found >= count)
			return found == count;
		usleep(10000);
	}
	return false;
}

static const struct tcp_record *tcp_of_state(uint32_t state, int skip)
{
	for (uint32_t i = 0; i < told.tcp_count; i++)
		if (told.tcp[i].state == state && skip-- == 0)
			return &told.tcp[i];
	return NULL;
}

static uint16_t local_port(const struct tcp_record *record)
{
	return record->local ? record->key.port_b : record->key.port_a;
}

/* One connection with some bytes each way, closed by the client first. */
static const char *talk(int family, uint16_t *port)
{
	int client, server, listener = listen_on_loopback(family, port);
	char byte = 'x';

	REQUIRE(listener >= 0, "cannot listen on the loopback");
	REQUIRE(!connect_loopback(family, *port, &client), "cannot connect over the loopback");
	server = accept(listener, NULL, NULL);
	REQUIRE(write(client, &byte, 1) == 1 && read(server, &byte, 1) == 1, "no byte got through");
	REQUIRE(write(server, &byte, 1) == 1 && read(client, &byte, 1) == 1, "no byte came back");
	close(client);
	REQUIRE(read(server, &byte, 1) == 0, "the end did not arrive");
	close(server);
	close(listener);
	return NULL;
}

static const char *both_ends_tell(int family, int key_family)
{
	uint16_t port;
	const char *why = talk(family, &port);

	if (why)
		return why;
	REQUIRE(wait_for_tcp(TCP_ESTABLISHED, 2), "not two records of being established");
	REQUIRE(wait_for_tcp(TCP_CLOSE, 2), "not two records of having closed");
	for (int i = 0; i < 2; i++) {
		const struct tcp_record *closed = tcp_of_state(TCP_CLOSE, i),
					*opened = tcp_of_state(TCP_ESTABLISHED, i);

		REQUIRE(closed->key.protocol == IPPROTO_TCP && closed->key.family == key_family, "key");
		REQUIRE(closed->key.port_a == port || closed->key.port_b == port, "the server's port");
		REQUIRE(!closed->key.ifindex && !closed->key.tunnel && !closed->key.pad, "an interface in the key");
		REQUIRE(!memcmp(&closed->key, &opened->key, sizeof(closed->key)), "the keys differ");
		REQUIRE(closed->srtt_us && closed->min_rtt_us, "no round-trip time at the end");
		REQUIRE(closed->min_rtt_us <= closed->srtt_us * 4, "a least time above the mean one");
		REQUIRE(!closed->error && !closed->retransmits, "an error or retransmits out of nothing");
		REQUIRE(closed->mono_ns >= opened->mono_ns && opened->mono_ns, "times");
	}
	REQUIRE((local_port(tcp_of_state(TCP_CLOSE, 0)) == port) != (local_port(tcp_of_state(TCP_CLOSE, 1)) == port),
		"not one record of each end");
	return NULL;
}

static const char *both_ends_tell_v4(void)
{
	return both_ends_tell(AF_INET, 4);
}

static const char *both_ends_tell_v6(void)
{
	return both_ends_tell(AF_INET6, 6);
}

static const char *client_is_named(void)
{
	uint16_t port;
	const char *why = talk(AF_INET, &port);

	if (why)
		return why;
	REQUIRE(wait_for_tcp(TCP_ESTABLISHED, 2), "not two records");
	for (int i = 0; i < 2; i++) {
		const struct tcp_record *opened = tcp_of_state(TCP_ESTABLISHED, i);
		bool is_client = opened->old_state == TCP_SYN_SENT;

		REQUIRE(is_client == (local_port(opened) != port), "the client is who was in SYN_SENT");
		REQUIRE(opened->pid == (is_client ? (uint32_t)getpid() : 0), "process");
	}
	return NULL;
}

static const char *refusal_is_told(void)
{
	const struct tcp_record *closed;
	int fd;

	REQUIRE(connect_loopback(AF_INET, CLOSED_PORT, &fd) == ECONNREFUSED, "something listens on the discard port");
	close(fd);
	REQUIRE(wait_for_tcp(TCP_CLOSE, 1), "not one record of having closed");
	closed = tcp_of_state(TCP_CLOSE, 0);
	REQUIRE(closed->error == ECONNREFUSED && closed->old_state == TCP_SYN_SENT, "not as refused");
	REQUIRE(closed->pid == (uint32_t)getpid(), "process");
	REQUIRE(closed->key.port_a == CLOSED_PORT || closed->key.port_b == CLOSED_PORT, "port");
	return NULL;
}

static const char *reset_is_told(void)
{
	struct linger at_once = { .l_onoff = 1 };
	int client, server, listener;
	uint32_t resets = 0;
	uint16_t port;

	listener = listen_on_loopback(AF_INET6, &port);
	REQUIRE(!connect_loopback(AF_INET6, port, &client), "cannot connect over the loopback");
	server = accept(listener, NULL, NULL);
	setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(client);
	REQUIRE(wait_for_tcp(TCP_CLOSE, 2), "not two records of having closed");
	for (int i = 0; i < 2; i++)
		resets += tcp_of_state(TCP_CLOSE, i)->error == ECONNRESET;
	close(server);
	close(listener);
	REQUIRE(resets == 1, "not reset at the one end that was told so");
	return NULL;
}

static const char *listener_is_silent(void)
{
	uint16_t port;
	int listener = listen_on_loopback(AF_INET, &port);

	close(listener);
	REQUIRE(!wait_for_tcp(TCP_CLOSE, 1) && !told.tcp_count, "a listening socket was told as a connection");
	return NULL;
}
