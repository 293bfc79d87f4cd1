// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Provokes drops, and says in one word what the program that did it was told: "connected", "sent", "answered",
 * "no answer", or the name of an errno. Everything ends by itself.
 *
 *   provoke tcp ADDRESS PORT                      one connect, given up after 1.5 s
 *   provoke udp ADDRESS PORT BYTES [COUNT] [df] [ttl=N]   datagrams, then 500 ms for an answer or an error
 *   provoke listen PORT BACKLOG                   accepts nobody
 *   provoke sink PORT BYTES                       a UDP socket with so small a buffer, never read
 *   provoke xdp INTERFACE [generic]               drops all that comes in, for as long as standard input is open
 *   provoke frame INTERFACE MAC FROM TO PROTOCOL PORT [bad-ip] [bad-sum] [syn] [ack] [ttl=N] [count=N]
 *   provoke inject INTERFACE MAC ADDRESS PORT out-of-window|old-sequence|old-timestamp
 *                                                 one forged segment in a connection of its own
 *   provoke flood ADDRESS PORT COUNT              UDP from random ports as fast as it goes; prints how many were sent
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_MS  1500
#define ANSWER_MS   500
#define LIFE_S	    60
#define FLOOD_DEPTH 64
#define FRAME_MAX   256

enum { FIN = 1, SYN = 2, ACK = 16 };

struct end {
	struct sockaddr_storage address;
	socklen_t length;
	int family;
};

struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t size;
};

struct forgery {
	struct end from, to;
	int protocol, flags, ttl;
	uint16_t from_port, to_port;
	uint32_t sequence, acknowledged, timestamp, echoed;
	bool has_timestamp, bad_ip, bad_sum;
	uint32_t payload;
};

static int say(const char *word)
{
	puts(word);
	return 0;
}

static int say_errno(int error)
{
	return say(strerrorname_np(error) ? strerrorname_np(error) : "an unknown errno");
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static struct end resolve(const char *address, const char *port)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found;
	struct end end = {};

	if (getaddrinfo(address, port, &hints, &found)) {
		fprintf(stderr, "%s port %s is no address\n", address, port);
		exit(2);
	}
	memcpy(&end.address, found->ai_addr, found->ai_addrlen);
	end.length = found->ai_addrlen;
	end.family = found->ai_family;
	freeaddrinfo(found);
	return end;
}

static const char *option(char **arguments, const char *name)
{
	size_t length = strlen(name);

	for (; *arguments; arguments++)
		if (!strncmp(*arguments, name, length) && (!(*arguments)[length] || (*arguments)[length] == '='))
			return *arguments + length + ((*arguments)[length] == '=');
	return NULL;
}

static int bound_socket(int type, const char *port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(port)) };
	int fd = socket(AF_INET6, type, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)))
		fail("bind");
	return fd;
}

static int error_of(int fd)
{
	socklen_t length = sizeof(int);
	int error = 0;

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
	return error;
}

static int try_tcp(char **arguments)
{
	struct end to = resolve(arguments[0], arguments[1]);
	struct pollfd polled = { .fd = socket(to.family, SOCK_STREAM | SOCK_NONBLOCK, 0), .events = POLLOUT };
	int error;

	if (connect(polled.fd, (struct sockaddr *)&to.address, to.length) && errno != EINPROGRESS)
		return say_errno(errno);
	if (!poll(&polled, 1, CONNECT_MS))
		return say("no answer");
	error = error_of(polled.fd);
	return error ? say_errno(error) : say("connected");
}

