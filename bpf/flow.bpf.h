/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * flow_count(packet, skb, bytes, is_ingress, &counts): adds one packet to its conversation on this interface.
 * flow_count_inner(skb, packet, is_ingress): the same for what the packet carries, under a key of its own.
 * flow_count_quoted(packet, skb): tells the conversation that an ICMP error quotes of it.
 */
#pragma once

#define E2BIG  7
#define EEXIST 17

/*
 * Set when the map that is written takes no more keys; the probe clears it after it has swapped the maps. It spares
 * each packet of a conversation that finds no room an update that must fail.
 */
__u32 flows_are_full;

static __always_inline __u64 segments_of(const struct __sk_buff *skb, const struct packet *packet)
{
	__u32 segments = skb->gso_segs, size = skb->gso_size;

	/* A guest may leave the count to the host. */
	if (!segments && size)
		segments = (packet->payload_length + size - 1) / size;
	return segments ? segments : 1;
}

static __always_inline struct flow_counts flow_fresh(const struct packet *packet)
{
	struct flow_counts fresh = {
		.first_ns = bpf_ktime_get_ns(),
		.initiator = packet->initiator,
		.rst_by = NOBODY,
		.ingress = { 2, 2 },
	};

	return fresh;
}

/* -EEXIST if another CPU was first. */
static __always_inline long flow_insert(void *map, const struct packet *packet, const struct flow_counts *fresh)
{
	long err;

	if (flows_are_full)
		return -E2BIG;
	err = bpf_map_update_elem(map, &packet->key, fresh, BPF_NOEXIST);
	if (err == -E2BIG)
		flows_are_full = 1;
	return err;
}

/* SYN and SYN-ACK: when a connection was asked for and answered. */
static __always_inline void count_handshake(struct flow_counts *counts, const struct packet *packet)
{
	__u64 now = bpf_ktime_get_ns();

	counts->initiator = packet->initiator;
	if (packet->tcp_flags & TCP_ACK) {
		if (!counts->syn_ack_ns)
			counts->syn_ack_ns = now;
		return;
	}
	if (counts->syn_ns && counts->syn_sequence == packet->sequence)
		return;
	counts->is_not_copied = false;
	counts->syn_ns = now;
	counts->syn_ack_ns = 0;
	counts->syn_sequence = packet->sequence;
}

/* Who refused a connection. */
static __always_inline void count_reset(struct flow_counts *counts, __u32 sender)
{
	__sync_fetch_and_add(&counts->resets[sender], 1);
	if (counts->rst_by == NOBODY)
		counts->rst_by = sender;
}

static __always_inline void flow_add(struct flow_counts *counts, const struct packet *packet,
				     const struct __sk_buff *skb, __u32 bytes, bool is_ingress)
{
	__u32 sender = packet->sender & 1;

	__sync_fetch_and_add(&counts->packets[sender], segments_of(skb, packet));
	__sync_fetch_and_add(&counts->bytes[sender], bytes);
	/* The atomic write is rarely needed: flags repeat. */
	if (packet->tcp_flags & ~counts->tcp_flags[sender])
		__sync_fetch_and_or(&counts->tcp_flags[sender], packet->tcp_flags);
	if (packet->tcp_flags & TCP_RST)
		count_reset(counts, sender);
	if (packet->tcp_flags & TCP_SYN)
		count_handshake(counts, packet);
	if (packet->is_window_closed)
		__sync_fetch_and_add(&counts->zero_windows[sender], 1);
	if (packet->carries)
		counts->carries = packet->carries;
	if (packet->is_secured)
		__sync_fetch_and_add(&counts->secured, segments_of(skb, packet));
	counts->ingress[sender] = is_ingress;
	/* A later fragment does not know. */
	if (packet->fragment != FRAGMENT_LATER) {
		counts->icmp_type[sender] = packet->icmp_type;
		counts->icmp_code[sender] = packet->icmp_code;
	}
	/* The clock of the tick: 15 ns less of the 73 that the usual packet takes. Only of this does a few ms matter. */
	counts->last_ns = bpf_ktime_get_coarse_ns();
}

/* As flow_add(), of an entry on the stack: the verifier wants the places there to be known. */
static __always_inline void flow_start(struct flow_counts *fresh, const struct packet *packet,
				       const struct __sk_buff *skb, __u32 bytes, bool is_ingress)
{
	__u32 sender = packet->sender & 1;

	for (__u32 i = 0; i < 2; i++) {
		bool is_sent = i == sender;

		fresh->packets[i] = is_sent ? segments_of(skb, packet) : 0;
		fresh->bytes[i] = is_sent ? bytes : 0;
		fresh->tcp_flags[i] = is_sent ? packet->tcp_flags : 0;
		fresh->resets[i] = is_sent && packet->tcp_flags & TCP_RST;
		fresh->zero_windows[i] = is_sent && packet->is_window_closed;
		fresh->ingress[i] = is_sent ? is_ingress : NOBODY;
		fresh->icmp_type[i] = is_sent && packet->fragment != FRAGMENT_LATER ? packet->icmp_type : 0;
		fresh->icmp_code[i] = is_sent && packet->fragment != FRAGMENT_LATER ? packet->icmp_code : 0;
	}
	if (packet->tcp_flags & TCP_RST)
		fresh->rst_by = sender;
	if (packet->tcp_flags & TCP_SYN)
		count_handshake(fresh, packet);
	fresh->carries = packet->carries;
	fresh->secured = packet->is_secured ? segments_of(skb, packet) : 0;
	fresh->last_ns = fresh->first_ns;
}

