/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Which network namespace a link's peer is in: its number, and its name under /run/netns. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define NETNS_NAME_MAX 64

struct netns {
	int32_t nsid;  /* what this namespace calls it (IFLA_LINK_NETNSID) */
	uint32_t inum; /* 0: unknown */
	char name[NETNS_NAME_MAX];
};

/* Every namespace that has a name or a process, and an id here. */
struct netns_list {
	struct netns *items;
	size_t count;
};

/* Lists them anew; `fd` is a netlink socket for requests. What cannot be opened is left out. */
void netns_list_read(struct netns_list *list, int fd);
void netns_list_free(struct netns_list *list);
/* NULL if unknown. */
const struct netns *netns_by_id(const struct netns_list *list, int32_t nsid);
uint32_t netns_own(void);