static int try_udp(char **arguments)
{
	struct end to = resolve(arguments[0], arguments[1]);
	struct pollfd polled = { .fd = socket(to.family, SOCK_DGRAM, 0), .events = POLLIN };
	const char *ttl = option(arguments, "ttl");
	int v6 = to.family == AF_INET6, hops = ttl ? atoi(ttl) : 64;
	int discover = option(arguments, "df") ? IP_PMTUDISC_DO : IP_PMTUDISC_WANT;
	int one = 1, count = arguments[3] ? atoi(arguments[3]) : 1;
	static char bytes[65536];

	setsockopt(polled.fd, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &discover, sizeof(int));
	setsockopt(polled.fd, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_UNICAST_HOPS : IP_TTL, &hops, sizeof(int));
	/* Without it a routing error does not reach a UDP socket. */
	setsockopt(polled.fd, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &one, sizeof(int));
	if (connect(polled.fd, (struct sockaddr *)&to.address, to.length))
		return say_errno(errno);
	for (int i = 0; i < (count > 0 ? count : 1); i++)
		if (send(polled.fd, bytes, strtoul(arguments[2], NULL, 10), 0) < 0)
			return say_errno(errno);
	if (!poll(&polled, 1, ANSWER_MS))
		return say("no answer");
	return recv(polled.fd, bytes, sizeof(bytes), 0) < 0 ? say_errno(errno) : say("answered");
}

static int listen_only(char **arguments)
{
	int fd = bound_socket(SOCK_STREAM, arguments[0]);

	if (listen(fd, atoi(arguments[1])))
		fail("listen");
	say("up");
	fflush(stdout);
	sleep(LIFE_S);
	return 0;
}

static int sink(char **arguments)
{
	int fd = bound_socket(SOCK_DGRAM, arguments[0]), bytes = atoi(arguments[1]);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)))
		fail("SO_RCVBUF");
	say("up");
	fflush(stdout);
	sleep(LIFE_S);
	return 0;
}

static int drop_in_xdp(char **arguments)
{
	static const struct bpf_insn program[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_DROP },
						   { .code = BPF_JMP | BPF_EXIT } };
	union bpf_attr request;
	int fd, link;
	char byte;

	memset(&request, 0, sizeof(request));
	request.prog_type = BPF_PROG_TYPE_XDP;
	request.insns = (uintptr_t)program;
	request.insn_cnt = 2;
	request.license = (uintptr_t) "GPL";
	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &request, sizeof(request));
	if (fd < 0)
		fail("load");
	memset(&request, 0, sizeof(request));
	request.link_create.prog_fd = fd;
	request.link_create.target_ifindex = if_nametoindex(arguments[0]);
	request.link_create.attach_type = BPF_XDP;
	request.link_create.flags = option(arguments, "generic") ? XDP_FLAGS_SKB_MODE : 0;
	link = syscall(SYS_bpf, BPF_LINK_CREATE, &request, sizeof(request));
	if (link < 0)
		fail("attach");
	alarm(LIFE_S);
	say("up");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

static void put16(struct frame *frame, uint16_t value)
{
	value = htons(value);
	memcpy(frame->bytes + frame->size, &value, 2);
	frame->size += 2;
}

static void put32(struct frame *frame, uint32_t value)
{
	put16(frame, value >> 16);
	put16(frame, value);
}

static void put(struct frame *frame, const void *bytes, size_t size)
{
	memcpy(frame->bytes + frame->size, bytes, size);
	frame->size += size;
}

