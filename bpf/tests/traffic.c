// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Traffic for the live test.
 *
 *   traffic serve PORT                        answers each HTTP request, discards anything else
 *   traffic send ADDRESS PORT BYTES           one connection, that many bytes, closed in order
 *   traffic patient ADDRESS PORT N            the same, and waits up to 60 s for an answer
 *   traffic pipeline ADDRESS PORT N DEPTH     N requests of 90 bytes, DEPTH in each write
 *   traffic connect ADDRESS PORT N            N connections of one byte, one after the other
 *   traffic query ADDRESS PORT N              N datagrams of 40 bytes from N ports
 *   traffic datagram ADDRESS PORT BYTES       one of that size
 *   traffic flood ADDRESS PORT N              datagrams of 64 bytes from one port; prints the ns it took
 *   traffic ping ADDRESS 0 N                  N echo requests, each answered
 */
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_BYTES 90
#define CLIENTS_MAX   256

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static int patience_s = 3;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* An echo request by way of a ping socket: the kernel fills in checksum and identifier. */
static void ping(const char *address, unsigned long count)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM };
	struct timeval patience = { .tv_sec = 3 };
	struct addrinfo *found;
	char answer_bytes[64];
	int fd;

	if (getaddrinfo(address, NULL, &hints, &found))
		fail("getaddrinfo");
	fd = socket(found->ai_family, SOCK_DGRAM, found->ai_family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, found->ai_addr, found->ai_addrlen))
		fail("connect");
	while (count--) {
		char request[16] = { found->ai_family == AF_INET ? 8 : (char)128 };

		if (send(fd, request, sizeof(request), 0) < 0 || recv(fd, answer_bytes, sizeof(answer_bytes), 0) < 0)
			fail("ping");
	}
	freeaddrinfo(found);
	close(fd);
}

static int open_socket(const char *address, const char *port, int type)
{
	struct addrinfo hints = { .ai_socktype = type,
				  .ai_flags = address ? 0 : AI_PASSIVE,
				  .ai_family = address ? 0 : AF_INET6 };
	struct timeval patience = { .tv_sec = patience_s };
	struct addrinfo *found;
	int fd, one = 1;

	if (getaddrinfo(address, port, &hints, &found))
		fail("getaddrinfo");
	fd = socket(found->ai_family, type, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (address ? connect(fd, found->ai_addr, found->ai_addrlen) : bind(fd, found->ai_addr, found->ai_addrlen))
		fail(address ? "connect" : "bind");
	freeaddrinfo(found);
	return fd;
}

static void write_all(int fd, const char *from, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t sent = write(fd, from + done, size - done);

		if (sent <= 0)
			fail("write");
		done += sent;
	}
}

/* Answers as many requests as end in what has just been read, in one write. */
static void answer_requests(int fd, const char *bytes, ssize_t size)
{
	static char answers[65536];
	size_t used = 0;

	for (ssize_t i = 0; i < size; i++) {
		/* A request ends with the only '!' in it. */
		if (bytes[i] != '!' || used + sizeof(answer) > sizeof(answers))
			continue;
		memcpy(answers + used, answer, sizeof(answer) - 1);
		used += sizeof(answer) - 1;
	}
	if (used)
		write_all(fd, answers, used);
}

static void serve(const char *port)
{
	struct pollfd polled[CLIENTS_MAX] = { { .fd = open_socket(NULL, port, SOCK_STREAM), .events = POLLIN } };
	static char bytes[131072];
	int count = 1;

	if (listen(polled[0].fd, 128))
		fail("listen");
	while (poll(polled, count, -1) > 0) {
		for (int i = count - 1; i > 0; i--) {
			ssize_t got = polled[i].revents ? read(polled[i].fd, bytes, sizeof(bytes)) : -2;

			if (got > 0)
				answer_requests(polled[i].fd, bytes, got);
			if (got == 0 || got == -1) {
				close(polled[i].fd);
				polled[i] = polled[--count];
			}
		}
		if (polled[0].revents && count < CLIENTS_MAX)
			polled[count++] = (struct pollfd){ .fd = accept(polled[0].fd, NULL, NULL), .events = POLLIN };
	}
}