/* The first packet of a conversation is counted in what is inserted: there is no entry to be looked up again. */
static __noinline bool flow_open(void *map, const struct packet *packet, const struct __sk_buff *skb, __u32 bytes,
				 bool is_ingress)
{
	struct flow_counts fresh = flow_fresh(packet), *counts;
	long err;

	flow_start(&fresh, packet, skb, bytes, is_ingress);
	err = flow_insert(map, packet, &fresh);
	if (!err)
		return true;
	counts = err == -EEXIST ? bpf_map_lookup_elem(map, &packet->key) : NULL;
	if (counts)
		flow_add(counts, packet, skb, bytes, is_ingress);
	return counts != NULL;
}

/* False when there was no room. `counts` is the conversation's entry, or NULL if this packet has opened it. */
static __always_inline bool flow_count(const struct packet *packet, const struct __sk_buff *skb, __u32 bytes,
				       bool is_ingress, struct flow_counts **counts)
{
	__u32 zero = 0;
	void *map = bpf_map_lookup_elem(&flows, &zero);

	*counts = map ? bpf_map_lookup_elem(map, &packet->key) : NULL;
	if (*counts) {
		flow_add(*counts, packet, skb, bytes, is_ingress);
		return true;
	}
	if (map && flow_open(map, packet, skb, bytes, is_ingress))
		return true;
	stat_add(STAT_FLOW_MAP_FULL, 1);
	return false;
}

/* Bytes are those of the inner packet, with its Ethernet header if it has one. `packet` is written over. */
__noinline int flow_count_inner(struct __sk_buff *skb, struct packet *packet, bool is_ingress)
{
	struct cursor cursor = { .skb = skb };
	struct flow_counts *counts;
	__u32 tunnel_id, bytes;
	__u8 tunnel, inner, is_secured;

	if (!packet)
		return -1;
	tunnel = packet->carries;
	tunnel_id = packet->tunnel_id;
	inner = packet->inner;
	is_secured = packet->is_secured;
	bytes = packet->payload_length;
	cursor.offset = packet->payload_offset;
	cursor.end = packet->payload_offset + bytes;
	__builtin_memset(packet, 0, sizeof(*packet));
	if ((inner == INNER_ETHERNET && parse_link(&cursor)) || parse_ip(&cursor, packet, true)) {
		stat_add(STAT_INNER_UNPARSED, 1);
		return -1;
	}
	packet->key.ifindex = skb->ifindex;
	packet->is_secured = is_secured;
	packet->key.tunnel = tunnel;
	packet->key.tunnel_id = tunnel_id;
	return flow_count(packet, skb, bytes, is_ingress, &counts) ? 0 : -1;
}

/* The entry of a conversation that no packet of its own is counted in now. */
static __always_inline struct flow_counts *flow_quoted(const struct packet *packet)
{
	__u32 zero = 0;
	void *map = bpf_map_lookup_elem(&flows, &zero);
	struct flow_counts *counts, fresh;
	long err;

	if (!map)
		return NULL;
	counts = bpf_map_lookup_elem(map, &packet->key);
	if (counts)
		return counts;
	fresh = flow_fresh(packet);
	err = flow_insert(map, packet, &fresh);
	return err && err != -EEXIST ? NULL : bpf_map_lookup_elem(map, &packet->key);
}

/*
 * What an ICMP error quotes is as this interface knows it: before or after translation, like the rest of the
 * conversation. `packet` is the error, and is written over. A function of its own, so that the verifier walks it once
 * and the way of other packets stays short.
 */
__noinline int flow_count_quoted(struct __sk_buff *skb, struct packet *packet)
{
	struct cursor cursor = { .skb = skb, .end = skb->len };
	struct flow_counts *counts;
	__u8 type, code;

	if (!packet)
		return -1;
	type = packet->icmp_type;
	code = packet->icmp_code;
	cursor.offset = packet->payload_offset;
	__builtin_memset(packet, 0, sizeof(*packet));
	if (parse_quoted(&cursor, packet)) {
		stat_add(STAT_INNER_UNPARSED, 1);
		return -1;
	}
	packet->key.ifindex = skb->ifindex;
	counts = flow_quoted(packet);
	if (!counts) {
		stat_add(STAT_FLOW_MAP_FULL, 1);
		return -1;
	}
	__sync_fetch_and_add(&counts->icmp_errors, 1);
	counts->icmp_error_type = type;
	counts->icmp_error_code = code;
	return 0;
}
