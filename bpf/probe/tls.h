/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Plaintext of TLS libraries on its way to the collector: kept until the socket that carries it is known. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "probe/outbox.h"
#include "probe/table.h"
#include "tls_records.h"

struct tls {
	struct table objects; /* by struct tls_id */
	struct table owners;  /* by struct flow_key: of two ends on this machine the first tells */
	size_t held_bytes;
	uint64_t lost; /* chunks without a socket */
};

void tls_init(struct tls *tls);
void tls_free(struct tls *tls);
/* A record of enum tls_record_type. */
void tls_take(struct tls *tls, const struct record_header *record, struct outbox *outbox);
/* Forgets what belonged to processes that are gone. */
void tls_sweep(struct tls *tls);
