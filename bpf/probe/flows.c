// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Merges the kernel's counts into flows, decides when one has ended, and writes flow records.
 *
 * A flow that is over is held back for one scan, so that a short one is one record; an ended one stays for a while,
 * so that a late packet does not look like a new conversation.
 */
#include "probe/flows.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <bpf/bpf.h>

#include "probe/clock.h"
#include "probe/interfaces.h"
#include "probe/log.h"
#include "probe/sockets.h"

#define SECOND		1000000000ull
#define TCP_IDLE_NS	(600 * SECOND)
#define OTHER_IDLE_NS	(60 * SECOND)
#define LATE_PACKETS_NS (15 * SECOND)
#define BATCH		1024

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04

struct flow {
	struct table_node node;
	struct flow_key key;
	/* Of the whole conversation. */
	uint64_t first_ns;
	uint64_t last_ns;
	uint32_t closing_flags[2];
	uint32_t retransmits; /* reported so far */
	uint8_t initiator;
	uint8_t rst_by;
	uint8_t ingress[2];
	uint8_t icmp_type[2];
	uint8_t icmp_code[2];
	uint8_t end_cause;
	bool is_started; /* a START has gone out */
	bool is_ended;	 /* an END has gone out */
	bool is_fresh;	 /* counted something in the latest scan */
	bool is_held;	 /* held back once already */
	/* Since the previous record. */
	uint64_t bytes[2];
	uint64_t packets[2];
	uint32_t tcp_flags[2];
};

void flows_init(struct flows *flows, struct kernel *kernel, uint32_t limit)
{
	*flows = (struct flows){ .kernel = kernel, .limit = limit };
	table_init(&flows->table, sizeof(struct flow_key), sizeof(struct flow));
}

void flows_free(struct flows *flows)
{
	table_free(&flows->table);
}

static bool has_counts(const struct flow *flow)
{
	return flow->packets[0] || flow->packets[1];
}

static bool is_closed(const struct flow *flow)
{
	uint32_t both = flow->closing_flags[0] & flow->closing_flags[1],
		 any = flow->closing_flags[0] | flow->closing_flags[1];

	return both & TCP_FIN || any & TCP_RST;
}

static uint8_t end_cause(const struct flow *flow, const struct flows *flows, uint64_t now)
{
	uint64_t idle = now > flow->last_ns ? now - flow->last_ns : 0;

	if (is_closed(flow) && !flow->is_fresh)
		return flow->rst_by == NOBODY ? END_FIN : END_RST;
	if (interfaces_is_gone(flows->interfaces, flow->key.ifindex))
		return END_INTERFACE_GONE;
	if (idle > (flow->key.protocol == IPPROTO_TCP ? TCP_IDLE_NS : OTHER_IDLE_NS))
		return END_TIMEOUT;
	return END_NONE;
}

static void fill_record(struct flow_record *record, struct flow *flow, const struct flows *flows)
{
	const struct socket_facts *facts = sockets_of_flow(flows->sockets, flows->interfaces, &flow->key);

	record->key = flow->key;
	record->first_mono_ns = flow->first_ns;
	record->last_mono_ns = flow->last_ns;
	record->kind = (flow->is_started ? 0 : FLOW_START) | (flow->end_cause ? FLOW_END : 0);
	if (flow->is_started && has_counts(flow))
		record->kind |= FLOW_UPDATE;
	record->end_cause = flow->end_cause;
	record->initiator = flow->initiator;
	record->rst_by = flow->rst_by;
	for (int i = 0; i < 2; i++) {
		record->bytes[i] = flow->bytes[i];
		record->packets[i] = flow->packets[i];
		record->tcp_flags[i] = flow->tcp_flags[i];
		record->ingress[i] = flow->ingress[i];
		record->icmp_type[i] = flow->icmp_type[i];
		record->icmp_code[i] = flow->icmp_code[i];
	}
	if (!facts)
		return;
	/* Of a connection joined in the middle, what came before is not ours to tell. */
	if (!flow->is_started && flow->initiator == INITIATOR_UNKNOWN)
		flow->retransmits = facts->retransmits;
	record->srtt_us = facts->srtt_us;
	record->cgroup_id = facts->cgroup_id;
	if (facts->retransmits > flow->retransmits)
		record->retransmits = facts->retransmits - flow->retransmits;
	flow->retransmits = facts->retransmits;
}

/* -1 when there is no room, or no collector: the counts stay for a later scan. */
static int report(struct flow *flow, struct flows *flows, struct outbox *outbox)
{
	struct flow_record *record = outbox_record(outbox, CLASS_KEPT, RECORD_FLOW, sizeof(*record));

	if (!record)
		return -1;
	fill_record(record, flow, flows);
	memset(flow->bytes, 0, sizeof(flow->bytes));
	memset(flow->packets, 0, sizeof(flow->packets));
	memset(flow->tcp_flags, 0, sizeof(flow->tcp_flags));
	flow->is_started = true;
	flow->is_ended = flow->end_cause != END_NONE;
	flow->is_held = false;
	return 0;
}

static void forget_l7(const struct flows *flows, const struct flow *flow)
{
	struct flow_key key = flow->key;
	struct l7_state state;

	key.ifindex = 0;
	if (!bpf_map_lookup_elem(flows->kernel->l7_states_fd, &key, &state) && state.owner_ifindex == flow->key.ifindex)
		bpf_map_delete_elem(flows->kernel->l7_states_fd, &key);
}

