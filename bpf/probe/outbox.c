// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* A queue of frames; a header gets its sequence and times when its first byte is about to be written. */
#include "probe/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>

#include "http_start.h"
#include "probe/clock.h"

#define EVENTS_FRAME_BYTES (256u << 10)

struct frame {
	struct frame *next;
	enum frame_class class;
	size_t size; /* with the header */
	size_t done;
	unsigned char bytes[];
};

static struct frame_header *header_of(struct frame *frame)
{
	return (struct frame_header *)frame->bytes;
}

/* What a record takes on the wire. */
static size_t padded(size_t length)
{
	return (length + 7) & ~(size_t)7;
}

/* Lossy frames leave a quarter of the room to those that must not be lost. */
static bool has_room(const struct outbox *outbox, enum frame_class class, size_t length)
{
	size_t limit = class == CLASS_LOSSY ? outbox->limit / 4 * 3 : outbox->limit;

	return outbox->is_connected && outbox->queued + length <= limit;
}

static void refuse(struct outbox *outbox, enum frame_class class, size_t length)
{
	if (class != CLASS_LOSSY)
		return;
	outbox->lost_bytes += length;
	outbox->has_gap = true;
}

static bool begins_request(const struct record_header *header)
{
	const struct l7_record *record = (const void *)header;

	return header->type == RECORD_L7 && record->key.protocol == IPPROTO_TCP && record->captured >= 8 &&
	       is_http_request((const uint8_t *)(record + 1));
}

/* A lossy frame that will not be sent, or not be sent again. */
static void refuse_frame(struct outbox *outbox, struct frame *frame)
{
	const unsigned char *at = frame->bytes + sizeof(struct frame_header), *end = frame->bytes + frame->size;

	refuse(outbox, frame->class, frame->size);
	if (frame->class != CLASS_LOSSY || header_of(frame)->type != FRAME_EVENTS)
		return;
	while (at < end) {
		const struct record_header *record = (const void *)at;

		outbox->lost_http_requests += begins_request(record);
		at += padded(record->length);
	}
}

static struct frame *push(struct outbox *outbox, enum frame_class class, enum frame_type type, size_t capacity)
{
	struct frame *frame = malloc(sizeof(*frame) + sizeof(struct frame_header) + capacity);

	if (!frame)
		return NULL;
	*frame = (struct frame){ .class = class, .size = sizeof(struct frame_header) };
	*header_of(frame) = (struct frame_header){
		.magic = PALOMAR_WIRE_MAGIC,
		.version = PALOMAR_WIRE_VERSION,
		.type = type,
	};
	if (outbox->last)
		outbox->last->next = frame;
	else
		outbox->first = frame;
	outbox->last = frame;
	outbox->queued += frame->size;
	return frame;
}

static void *extend(struct outbox *outbox, struct frame *frame, size_t length)
{
	void *at = frame->bytes + frame->size;

	frame->size += length;
	header_of(frame)->length += length;
	outbox->queued += length;
	return at;
}

static bool fits_open(const struct outbox *outbox, enum frame_class class, size_t length)
{
	const struct frame *open = outbox->open;

	return open && open->class == class && !open->done &&
	       open->size - sizeof(struct frame_header) + length <= EVENTS_FRAME_BYTES;
}

void *outbox_record(struct outbox *outbox, enum frame_class class, enum record_type type, size_t length)
{
	size_t room = padded(length);
	struct record_header *record;

	if (!has_room(outbox, class, room)) {
		refuse(outbox, class, room);
		return NULL;
	}
	if (!fits_open(outbox, class, room))
		outbox->open = push(outbox, class, FRAME_EVENTS, EVENTS_FRAME_BYTES);
	if (!outbox->open) {
		refuse(outbox, class, room);
		return NULL;
	}
	record = extend(outbox, outbox->open, room);
	memset(record, 0, room);
	record->type = type;
	record->length = length;
	return record;
}

void outbox_copy(struct outbox *outbox, const struct record_header *record)
{
	void *copy = outbox_record(outbox, CLASS_LOSSY, record->type, record->length);

	if (copy)
		memcpy(copy, record, record->length);
	else
		outbox->lost_http_requests += begins_request(record);
}

int outbox_frame(struct outbox *outbox, enum frame_class class, enum frame_type type, const void *data, size_t length)
{
	struct frame *frame = NULL;

	if (has_room(outbox, class, length))
		frame = push(outbox, class, type, length);
	if (!frame) {
		refuse(outbox, class, length);
		return -1;
	}
	outbox->open = NULL;
	if (length)
		memcpy(extend(outbox, frame, length), data, length);
	return 0;
}

bool outbox_is_empty(const struct outbox *outbox)
{
	return !outbox->first;
}

static void pop(struct outbox *outbox)
{
	struct frame *frame = outbox->first;

	outbox->first = frame->next;
	if (!outbox->first)
		outbox->last = NULL;
	if (outbox->open == frame)
		outbox->open = NULL;
	outbox->queued -= frame->size;
	free(frame);
}

static void stamp(struct outbox *outbox, struct frame *frame)
{
	struct frame_header *header = header_of(frame);

	/* A jump tells the collector where in the stream something is missing. */
	outbox->sequence += outbox->has_gap;
	outbox->has_gap = false;
	header->sequence = outbox->sequence++;
	header->mono_ns = mono_ns();
	header->real_ns = real_ns();
}

int outbox_write(struct outbox *outbox, int fd)
{
	struct frame *frame;

	while ((frame = outbox->first)) {
		ssize_t sent;

		if (!frame->done)
			stamp(outbox, frame);
		sent = send(fd, frame->bytes + frame->done, frame->size - frame->done, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && !frame->done)
			outbox->sequence--;
		if (sent < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		frame->done += sent;
		if (frame->done == frame->size)
			pop(outbox);
	}
	return 0;
}

void outbox_connect(struct outbox *outbox)
{
	outbox->is_connected = true;
	outbox->sequence = 0;
	outbox->has_gap = false;
}

struct frame *outbox_take(struct outbox *outbox)
{
	struct frame *frames = outbox->first;

	outbox->first = outbox->last = outbox->open = NULL;
	outbox->queued = 0;
	return frames;
}

void outbox_append(struct outbox *outbox, struct frame *frames)
{
	outbox->open = NULL;
	while (frames) {
		struct frame *next = frames->next;

		frames->next = NULL;
		if (outbox->last)
			outbox->last->next = frames;
		else
			outbox->first = frames;
		outbox->last = frames;
		outbox->queued += frames->size;
		frames = next;
	}
}

void outbox_disconnect(struct outbox *outbox)
{
	struct frame *frame = outbox_take(outbox), *next;

	outbox->is_connected = false;
	for (; frame; frame = next) {
		next = frame->next;
		frame->next = NULL;
		frame->done = 0;
		if (frame->class == CLASS_KEPT) {
			outbox_append(outbox, frame);
			continue;
		}
		refuse_frame(outbox, frame);
		free(frame);
	}
}

void outbox_print(struct outbox *outbox, void (*print)(const struct frame_header *, const void *))
{
	for (; outbox->first; pop(outbox)) {
		stamp(outbox, outbox->first);
		print(header_of(outbox->first), header_of(outbox->first) + 1);
	}
}
