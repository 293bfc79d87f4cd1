// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Merges the kernel's counts into flows, decides when one has ended, and writes flow records.
 *
 * Start, end and ICMP errors go out with the scan that saw them, anything else once per update interval. A flow that
 * is over is held back for one scan, so that a short one is one record; an ended one stays for a while, so that a late
 * packet does not look like a new conversation.
 *
 * A SYN without an answer ends after SYN_ANSWER_NS, before most senders give up: "no answer" is told soon. It stays for
 * as long as the same SYN may come again; an answer to one of those takes the end back.
 */
#include "probe/flows.h"

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
/* Linux sends a SYN again at most 120 s after the one before; by default after 1, 2, 4 ... 32 s, until 127 s. */
#define SYN_ANSWER_NS (10 * SECOND)
#define SYN_RETRY_NS  (125 * SECOND)

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

struct flow {
	struct table_node node;
	struct flow_key key;
	/* Of the whole conversation. */
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t reported_ns; /* the latest record */
	uint64_t syn_ns;
	uint64_t syn_ack_ns;
	uint32_t syn_sequence;
	uint32_t all_flags[2];
	uint32_t retransmits; /* reported so far */
	uint8_t initiator;
	uint8_t rst_by;
	uint8_t ingress[2];
	uint8_t icmp_type[2];
	uint8_t icmp_code[2];
	uint8_t end_cause;
	uint8_t carries;
	bool is_started; /* a START has gone out */
	bool is_ended;	 /* an END has gone out */
	bool is_fresh;	 /* counted something in the latest scan */
	bool is_held;	 /* held back once already */
	bool is_heard[2];
	bool is_handshake_told;
	/* Since the previous record. */
	uint64_t bytes[2];
	uint64_t packets[2];
	uint32_t tcp_flags[2];
	uint32_t zero_windows[2];
	uint32_t resets[2];
	uint32_t icmp_errors;
	uint64_t secured;
	uint8_t icmp_error_type;
	uint8_t icmp_error_code;
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
	return flow->packets[0] || flow->packets[1] || flow->icmp_errors;
}

static bool is_closed(const struct flow *flow)
{
	uint32_t both = flow->all_flags[0] & flow->all_flags[1], any = flow->all_flags[0] | flow->all_flags[1];

	return both & TCP_FIN || any & TCP_RST;
}

/* Asked for, and nothing came back. Where only one direction passes the interface, the asker goes on with an ACK. */
static bool is_unanswered(const struct flow *flow)
{
	uint32_t asker = flow->is_heard[1];

	return flow->syn_ns && !flow->is_heard[!asker] && !(flow->all_flags[asker] & (TCP_ACK | TCP_RST));
}

static uint8_t end_cause(const struct flow *flow, const struct flows *flows, uint64_t now)
{
	uint64_t idle = now > flow->last_ns ? now - flow->last_ns : 0;
	uint64_t asked = now > flow->syn_ns ? now - flow->syn_ns : 0;

	if (is_closed(flow) && !flow->is_fresh)
		return flow->rst_by == NOBODY ? END_FIN : END_RST;
	if (interfaces_is_gone(flows->interfaces, flow->key.ifindex))
		return END_INTERFACE_GONE;
	if (is_unanswered(flow) && asked > SYN_ANSWER_NS)
		return END_TIMEOUT;
	if (idle > (flow->key.protocol == IPPROTO_TCP ? TCP_IDLE_NS : OTHER_IDLE_NS))
		return END_TIMEOUT;
	return END_NONE;
}

/* From the first SYN to the first answer: what was lost between them is in it. 0 unless there is news. */
static uint32_t handshake_us(const struct flow *flow)
{
	uint64_t took_ns = flow->syn_ack_ns > flow->syn_ns ? flow->syn_ack_ns - flow->syn_ns : 0;

	if (flow->is_handshake_told || !flow->syn_ns || !flow->syn_ack_ns)
		return 0;
	return took_ns < 1000 ? 1 : took_ns / 1000;
}

