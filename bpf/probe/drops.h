/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Drops that have not been reported yet, and the symbols of their places. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "maps.h"
#include "probe/kernel.h"
#include "probe/outbox.h"
#include "probe/table.h"

struct drops {
	struct table table;
	struct table symbols; /* addresses, and whether this connection's collector knows them */
	struct kernel *kernel;
	const struct kernel_names *names;
	/* What was counted here; the kernel has counts of its own. */
	struct reason_total totals[REASON_BITS];
};

void drops_init(struct drops *drops, struct kernel *kernel, const struct kernel_names *names);
void drops_free(struct drops *drops);
/* Reads what was counted since the last call; 0, or a negative errno. */
int drops_read(struct drops *drops);
/* Counts of both sides, into the STATS that are their sums and a frame of their own. */
void drops_send_totals(const struct drops *drops, struct outbox *outbox, uint64_t stats[STAT_COUNT]);
void drops_report(struct drops *drops, struct outbox *outbox);
/* A new collector knows no symbols: send those that were used. */
void drops_announce_symbols(struct drops *drops, struct outbox *outbox);
