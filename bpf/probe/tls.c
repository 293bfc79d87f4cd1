// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Turns chunks of SSL objects into L7 records of connections. What is held is bounded; what finds no socket is counted. */
#include "probe/tls.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"

#define OBJECTS_MAX	32768
#define HELD_BYTES_MAX	(8u << 20)
#define HELD_OBJECT_MAX (128u << 10)

struct held {
	struct held *next;
	struct tls_chunk chunk; /* and its bytes */
};

struct tls_object {
	struct table_node node;
	struct tls_id id;
	struct flow_key key;
	struct held *first, *last;
	size_t held_bytes;
	uint32_t local;
	bool is_bound;
	bool is_owner;
};

struct tls_owner {
	struct table_node node;
	struct flow_key key;
	struct tls_id id;
};

void tls_init(struct tls *tls)
{
	*tls = (struct tls){};
	table_init(&tls->objects, sizeof(struct tls_id), sizeof(struct tls_object));
	table_init(&tls->owners, sizeof(struct flow_key), sizeof(struct tls_owner));
}

static size_t held_size(const struct held *held)
{
	return sizeof(*held) + held->chunk.captured;
}

static struct held *take_first(struct tls *tls, struct tls_object *object)
{
	struct held *held = object->first;

	if (!held)
		return NULL;
	object->first = held->next;
	object->held_bytes -= held_size(held);
	tls->held_bytes -= held_size(held);
	return held;
}

static void forget(struct tls *tls, struct tls_object *object)
{
	struct held *held;

	while ((held = take_first(tls, object))) {
		tls->lost++;
		free(held);
	}
	if (object->is_owner)
		table_remove(&tls->owners, table_find(&tls->owners, &object->key));
	table_remove(&tls->objects, object);
}

void tls_free(struct tls *tls)
{
	struct tls_object *object;

	table_for_each (object, &tls->objects)
		forget(tls, object);
	table_free(&tls->objects);
	table_free(&tls->owners);
}

static struct tls_object *object_of(struct tls *tls, const struct tls_id *id)
{
	struct tls_object *object = table_find(&tls->objects, id);

	if (object || tls->objects.count >= OBJECTS_MAX)
		return object;
	return table_add(&tls->objects, id);
}

static void send_chunk(const struct tls_object *object, const struct tls_chunk *chunk, struct outbox *outbox)
{
	struct l7_record *record = outbox_record(outbox, CLASS_LOSSY, RECORD_L7, sizeof(*record) + chunk->captured);

	if (!record)
		return;
	record->header.flags = L7_PLAINTEXT;
	record->key = object->key;
	record->mono_ns = chunk->mono_ns;
	record->sequence = chunk->sequence;
	record->payload_length = chunk->payload_length;
	record->captured = chunk->captured;
	record->sender = chunk->is_read ? !object->local : object->local;
	record->copy_mode = L7_COPY_ALL;
	memcpy(record + 1, chunk + 1, chunk->captured);
}

static void hold(struct tls *tls, struct tls_object *object, const struct tls_chunk *chunk)
{
	size_t size = sizeof(struct held) + chunk->captured;
	struct held *held = NULL;

	if (object->held_bytes + size <= HELD_OBJECT_MAX && tls->held_bytes + size <= HELD_BYTES_MAX)
		held = malloc(size);
	if (!held) {
		tls->lost++;
		return;
	}
	held->next = NULL;
	memcpy(&held->chunk, chunk, sizeof(*chunk) + chunk->captured);
	if (object->first)
		object->last->next = held;
	else
		object->first = held;
	object->last = held;
	object->held_bytes += size;
	tls->held_bytes += size;
}

static void take_chunk(struct tls *tls, const struct tls_chunk *chunk, struct outbox *outbox)
{
	struct tls_object *object;

	/* Nobody would ever be told. */
	if (!outbox->is_connected)
		return;
	object = object_of(tls, &chunk->id);
	if (!object)
		tls->lost++;
	else if (!object->is_bound)
		hold(tls, object, chunk);
	else if (object->is_owner)
		send_chunk(object, chunk, outbox);
}

/* An owner that was never said to be gone gives way to who uses the same addresses and ports now, at the same end. */
static bool become_owner(struct tls *tls, const struct tls_object *object)
{
	struct tls_owner *owner = table_find(&tls->owners, &object->key);
	struct tls_object *former = owner ? table_find(&tls->objects, &owner->id) : NULL;

	if (former && former->local != object->local)
		return false;
	if (former)
		former->is_owner = false;
	if (!owner)
		owner = table_add(&tls->owners, &object->key);
	if (owner)
		owner->id = object->id;
	return owner;
}

static void bind_object(struct tls *tls, const struct tls_bound *bound, struct outbox *outbox)
{
	struct tls_object *object = object_of(tls, &bound->id);
	struct held *held;

	if (!object || object->is_bound)
		return;
	object->key = bound->key;
	object->local = bound->local & 1;
	object->is_bound = true;
	object->is_owner = become_owner(tls, object);
	while ((held = take_first(tls, object))) {
		if (object->is_owner)
			send_chunk(object, &held->chunk, outbox);
		free(held);
	}
}

void tls_take(struct tls *tls, const struct record_header *record, struct outbox *outbox)
{
	const struct tls_bound *bound = (const void *)record;
	struct tls_object *object;

	switch (record->type) {
	case TLS_CHUNK:
		take_chunk(tls, (const void *)record, outbox);
		break;
	case TLS_BOUND:
		bind_object(tls, bound, outbox);
		break;
	case TLS_GONE:
		object = table_find(&tls->objects, &bound->id);
		if (object)
			forget(tls, object);
		break;
	}
}

void tls_sweep(struct tls *tls)
{
	struct tls_object *object;

	table_for_each (object, &tls->objects)
		if (kill(object->id.pid, 0) && errno == ESRCH)
			forget(tls, object);
}
