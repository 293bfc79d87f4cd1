// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Sends, receives and takes apart rtnetlink messages. */
#include "probe/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BYTES 65536

int netlink_open(uint32_t groups)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int type = SOCK_RAW | SOCK_CLOEXEC | (groups ? SOCK_NONBLOCK : 0), room = 4 << 20;
	int fd = socket(AF_NETLINK, type, NETLINK_ROUTE);

	if (fd < 0)
		return -1;
	/* Many links come and go at once when a node starts its pods. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* 1 when the answer is complete, 0 if more is to come, or a negative errno. */
static int walk(const void *buffer, size_t length, uint32_t sequence, netlink_handler handler, void *context)
{
	const struct nlmsghdr *message = buffer;

	for (; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
		if (message->nlmsg_seq != sequence)
			continue;
		if (message->nlmsg_type == NLMSG_DONE)
			return 1;
		if (message->nlmsg_type == NLMSG_ERROR) {
			int err = ((const struct nlmsgerr *)NLMSG_DATA(message))->error;

			return err ? err : 1;
		}
		handler(message, context);
		if (!(message->nlmsg_flags & NLM_F_MULTI))
			return 1;
	}
	return 0;
}

int netlink_request(int fd, struct nlmsghdr *request, netlink_handler handler, void *context)
{
	static uint32_t sequence;
	_Alignas(8) char buffer[RECEIVE_BYTES];
	int state = 0;

	request->nlmsg_seq = ++sequence;
	if (send(fd, request, request->nlmsg_len, 0) < 0)
		return -errno;
	while (!state) {
		ssize_t got = recv(fd, buffer, sizeof(buffer), 0);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got > 0)
			state = walk(buffer, got, request->nlmsg_seq, handler, context);
	}
	return state < 0 ? state : 0;
}

int netlink_receive(int fd, netlink_handler handler, void *context)
{
	_Alignas(8) char buffer[RECEIVE_BYTES];

	for (;;) {
		ssize_t got = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		const struct nlmsghdr *message = (void *)buffer;
		size_t length = got > 0 ? got : 0;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? 0 : -errno;
		for (; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length))
			handler(message, context);
	}
}

const void *netlink_nested(const void *attributes, size_t length, uint16_t type, size_t *found)
{
	const struct rtattr *attribute = attributes;

	for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
		if ((attribute->rta_type & NLA_TYPE_MASK) != type)
			continue;
		*found = RTA_PAYLOAD(attribute);
		return RTA_DATA(attribute);
	}
	return NULL;
}

const void *netlink_attribute(const void *attributes, size_t length, uint16_t type, size_t least)
{
	size_t found;
	const void *payload = netlink_nested(attributes, length, type, &found);

	return payload && found >= least ? payload : NULL;
}
