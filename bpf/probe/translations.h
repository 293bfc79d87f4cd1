/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Which backend a connection to a service goes to, as conntrack translates it in this network namespace. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "probe/outbox.h"

struct translations {
	int events_fd;	 /* -1 while nothing is subscribed */
	int requests_fd; /* for dumps */
	uint32_t netns_inum;
	uint64_t overflows;
	bool is_dump_due;
	bool is_refused; /* the kernel has conntrack and does not tell of it */
};

/* Subscribes if the kernel tracks connections: 0, also if it does not yet, or a negative errno, once. */
int translations_open(struct translations *translations, uint32_t netns_inum);
void translations_close(struct translations *translations);
/* Sends what came since the last time; after a gap, and to a new collector, all there is. */
void translations_report(struct translations *translations, struct outbox *outbox);