static uint32_t add_up(const void *from, size_t size, uint32_t sum)
{
	const uint8_t *bytes = from;

	for (size_t i = 0; i + 1 < size; i += 2)
		sum += bytes[i] << 8 | bytes[i + 1];
	return size & 1 ? sum + (bytes[size - 1] << 8) : sum;
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static size_t size_of(const struct end *end)
{
	return end->family == AF_INET ? 4 : 16;
}

static const void *bytes_of(const struct end *end)
{
	return end->family == AF_INET ? (const void *)&((const struct sockaddr_in *)&end->address)->sin_addr
				      : (const void *)&((const struct sockaddr_in6 *)&end->address)->sin6_addr;
}

static void put_ip(struct frame *frame, const struct forgery *forgery, size_t length)
{
	size_t start = frame->size;
	uint16_t sum;

	if (forgery->to.family == AF_INET6) {
		put32(frame, 6u << 28);
		put16(frame, length);
		put16(frame, forgery->protocol << 8 | forgery->ttl);
	} else {
		put16(frame, 0x4500);
		put16(frame, length + 20);
		put32(frame, 0x00014000);
		put16(frame, forgery->ttl << 8 | forgery->protocol);
		put16(frame, 0);
	}
	put(frame, bytes_of(&forgery->from), size_of(&forgery->from));
	put(frame, bytes_of(&forgery->to), size_of(&forgery->to));
	if (forgery->to.family == AF_INET6)
		return;
	sum = htons(folded(add_up(frame->bytes + start, 20, forgery->bad_ip ? 1 : 0)));
	memcpy(frame->bytes + start + 10, &sum, 2);
}

static void put_transport(struct frame *frame, const struct forgery *forgery)
{
	put16(frame, forgery->from_port);
	put16(frame, forgery->to_port);
	if (forgery->protocol == IPPROTO_UDP) {
		put32(frame, (8 + forgery->payload) << 16);
	} else {
		put32(frame, forgery->sequence);
		put32(frame, forgery->acknowledged);
		put16(frame, (forgery->has_timestamp ? 8 : 5) << 12 | forgery->flags);
		put16(frame, 512);
		put32(frame, 0);
		if (forgery->has_timestamp) {
			put32(frame, 0x0101080a);
			put32(frame, forgery->timestamp);
			put32(frame, forgery->echoed);
		}
	}
	frame->size += forgery->payload;
}

static struct frame forge(const char *mac, const struct forgery *forgery)
{
	bool is_udp = forgery->protocol == IPPROTO_UDP;
	size_t length = (is_udp ? 8 : forgery->has_timestamp ? 32 : 20) + forgery->payload, start;
	struct frame frame = {};
	unsigned int octet[6];
	uint32_t sum;
	uint16_t folded_sum;

	if (sscanf(mac, "%x:%x:%x:%x:%x:%x", octet, octet + 1, octet + 2, octet + 3, octet + 4, octet + 5) != 6)
		exit(2);
	for (int i = 0; i < 6; i++)
		frame.bytes[i] = octet[i];
	frame.bytes[6] = 2;
	frame.size = 12;
	put16(&frame, forgery->to.family == AF_INET ? 0x0800 : 0x86dd);
	put_ip(&frame, forgery, length);
	start = frame.size;
	put_transport(&frame, forgery);
	sum = add_up(frame.bytes + start, length, length + forgery->protocol + (forgery->bad_sum ? 1 : 0));
	sum = add_up(bytes_of(&forgery->from), size_of(&forgery->from), sum);
	folded_sum = htons(folded(add_up(bytes_of(&forgery->to), size_of(&forgery->to), sum)));
	memcpy(frame.bytes + start + (is_udp ? 6 : 16), &folded_sum, 2);
	return frame;
}

static void send_frame(const char *interface, const struct frame *frame)
{
	struct sockaddr_ll link = { .sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(interface), .sll_halen = 6 };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (sendto(fd, frame->bytes, frame->size, 0, (struct sockaddr *)&link, sizeof(link)) < 0)
		fail("sendto");
	close(fd);
}

static int send_forged(char **arguments)
{
	char **options = arguments + 6;
	const char *ttl = option(options, "ttl"), *times = option(options, "count");
	struct forgery forgery = {
		.from = resolve(arguments[2], "0"),
		.to = resolve(arguments[3], "0"),
		.protocol = strcmp(arguments[4], "tcp") ? IPPROTO_UDP : IPPROTO_TCP,
		.flags = (option(options, "syn") ? SYN : 0) | (option(options, "ack") ? ACK : 0),
		.ttl = ttl ? atoi(ttl) : 64,
		.from_port = 40000,
		.to_port = atoi(arguments[5]),
		.sequence = 1,
		.bad_ip = option(options, "bad-ip"),
		.bad_sum = option(options, "bad-sum"),
		.payload = strcmp(arguments[4], "tcp") ? 16 : 0,
	};

	for (int i = 0; i < (times ? atoi(times) : 1); i++) {
		struct frame frame = forge(arguments[1], &forgery);

		send_frame(arguments[0], &frame);
		forgery.from_port++;
	}
	return say("sent");
}

static uint32_t repair_value(int fd, int queue, int what)
{
	socklen_t length = sizeof(uint32_t);
	uint32_t value = 0;

	if (queue && setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue, sizeof(queue)))
		fail("TCP_REPAIR_QUEUE");
	if (getsockopt(fd, IPPROTO_TCP, what, &value, &length))
		fail("getsockopt");
	return value;
}

