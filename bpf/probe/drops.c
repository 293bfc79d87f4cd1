// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Adds up what the kernel counted per (flow, namespace, reason, place) until a collector has it. */
#include "probe/drops.h"

#include <string.h>

#include "probe/drop_filter.h"

#define DROPS_MAX 65536

struct drop {
	struct table_node node;
	struct drop_key key;
	struct drop_counts counts;
};

struct symbol {
	struct table_node node;
	uint64_t address;
	bool is_announced;
};

void drops_init(struct drops *drops, struct kernel *kernel, const struct kernel_names *names)
{
	*drops = (struct drops){ .kernel = kernel, .names = names };
	table_init(&drops->table, sizeof(struct drop_key), sizeof(struct drop));
	table_init(&drops->symbols, sizeof(uint64_t), sizeof(struct symbol));
}

void drops_free(struct drops *drops)
{
	table_free(&drops->table);
	table_free(&drops->symbols);
}

static bool is_quiet(const struct drops *drops, const struct drop_key *key)
{
	return drop_is_quiet_at(kernel_reason(drops->names, key->reason), kernel_symbol(drops->names, key->location));
}

static struct reason_total *total_of(struct drops *drops, uint32_t reason)
{
	return &drops->totals[reason < REASON_BITS ? reason : REASON_OTHER];
}

static void merge(void *context, const void *of, const void *value)
{
	struct drops *drops = context;
	const struct drop_key *key = of;
	const struct drop_counts *counts = value;
	struct reason_total *total = total_of(drops, key->reason);
	struct drop *drop;

	if (is_quiet(drops, key)) {
		total->filtered += counts->packets;
		return;
	}
	drop = table_find(&drops->table, key);
	if (!drop && drops->table.count < DROPS_MAX)
		drop = table_add(&drops->table, key);
	if (!drop) {
		total->lost += counts->packets;
		return;
	}
	total->recorded += counts->packets;
	if (!drop->counts.packets) {
		drop->counts = *counts;
		return;
	}
	drop->counts.last_ns = counts->last_ns;
	drop->counts.packets += counts->packets;
	drop->counts.bytes += counts->bytes;
	drop->counts.tcp_flags |= counts->tcp_flags;
	drop->counts.icmp_type = counts->icmp_type;
}

int drops_read(struct drops *drops)
{
	struct map_pair *pair = &drops->kernel->drops;
	int fd, is_empty = map_pair_is_empty(pair);

	/* Most of the time it is, and waiting for a grace period would be for nothing. */
	if (is_empty)
		return is_empty < 0 ? is_empty : 0;
	fd = map_pair_swap(pair);
	if (fd < 0)
		return fd;
	*drops->kernel->drops_are_full = 0;
	return map_drain(fd, sizeof(struct drop_key), sizeof(struct drop_counts), merge, drops);
}

void drops_send_totals(const struct drops *drops, struct outbox *outbox, uint64_t stats[STAT_COUNT])
{
	struct reason_total totals[REASON_BITS];
	size_t count = 0;

	for (uint32_t reason = 0; reason < REASON_BITS; reason++) {
		struct reason_total total = drops->totals[reason];
		struct reason_counts counts;

		kernel_read_reason(drops->kernel, reason, &counts);
		total.reason = reason;
		total.filtered += counts.filtered;
		total.lost += counts.lost;
		total.unparsed += counts.unparsed;
		stats[STAT_DROPS_FILTERED] += total.filtered;
		stats[STAT_DROP_MAP_FULL] += total.lost;
		stats[STAT_DROPS_UNPARSED] += total.unparsed;
		if (total.recorded || total.filtered || total.lost || total.unparsed)
			totals[count++] = total;
	}
	outbox_frame(outbox, CLASS_STATE, FRAME_REASONS, totals, count * sizeof(totals[0]));
}

static int announce(struct drops *drops, struct symbol *symbol, struct outbox *outbox)
{
	const char *name = kernel_symbol(drops->names, symbol->address);
	struct symbol_record *record;

	if (symbol->is_announced)
		return 0;
	record = outbox_record(outbox, CLASS_STATE, RECORD_SYMBOL, sizeof(*record));
	if (!record)
		return -1;
	record->address = symbol->address;
	memcpy(record->name, name, strnlen(name, sizeof(record->name) - 1));
	symbol->is_announced = true;
	return 0;
}

static int announce_location(struct drops *drops, uint64_t address, struct outbox *outbox)
{
	struct symbol *symbol = table_find(&drops->symbols, &address);

	if (!symbol)
		symbol = table_add(&drops->symbols, &address);
	return symbol ? announce(drops, symbol, outbox) : -1;
}

static int report(struct drops *drops, const struct drop *drop, struct outbox *outbox)
{
	const struct drop_counts *counts = &drop->counts;
	struct drop_record *record;

	if (announce_location(drops, drop->key.location, outbox))
		return -1;
	record = outbox_record(outbox, CLASS_KEPT, RECORD_DROP, sizeof(*record));
	if (!record)
		return -1;
	record->key = drop->key.flow;
	record->first_mono_ns = counts->first_ns;
	record->last_mono_ns = counts->last_ns;
	record->packets = counts->packets;
	record->bytes = counts->bytes;
	record->location = drop->key.location;
	record->netns_inum = drop->key.netns_inum;
	record->reason = drop->key.reason;
	record->device_ifindex = drop->key.device_ifindex;
	record->sender = drop->key.sender;
	record->route_error = drop->key.route_error;
	record->icmp_type = counts->icmp_type;
	record->tcp_flags = counts->tcp_flags;
	memcpy(record->device, counts->device, sizeof(record->device));
	return 0;
}

void drops_report(struct drops *drops, struct outbox *outbox)
{
	struct drop *drop;

	if (!outbox->is_connected)
		return;
	table_for_each (drop, &drops->table) {
		if (report(drops, drop, outbox))
			return;
		table_remove(&drops->table, drop);
	}
}

void drops_announce_symbols(struct drops *drops, struct outbox *outbox)
{
	struct symbol *symbol;

	table_for_each (symbol, &drops->symbols) {
		symbol->is_announced = false;
		announce(drops, symbol, outbox);
	}
}
