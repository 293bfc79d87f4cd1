/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Who owns which socket, from a walk over all tasks' files and from connections as they are made. */
#pragma once

#include <stdint.h>

#include "maps.h"
#include "probe/kernel.h"
#include "probe/outbox.h"
#include "probe/table.h"

struct interfaces;

/* What a socket tells about its flow. */
struct socket_facts {
	uint64_t cgroup_id;
	uint32_t srtt_us;
	uint32_t retransmits; /* since it was opened */
};

struct sockets {
	struct table table;
	struct kernel *kernel;
	uint32_t walk;
	uint32_t own_netns;
};

void sockets_init(struct sockets *sockets, struct kernel *kernel, uint32_t own_netns);
void sockets_free(struct sockets *sockets);
/* Walks all tasks' files and forgets what is gone; 0, or a negative errno. */
int sockets_walk(struct sockets *sockets);
/* A record from the kernel, without its unit. */
void sockets_seen(struct sockets *sockets, const struct socket_record *record);
/* Sends what is new or changed, or everything to a collector that knows nothing. */
void sockets_report(struct sockets *sockets, struct outbox *outbox);
void sockets_forget_reported(struct sockets *sockets);
/* The tail of the task's cgroup path, if the task is still there. */
void sockets_read_unit(uint32_t pid, char *unit, size_t size);
/* The socket at the end of the flow that its interface leads to; NULL if unknown. */
const struct socket_facts *sockets_of_flow(const struct sockets *sockets, const struct interfaces *interfaces,
					   const struct flow_key *key);
