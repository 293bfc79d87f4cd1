/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Frames waiting for the collector: bounded, and honest about what a lost connection or a full box does to each.
 *
 * What is kept survives a disconnect whole and goes out on the next connection; what is state is sent anew by its
 * owner; what is lossy is thrown away and counted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

enum frame_class { CLASS_STATE, CLASS_LOSSY, CLASS_KEPT };

struct frame;

struct outbox {
	struct frame *first, *last;
	struct frame *open; /* the last one, while records are still added to it */
	size_t queued;	    /* bytes of all frames */
	size_t limit;
	bool is_connected;
	bool has_gap; /* something was thrown away since the last frame left */
	uint32_t sequence;
	uint64_t lost_bytes;
	uint64_t lost_http_requests; /* L7 records among them that begin with a request line */
};

/* Room for one record in an EVENTS frame, zeroed, its header filled; NULL if disconnected or full. */
void *outbox_record(struct outbox *outbox, enum frame_class class, enum record_type type, size_t length);
/* A copy of a whole record that may be lost. */
void outbox_copy(struct outbox *outbox, const struct record_header *record);
/* A whole frame of another type; -1 if disconnected or full. */
int outbox_frame(struct outbox *outbox, enum frame_class class, enum frame_type type, const void *data, size_t length);
bool outbox_is_empty(const struct outbox *outbox);
/* Writes what the socket takes: 0, or -1 if the connection is broken. */
int outbox_write(struct outbox *outbox, int fd);
void outbox_connect(struct outbox *outbox);
void outbox_disconnect(struct outbox *outbox);
/* Hands each waiting frame to `print`, and forgets it. */
void outbox_print(struct outbox *outbox, void (*print)(const struct frame_header *, const void *));
/* Puts frames kept from an earlier connection behind those queued since: call when the new one has its state. */
struct frame *outbox_take(struct outbox *outbox);
void outbox_append(struct outbox *outbox, struct frame *frames);
