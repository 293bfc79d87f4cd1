/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Which network namespace a link's peer is in: its number, and its name under /run/netns. */
#pragma once

#include <stdint.h>

#define NETNS_NAME_MAX 64

struct netns {
	uint32_t inum; /* 0: not found */
	char name[NETNS_NAME_MAX];
};

/* The namespace that this one knows by `nsid` (IFLA_LINK_NETNSID). `fd` is a netlink socket for requests. */
struct netns netns_by_id(int fd, int32_t nsid);
uint32_t netns_own(void);
