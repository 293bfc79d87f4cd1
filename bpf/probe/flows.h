/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Every conversation on every interface, and what of it has not been reported yet. A sum over the records that went
 * out and the ones that still will is what the kernel counted.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "maps.h"
#include "probe/kernel.h"
#include "probe/outbox.h"
#include "probe/table.h"

struct interfaces;
struct sockets;

struct flows {
	struct table table;
	uint32_t limit;
	uint64_t update_interval_ns; /* between records of a flow that goes on */
	bool has_made_room;	     /* in this scan */
	uint64_t untracked_packets;  /* of flows there was no room for */
	const struct interfaces *interfaces;
	const struct sockets *sockets;
	struct kernel *kernel;
};

void flows_init(struct flows *flows, struct kernel *kernel, uint32_t limit);
void flows_free(struct flows *flows);
/* Reads what was counted since the last call; 0, or a negative errno. */
int flows_read(struct flows *flows, struct outbox *outbox);
/* Reports what changed and what ended; the last call before exit holds nothing back. */
void flows_report(struct flows *flows, struct outbox *outbox, bool is_last);