/* The ports of a closed connection opened another: the old one must go out before the new one is counted. */
static void restart(struct flow *flow, struct flows *flows, struct outbox *outbox)
{
	struct flow_key key = flow->key;

	if (!flow->is_ended) {
		flow->end_cause = flow->rst_by == NOBODY ? END_FIN : END_RST;
		/* Without a collector both become one record: the sums stay right. */
		if (report(flow, flows, outbox)) {
			flow->end_cause = END_NONE;
			memset(flow->closing_flags, 0, sizeof(flow->closing_flags));
			return;
		}
	}
	memset(&flow->key + 1, 0, sizeof(*flow) - offsetof(struct flow, key) - sizeof(flow->key));
	flow->key = key;
	flow->initiator = INITIATOR_UNKNOWN;
	flow->rst_by = NOBODY;
	flow->ingress[0] = flow->ingress[1] = 2;
}

static struct flow *open_flow(struct flows *flows, const struct flow_key *key, const struct flow_counts *counts)
{
	struct flow *flow = flows->table.count < flows->limit ? table_add(&flows->table, key) : NULL;

	if (!flow) {
		flows->untracked_packets += counts->packets[0] + counts->packets[1];
		return NULL;
	}
	flow->initiator = INITIATOR_UNKNOWN;
	flow->rst_by = NOBODY;
	flow->ingress[0] = flow->ingress[1] = 2;
	return flow;
}

static void add_counts(struct flow *flow, const struct flow_counts *counts)
{
	if (!flow->first_ns) {
		flow->first_ns = counts->first_ns;
		flow->initiator = counts->initiator;
	} else if (flow->initiator == INITIATOR_UNKNOWN) {
		flow->initiator = counts->initiator;
	}
	if (counts->last_ns > flow->last_ns)
		flow->last_ns = counts->last_ns;
	if (flow->rst_by == NOBODY)
		flow->rst_by = counts->rst_by;
	for (int i = 0; i < 2; i++) {
		flow->bytes[i] += counts->bytes[i];
		flow->packets[i] += counts->packets[i];
		flow->tcp_flags[i] |= counts->tcp_flags[i];
		flow->closing_flags[i] |= counts->tcp_flags[i] & (TCP_FIN | TCP_RST);
		if (!counts->packets[i])
			continue;
		flow->ingress[i] = counts->ingress[i];
		flow->icmp_type[i] = counts->icmp_type[i];
		flow->icmp_code[i] = counts->icmp_code[i];
	}
	flow->is_fresh = true;
}

static void merge(struct flows *flows, const struct flow_key *key, const struct flow_counts *counts,
		  struct outbox *outbox)
{
	struct flow *flow = table_find(&flows->table, key);

	if (!flow)
		flow = open_flow(flows, key, counts);
	else if (is_closed(flow) && (counts->tcp_flags[0] | counts->tcp_flags[1]) & TCP_SYN)
		restart(flow, flows, outbox);
	if (flow)
		add_counts(flow, counts);
}

int flows_read(struct flows *flows, struct outbox *outbox)
{
	static struct flow_counts counts[BATCH];
	static struct flow_key keys[BATCH];
	int fd = map_pair_swap(&flows->kernel->flows), err;
	struct flow *flow;
	uint32_t cursor, read;
	bool is_first = true;

	if (fd < 0)
		return fd;
	table_for_each (flow, &flows->table)
		flow->is_fresh = false;
	do {
		read = BATCH;
		err = bpf_map_lookup_and_delete_batch(fd, is_first ? NULL : &cursor, &cursor, keys, counts, &read,
						      NULL);
		if (err && errno != ENOENT)
			return -errno;
		for (uint32_t i = 0; i < read; i++)
			merge(flows, &keys[i], &counts[i], outbox);
		is_first = false;
	} while (!err);
	return 0;
}

/* Reports one flow if there is anything to say; -1 when nothing more can be said now. */
static int settle(struct flow *flow, struct flows *flows, struct outbox *outbox, uint64_t now, bool is_last)
{
	if (flow->is_ended) {
		if (has_counts(flow))
			return report(flow, flows, outbox);
		if (now > flow->last_ns + LATE_PACKETS_NS)
			table_remove(&flows->table, flow);
		return 0;
	}
	flow->end_cause = end_cause(flow, flows, now);
	if (!has_counts(flow) && !flow->end_cause)
		return 0;
	if (!flow->end_cause && is_closed(flow) && !flow->is_held && !is_last) {
		flow->is_held = true;
		return 0;
	}
	if (report(flow, flows, outbox))
		return -1;
	if (flow->is_ended)
		forget_l7(flows, flow);
	if (flow->end_cause == END_TIMEOUT || flow->end_cause == END_INTERFACE_GONE)
		table_remove(&flows->table, flow);
	return 0;
}

void flows_report(struct flows *flows, struct outbox *outbox, bool is_last)
{
	uint64_t now = mono_ns();
	struct flow *flow;

	if (!outbox->is_connected)
		return;
	table_for_each (flow, &flows->table)
		if (settle(flow, flows, outbox, now, is_last))
			return;
}