/* One packet in the clear on a link between machines outweighs any number that were not. */
static uint8_t encryption(const struct flow *flow, const struct flows *flows)
{
	enum encryption link = interfaces_encryption(flows->interfaces, flow->key.ifindex);
	uint64_t packets = flow->packets[0] + flow->packets[1];

	if (link == ENCRYPTION_WIREGUARD || link == ENCRYPTION_IPSEC)
		return link;
	/* The outside of an encrypted tunnel: what was seen in the clear is its header. */
	if (!packets || flow->carries == TUNNEL_WIREGUARD || flow->carries == TUNNEL_ESP)
		return ENCRYPTION_UNKNOWN;
	if (!flow->secured || (link == ENCRYPTION_NONE && flow->secured < packets))
		return link;
	return ENCRYPTION_IPSEC;
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
		record->zero_windows[i] = flow->zero_windows[i];
		record->resets[i] = flow->resets[i];
	}
	record->icmp_errors = flow->icmp_errors;
	record->icmp_error_type = flow->icmp_error_type;
	record->icmp_error_code = flow->icmp_error_code;
	record->carries = flow->carries;
	record->encryption = encryption(flow, flows);
	record->handshake_us = handshake_us(flow);
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
static int report(struct flow *flow, struct flows *flows, struct outbox *outbox, uint64_t now)
{
	struct flow_record *record = outbox_record(outbox, CLASS_KEPT, RECORD_FLOW, sizeof(*record));

	if (!record)
		return -1;
	fill_record(record, flow, flows);
	flow->is_handshake_told |= record->handshake_us != 0;
	memset(flow->bytes, 0, sizeof(*flow) - offsetof(struct flow, bytes));
	flow->reported_ns = now;
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

static void forget_past(struct flow *flow)
{
	memset((char *)flow + offsetof(struct flow, first_ns), 0, sizeof(*flow) - offsetof(struct flow, first_ns));
	flow->initiator = INITIATOR_UNKNOWN;
	flow->rst_by = NOBODY;
	flow->ingress[0] = flow->ingress[1] = 2;
}

/* The ports of a connection opened another: the old one must go out before the new one is counted. */
static void restart(struct flow *flow, struct flows *flows, struct outbox *outbox)
{
	if (!flow->is_ended)
		flow->end_cause = !is_closed(flow) ? END_TIMEOUT : flow->rst_by == NOBODY ? END_FIN : END_RST;
	if ((!flow->is_ended || has_counts(flow)) && report(flow, flows, outbox, mono_ns())) {
		/* Without a collector both become one record: the sums stay right. */
		flow->is_ended = false;
		flow->end_cause = END_NONE;
		memset(flow->all_flags, 0, sizeof(flow->all_flags));
		return;
	}
	forget_past(flow);
}

/* What only stays for packets that may still come gives way to what is there. */
static void make_room(struct flows *flows)
{
	struct flow *flow;

	flows->has_made_room = true;
	table_for_each (flow, &flows->table)
		if (flow->is_ended && !has_counts(flow))
			table_remove(&flows->table, flow);
}

static struct flow *open_flow(struct flows *flows, const struct flow_key *key, const struct flow_counts *counts)
{
	struct flow *flow;

	if (flows->table.count >= flows->limit && !flows->has_made_room)
		make_room(flows);
	flow = flows->table.count < flows->limit ? table_add(&flows->table, key) : NULL;
	if (!flow) {
		flows->untracked_packets += counts->packets[0] + counts->packets[1];
		return NULL;
	}
	forget_past(flow);
	return flow;
}

static void add_handshake(struct flow *flow, const struct flow_counts *counts)
{
	if (counts->syn_ns && (!flow->syn_ns || counts->syn_sequence != flow->syn_sequence)) {
		flow->syn_ns = counts->syn_ns;
		flow->syn_sequence = counts->syn_sequence;
		flow->syn_ack_ns = 0;
		flow->is_handshake_told = false;
	}
	if (!flow->syn_ack_ns)
		flow->syn_ack_ns = counts->syn_ack_ns;
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
	/* The clock of the latest packet runs behind that of the first. */
	if (counts->first_ns > flow->last_ns)
		flow->last_ns = counts->first_ns;
	if (flow->rst_by == NOBODY)
		flow->rst_by = counts->rst_by;
	for (int i = 0; i < 2; i++) {
		flow->bytes[i] += counts->bytes[i];
		flow->packets[i] += counts->packets[i];
		flow->tcp_flags[i] |= counts->tcp_flags[i];
		flow->all_flags[i] |= counts->tcp_flags[i];
		flow->zero_windows[i] += counts->zero_windows[i];
		flow->resets[i] += counts->resets[i];
		if (!counts->packets[i])
			continue;
		flow->is_heard[i] = true;
		flow->ingress[i] = counts->ingress[i];
		flow->icmp_type[i] = counts->icmp_type[i];
		flow->icmp_code[i] = counts->icmp_code[i];
	}
	flow->secured += counts->secured;
	if (counts->carries)
		flow->carries = counts->carries;
	add_handshake(flow, counts);
	if (counts->icmp_errors) {
		flow->icmp_errors += counts->icmp_errors;
		flow->icmp_error_type = counts->icmp_error_type;
		flow->icmp_error_code = counts->icmp_error_code;
	}
	flow->is_fresh = true;
}

/* A SYN that is no repetition, where the connection before it has closed or never came to be. */
static bool opens_another(const struct flow *flow, const struct flow_counts *counts)
{
	if (!is_closed(flow) && !is_unanswered(flow))
		return false;
	if (counts->syn_ns)
		return !flow->syn_ns || counts->syn_sequence != flow->syn_sequence;
	/* Only the answering direction passes here. */
	return !flow->syn_ns && (counts->tcp_flags[0] | counts->tcp_flags[1]) & TCP_SYN;
}

struct merging {
	struct flows *flows;
	struct outbox *outbox;
};

static void merge(void *context, const void *of, const void *value)
{
	const struct flow_counts *counts = value;
	const struct flow_key *key = of;
	const struct merging *merging = context;
	struct outbox *outbox = merging->outbox;
	struct flows *flows = merging->flows;
	struct flow *flow = table_find(&flows->table, key);

	/* An ICMP error about a conversation that this interface never saw: the error itself is one that it saw. */
	if (!flow && !counts->packets[0] && !counts->packets[1])
		return;
	if (!flow)
		flow = open_flow(flows, key, counts);
	else if (opens_another(flow, counts))
		restart(flow, flows, outbox);
	if (!flow)
		return;
	add_counts(flow, counts);
	if (flow->is_ended && flow->end_cause == END_TIMEOUT && !is_unanswered(flow))
		flow->is_ended = false;
}

int flows_read(struct flows *flows, struct outbox *outbox)
{
	int fd = map_pair_swap(&flows->kernel->flows);
	struct merging merging = { flows, outbox };
	struct flow *flow;

	if (fd < 0)
		return fd;
	*flows->kernel->flows_are_full = 0;
	flows->has_made_room = false;
	table_for_each (flow, &flows->table)
		flow->is_fresh = false;
	return map_drain(fd, sizeof(struct flow_key), sizeof(struct flow_counts), merge, &merging);
}

/* Whether what there is to say of a flow that goes on can wait. */
static bool can_wait(struct flow *flow, const struct flows *flows, uint64_t now)
{
	if (flow->icmp_errors)
		return false;
	if (is_closed(flow) && !flow->is_held) {
		flow->is_held = true;
		return true;
	}
	return flow->is_started && now - flow->reported_ns < flows->update_interval_ns;
}

/* One that has ended: says what came late, and goes when nothing can come any more. */
static int settle_ended(struct flow *flow, struct flows *flows, struct outbox *outbox, uint64_t now)
{
	uint64_t stay_ns = is_unanswered(flow) ? SYN_RETRY_NS : LATE_PACKETS_NS;

	if (has_counts(flow))
		return report(flow, flows, outbox, now);
	if (now > flow->last_ns + stay_ns)
		table_remove(&flows->table, flow);
	return 0;
}

/* Reports one flow if there is anything to say; -1 when nothing more can be said now. */
static int settle(struct flow *flow, struct flows *flows, struct outbox *outbox, uint64_t now, bool is_last)
{
	if (flow->is_ended)
		return settle_ended(flow, flows, outbox, now);
	flow->end_cause = end_cause(flow, flows, now);
	if (!has_counts(flow) && !flow->end_cause)
		return 0;
	if (!flow->end_cause && !is_last && can_wait(flow, flows, now))
		return 0;
	if (report(flow, flows, outbox, now))
		return -1;
	if (flow->is_ended)
		forget_l7(flows, flow);
	if (flow->end_cause == END_INTERFACE_GONE || (flow->end_cause == END_TIMEOUT && !is_unanswered(flow)))
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