/* A segment that only its sequence number or its timestamp gives away. */
static int inject(char **arguments)
{
	struct forgery forgery = { .protocol = IPPROTO_TCP, .flags = ACK, .ttl = 64, .has_timestamp = true };
	int on = TCP_REPAIR_ON, off = TCP_REPAIR_OFF_NO_WP, fd;
	struct frame frame;

	forgery.to = resolve(arguments[2], arguments[3]);
	forgery.to_port = atoi(arguments[3]);
	fd = socket(forgery.to.family, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&forgery.to.address, forgery.to.length) || write(fd, "x", 1) != 1)
		fail("connect");
	usleep(100000);
	forgery.from.family = forgery.to.family;
	forgery.from.length = sizeof(forgery.from.address);
	getsockname(fd, (struct sockaddr *)&forgery.from.address, &forgery.from.length);
	/* The port is at the same place in both address families. */
	forgery.from_port = ntohs(((struct sockaddr_in *)&forgery.from.address)->sin_port);
	if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)))
		fail("TCP_REPAIR");
	forgery.sequence = repair_value(fd, TCP_SEND_QUEUE, TCP_QUEUE_SEQ);
	forgery.acknowledged = repair_value(fd, TCP_RECV_QUEUE, TCP_QUEUE_SEQ);
	forgery.timestamp = repair_value(fd, 0, TCP_TIMESTAMP);
	setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off));
	forgery.payload = 4;
	if (!strcmp(arguments[4], "out-of-window"))
		forgery.sequence += 1u << 30;
	else if (!strcmp(arguments[4], "old-sequence"))
		forgery.sequence -= 1000;
	else
		forgery.timestamp -= 1u << 30;
	frame = forge(arguments[1], &forgery);
	send_frame(arguments[0], &frame);
	usleep(100000);
	return say("connected");
}

/* The kernel writes the IP header. What a full queue on the way refuses is not counted as sent. */
static int flood(char **arguments)
{
	struct end to = resolve(arguments[0], "0");
	unsigned long count = strtoul(arguments[2], NULL, 10), sent = 0;
	uint16_t datagrams[FLOOD_DEPTH][8] = {};
	struct mmsghdr messages[FLOOD_DEPTH] = {};
	struct iovec vectors[FLOOD_DEPTH];
	struct timespec start, end;
	uint32_t random = 1;
	int fd = socket(to.family, SOCK_RAW, IPPROTO_UDP), checksum_at = 6;

	if (fd < 0)
		fail("socket");
	if (to.family == AF_INET6)
		setsockopt(fd, SOL_IPV6, IPV6_CHECKSUM, &checksum_at, sizeof(checksum_at));
	if (connect(fd, (struct sockaddr *)&to.address, to.length))
		fail("connect");
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (sent < count) {
		unsigned int batch = count - sent < FLOOD_DEPTH ? count - sent : FLOOD_DEPTH;
		int done;

		for (unsigned int i = 0; i < batch; i++) {
			random = random * 1664525 + 1013904223;
			datagrams[i][0] = htons(1024 + (random >> 16) % 64000);
			datagrams[i][1] = htons(atoi(arguments[1]));
			datagrams[i][2] = htons(sizeof(datagrams[i]));
			vectors[i] = (struct iovec){ datagrams[i], sizeof(datagrams[i]) };
			messages[i].msg_hdr = (struct msghdr){ .msg_iov = &vectors[i], .msg_iovlen = 1 };
		}
		done = sendmmsg(fd, messages, batch, 0);
		if (done < 0 && errno != ENOBUFS)
			fail("sendmmsg");
		sent += done > 0 ? done : 0;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%lu %.0f\n", sent, sent / (end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9));
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int arguments;
		int (*run)(char **arguments);
	} commands[] = {
		{ "tcp", 2, try_tcp },	 { "udp", 3, try_udp },	    { "listen", 2, listen_only },
		{ "sink", 2, sink },	 { "xdp", 1, drop_in_xdp }, { "frame", 6, send_forged },
		{ "inject", 5, inject }, { "flood", 3, flood },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name) && argc - 2 >= commands[i].arguments)
			return commands[i].run(argv + 2);
	fprintf(stderr, "usage: see the top of provoke.c\n");
	return 2;
}
