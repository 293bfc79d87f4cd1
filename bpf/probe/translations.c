// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Listens to conntrack's new entries by netlink. A filter in the kernel lets through only those whose destination is
 * translated; nothing is asked for, and no module loaded, where connections are not tracked.
 */
#include "probe/translations.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>

#include "probe/netlink.h"

#define TRACKED_COUNT "/proc/sys/net/netfilter/nf_conntrack_count"
#define ROOM_BYTES    (4 << 20)

/* One direction of a connection as conntrack has it. */
struct tuple {
	uint8_t from[16];
	uint8_t to[16];
	uint16_t from_port;
	uint16_t to_port;
	uint8_t protocol;
	uint8_t family;
};

struct dump_request {
	struct nlmsghdr header;
	struct nfgenmsg family;
	struct nlattr status_header;
	uint32_t status;
	struct nlattr mask_header;
	uint32_t mask;
};

struct reporting {
	const struct translations *translations;
	struct outbox *outbox;
};

/* Passes a message whose CTA_STATUS has the bit of a translated destination. */
static int attach_filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_IMM, sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg)),
		BPF_STMT(BPF_LDX | BPF_IMM, CTA_STATUS),
		/* The attribute's offset, 0 if there is none. */
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, SKF_AD_OFF + SKF_AD_NLATTR),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_IND, sizeof(struct nlattr)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, IPS_DST_NAT, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int open_socket(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
}

static int open_events(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int fd = open_socket(), group = NFNLGRP_CONNTRACK_NEW, room = ROOM_BYTES;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (attach_filter(fd) || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

int translations_open(struct translations *translations, uint32_t netns_inum)
{
	if (!translations->netns_inum)
		*translations = (struct translations){ .events_fd = -1, .requests_fd = -1, .netns_inum = netns_inum };
	if (translations->events_fd >= 0 || translations->is_refused || access(TRACKED_COUNT, F_OK))
		return 0;
	translations->requests_fd = open_socket();
	translations->events_fd = translations->requests_fd < 0 ? -errno : open_events();
	translations->is_refused = translations->events_fd < 0;
	translations->is_dump_due = true;
	return translations->is_refused ? translations->events_fd : 0;
}

void translations_close(struct translations *translations)
{
	if (translations->events_fd >= 0)
		close(translations->events_fd);
	if (translations->requests_fd >= 0)
		close(translations->requests_fd);
}

static bool read_address(uint8_t *to, const void *addresses, size_t length, uint16_t v4, uint16_t v6)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const void *found = netlink_attribute(addresses, length, v4, 4);

	if (found) {
		memcpy(to, mapped, sizeof(mapped));
		memcpy(to + sizeof(mapped), found, 4);
		return true;
	}
	found = netlink_attribute(addresses, length, v6, 16);
	if (found)
		memcpy(to, found, 16);
	return found;
}

static uint16_t read_port(const void *protocol, size_t length, uint16_t type)
{
	const uint16_t *port = netlink_attribute(protocol, length, type, sizeof(*port));

	return port ? ntohs(*port) : 0;
}

static bool read_tuple(struct tuple *tuple, const void *attributes, size_t length, uint16_t type)
{
	size_t tuple_length, ip_length, protocol_length;
	const void *nested = netlink_nested(attributes, length, type, &tuple_length);
	const void *ip = nested ? netlink_nested(nested, tuple_length, CTA_TUPLE_IP, &ip_length) : NULL;
	const void *protocol = nested ? netlink_nested(nested, tuple_length, CTA_TUPLE_PROTO, &protocol_length) : NULL;
	const uint8_t *number = protocol ? netlink_attribute(protocol, protocol_length, CTA_PROTO_NUM, 1) : NULL;

	if (!ip || !number || !read_address(tuple->from, ip, ip_length, CTA_IP_V4_SRC, CTA_IP_V6_SRC) ||
	    !read_address(tuple->to, ip, ip_length, CTA_IP_V4_DST, CTA_IP_V6_DST))
		return false;
	tuple->protocol = *number;
	tuple->family = netlink_attribute(ip, ip_length, CTA_IP_V4_SRC, 4) ? 4 : 6;
	tuple->from_port = read_port(protocol, protocol_length, CTA_PROTO_SRC_PORT);
	tuple->to_port = read_port(protocol, protocol_length, CTA_PROTO_DST_PORT);
	return true;
}

static bool has_translated_destination(const void *attributes, size_t length)
{
	const uint32_t *status = netlink_attribute(attributes, length, CTA_STATUS, sizeof(*status));

	return status && ntohl(*status) & IPS_DST_NAT;
}

/* The answers come from the backend, and go to the client as the backend sees it. */
static void report(const struct reporting *reporting, const struct tuple *asked, const struct tuple *answers)
{
	struct translation_record *record =
		outbox_record(reporting->outbox, CLASS_LOSSY, RECORD_TRANSLATION, sizeof(*record));

	if (!record)
		return;
	memcpy(record->client, asked->from, sizeof(record->client));
	memcpy(record->service, asked->to, sizeof(record->service));
	memcpy(record->backend, answers->from, sizeof(record->backend));
	memcpy(record->seen_as, answers->to, sizeof(record->seen_as));
	record->client_port = asked->from_port;
	record->service_port = asked->to_port;
	record->backend_port = answers->from_port;
	record->seen_as_port = answers->to_port;
	record->protocol = asked->protocol;
	record->family = asked->family;
	record->netns_inum = reporting->translations->netns_inum;
	record->by = TRANSLATED_BY_CONNTRACK;
}

static void on_entry(const struct nlmsghdr *message, void *context)
{
	const char *attributes = (const char *)NLMSG_DATA(message) + NLMSG_ALIGN(sizeof(struct nfgenmsg));
	struct tuple asked = {}, answers = {};
	size_t length;

	if (message->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) ||
	    message->nlmsg_len < NLMSG_SPACE(sizeof(struct nfgenmsg)))
		return;
	length = NLMSG_PAYLOAD(message, sizeof(struct nfgenmsg));
	if (has_translated_destination(attributes, length) && read_tuple(&asked, attributes, length, CTA_TUPLE_ORIG) &&
	    read_tuple(&answers, attributes, length, CTA_TUPLE_REPLY))
		report(context, &asked, &answers);
}

/* A kernel that does not know the filter by status sends every entry. */
static int dump(const struct translations *translations, struct reporting *reporting)
{
	struct dump_request request = {
		.header = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.status_header = { sizeof(struct nlattr) + sizeof(uint32_t), CTA_STATUS },
		.status = htonl(IPS_DST_NAT),
		.mask_header = { sizeof(struct nlattr) + sizeof(uint32_t), CTA_STATUS_MASK },
		.mask = htonl(IPS_DST_NAT),
	};

	return netlink_request(translations->requests_fd, &request.header, on_entry, reporting);
}

void translations_report(struct translations *translations, struct outbox *outbox)
{
	struct reporting reporting = { translations, outbox };
	int err;

	/* A collector that comes later is told by a dump; until then the kernel need not keep anything for it. */
	if (translations->events_fd < 0)
		return;
	if (!outbox->is_connected) {
		translations->is_dump_due = true;
		return;
	}
	err = netlink_receive(translations->events_fd, on_entry, &reporting);
	if (err == -ENOBUFS) {
		translations->overflows++;
		translations->is_dump_due = true;
	}
	if (translations->is_dump_due && !dump(translations, &reporting))
		translations->is_dump_due = false;
}
