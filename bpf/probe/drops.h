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
	uint64_t filtered_packets;
	uint64_t untracked_packets;
};

void drops_init(struct drops *drops, struct kernel *kernel, const struct kernel_names *names);
void drops_free(struct drops *drops);
/* Reads what was counted since the last call; 0, or a negative errno. */
int drops_read(struct drops *drops);
void drops_report(struct drops *drops, struct outbox *outbox);
/* A new collector knows no symbols: send those that were used. */
void drops_announce_symbols(struct drops *drops, struct outbox *outbox);