static void read_to_end(int fd)
{
	char bytes[65536];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	close(fd);
}

static void send_bytes(const char *address, const char *port, unsigned long total)
{
	int fd = open_socket(address, port, SOCK_STREAM);
	static char bytes[65536];

	for (unsigned long done = 0; done < total; done += sizeof(bytes))
		write_all(fd, bytes, total - done < sizeof(bytes) ? total - done : sizeof(bytes));
	shutdown(fd, SHUT_WR);
	read_to_end(fd);
}

static void pipeline(const char *address, const char *port, unsigned long total, unsigned long depth)
{
	static char batch[REQUEST_BYTES * 700], bytes[65536];
	int fd = open_socket(address, port, SOCK_STREAM);

	for (unsigned long done = 0; done < total; done += depth) {
		unsigned long expected = depth * (sizeof(answer) - 1);

		for (unsigned long i = 0; i < depth; i++)
			snprintf(batch + i * REQUEST_BYTES, REQUEST_BYTES + 1,
				 "GET /request/%08lu HTTP/1.1\r\nHost: %042d\r\nX: !\r\n\r\n", done + i, 0);
		write_all(fd, batch, depth * REQUEST_BYTES);
		while (expected) {
			ssize_t got = read(fd, bytes, sizeof(bytes));

			if (got <= 0)
				fail("read");
			expected -= got;
		}
	}
	shutdown(fd, SHUT_WR);
	read_to_end(fd);
}

static void connect_often(const char *address, const char *port, unsigned long count)
{
	while (count--) {
		int fd = open_socket(address, port, SOCK_STREAM);

		write_all(fd, "x", 1);
		shutdown(fd, SHUT_WR);
		read_to_end(fd);
	}
}

static void query(const char *address, const char *port, unsigned long count)
{
	static const char datagram[40];

	while (count--) {
		int fd = open_socket(address, port, SOCK_DGRAM);

		write_all(fd, datagram, sizeof(datagram));
		close(fd);
	}
}

static void send_datagram(const char *address, const char *port, unsigned long size)
{
	int fd = open_socket(address, port, SOCK_DGRAM);
	static const char bytes[65000];

	write_all(fd, bytes, size < sizeof(bytes) ? size : sizeof(bytes));
	close(fd);
}

/* Refused ones are sent all the same. */
static void flood(const char *address, const char *port, unsigned long count)
{
	int fd = open_socket(address, port, SOCK_DGRAM);
	static const char datagram[64];
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	while (count--)
		(void)!send(fd, datagram, sizeof(datagram), 0);
	clock_gettime(CLOCK_MONOTONIC, &to);
	close(fd);
	printf("%lld\n", (to.tv_sec - from.tv_sec) * 1000000000ll + to.tv_nsec - from.tv_nsec);
}

int main(int argc, char **argv)
{
	const char *command = argc > 2 ? argv[1] : "";
	unsigned long count = argc > 4 ? strtoul(argv[4], NULL, 10) : 1;

	signal(SIGPIPE, SIG_IGN);
	if (!strcmp(command, "serve"))
		serve(argv[2]);
	else if (argc > 4 && !strcmp(command, "send"))
		send_bytes(argv[2], argv[3], count);
	else if (argc > 4 && !strcmp(command, "patient")) {
		patience_s = 60;
		send_bytes(argv[2], argv[3], count);
	} else if (argc > 5 && !strcmp(command, "pipeline"))
		pipeline(argv[2], argv[3], count, strtoul(argv[5], NULL, 10));
	else if (argc > 4 && !strcmp(command, "connect"))
		connect_often(argv[2], argv[3], count);
	else if (argc > 4 && !strcmp(command, "query"))
		query(argv[2], argv[3], count);
	else if (argc > 4 && !strcmp(command, "datagram"))
		send_datagram(argv[2], argv[3], count);
	else if (argc > 4 && !strcmp(command, "flood"))
		flood(argv[2], argv[3], count);
	else if (argc > 4 && !strcmp(command, "ping"))
		ping(argv[2], count);
	else
		return 2;
	return 0;
}
