/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Calls that failed before a packet was made, added up until a collector has them. */
#pragma once

#include <stdint.h>

#include "probe/kernel.h"
#include "probe/outbox.h"
#include "probe/table.h"

struct failures {
	struct table table;
	struct kernel *kernel;
	uint64_t untracked; /* calls that found no room */
};

void failures_init(struct failures *failures, struct kernel *kernel);
void failures_free(struct failures *failures);
/* Attaches to the calls; what cannot be attached is said as missing. */
void failures_attach(struct failures *failures);
/* Takes what the kernel counted: 0, or a negative errno. */
int failures_read(struct failures *failures);
void failures_report(struct failures *failures, struct outbox *outbox);
